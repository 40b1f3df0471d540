// What is selected, in words and tables: all of it text, so nothing of a trace is taken for HTML.
const LINES_SHOWN = 12;
const cycles = (value) => Math.round(value).toLocaleString("en");

function element(name, text, ...inner) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  made.append(...inner);
  return made;
}

function who(run, task, core) {
  const name = run.task(task);
  return name ? `${name} on core ${core}` : `core ${core}`;
}

function button(text, action, title) {
  const made = element("button", text);
  made.type = "button";
  if (title) made.title = title;
  made.addEventListener("click", action);
  return made;
}

function facts(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) list.append(element("dt", name), value instanceof Node ? element("dd", null, value) : element("dd", value));
  return list;
}

function tableOf(title, heads, rows) {
  const head = element("tr"), body = element("tbody");
  heads.forEach((each, place) => {
    const cell = element("th", each);
    cell.scope = "col";
    if (!place) cell.className = "left";
    head.append(cell);
  });
  for (const row of rows) {
    const line = element("tr");
    row.forEach((each, place) => {
      const cell = element(place ? "td" : "th", each instanceof Node ? null : each);
      if (each instanceof Node) cell.append(each);
      if (!place) cell.scope = "row";
      line.append(cell);
    });
    body.append(line);
  }
  const table = element("table", null, element("caption", title), element("thead", null, head), body);
  const wide = element("div", null, table);
  wide.className = "wide";
  wide.tabIndex = 0;
  return wide;
}

function linesTable(run, core, from, to) {
  const lines = run.linesOf(core, from, to);
  if (!lines.length) return [element("p", "It fetches no line from elsewhere.")];
  const rows = lines.slice(0, LINES_SHOWN).map((each) => [each.name, cycles(each.count), [...each.kinds].join(", "), cycles(each.cycles)]);
  const rest = lines.length - LINES_SHOWN;
  return [tableOf("Lines fetched", ["line", "times", "how", "cycles"], rows), ...(rest > 0 ? [element("p", `and ${rest} more`)] : [])];
}

function describe(item, select) {
  return { hold: describeHold, wait: describeWait, slice: describeSlice }[item.what](item, select);
}

function describeHold({ run, view, track, hold, begin, end }, select) {
  const { holds, waits } = run, core = holds.core[hold];
  const waiters = run.waitsIn(track, begin, end).filter((wait) => waits.begin[wait] < end);
  const rows = waiters.map((wait) => [
    button(run.task(waits.task[wait]) || `core ${waits.core[wait]}`, () => select(view.wait(wait))),
    `core ${waits.core[wait]}`,
    cycles(waits.end[wait] - waits.begin[wait]),
    cycles(Math.min(end, waits.end[wait]) - Math.max(begin, waits.begin[wait])),
  ]);
  return [
    element("h3", `${run.name}: ${track.words} held by ${who(run, holds.task[hold], core)}`),
    facts([
      ["held", `${cycles(end - begin)} cycles, from ${cycles(begin)} to ${cycles(end)}`],
      ["waited before", holds.waited[hold] ? `${cycles(holds.waited[hold])} cycles` : "not at all"],
      ["taken in", run.data.sites[holds.site[hold]]],
      ["wakeups made under it", cycles(holds.wakeups[hold])],
      ["lines fetched meanwhile", `${cycles(holds.lines_to[hold] - holds.lines_from[hold])}, for ${cycles(holds.line_cycles[hold])} cycles`],
    ]),
    rows.length ? tableOf("Waiters", ["task", "core", "waits in all", "of that, for this hold"], rows) : element("p", "Nobody waits for it."),
    ...linesTable(run, core, holds.lines_from[hold], holds.lines_to[hold]),
  ];
}

function describeWait({ run, view, track, wait, begin, end }, select) {
  const { holds, waits } = run;
  const rows = run.holdsIn(track, begin, end).map((hold) => [
    button(run.task(holds.task[hold]) || `core ${holds.core[hold]}`, () => select(view.hold(hold))),
    `core ${holds.core[hold]}`,
    run.data.sites[holds.site[hold]],
    cycles(holds.end[hold] - holds.begin[hold]),
  ]);
  return [
    element("h3", `${run.name}: ${who(run, waits.task[wait], waits.core[wait])} waits for ${track.words}`),
    facts([["waits", `${cycles(end - begin)} cycles, from ${cycles(begin)} to ${cycles(end)}`]]),
    rows.length ? tableOf("Held meanwhile by", ["task", "core", "taken in", "cycles"], rows) : element("p", "Nobody holds it meanwhile that is in the trace."),
  ];
}

function describeSlice({ run, core, slice, begin, end }) {
  const { slices, lines } = run.cores[core];
  const from = lastNotAbove(lines.at, begin - 1) + 1, to = lastNotAbove(lines.at, end - 1) + 1;
  const state = slices.state[slice] === 0 ? "not recorded" : STATES[slices.state[slice] - 1];
  return [
    element("h3", `${run.name}: ${who(run, slices.task[slice], core)}: ${state}`),
    facts([["for", `${cycles(end - begin)} cycles, from ${cycles(begin)} to ${cycles(end)}`]]),
    ...linesTable(run, core, from, to),
  ];
}
