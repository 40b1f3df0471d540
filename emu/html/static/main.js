// Both runs at one scale, each from the beginning of the same message on; buttons, keys and pointer move both.
const KEYS = "Arrow keys move, + and - zoom, 0 shows all, [ and ] go to the message before and behind, n and p to the next and previous hold.";

class Page {
  constructor(runs) {
    this.runs = runs;
    this.place = { offset: 0, scale: 1 };
    this.locks = this.rankedLocks();
    this.views = runs.map((run) => new View(run, this.figure(run), this.locks));
    this.numbers = Array.from(runs[0].messages.number).sort((a, b) => a - b);
    this.makeToolbar();
    this.makeLegend();
    this.goTo(this.numbers.length ? this.numbers[this.numbers.length >> 1] : 0);
    this.show(null);
    new ResizeObserver(() => this.draw()).observe(document.getElementById("views"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // By name, in the order in which they stand in both: those that cost most waiting in all runs first.
  rankedLocks() {
    const sums = new Map();
    for (const { words, waited, held } of this.runs.flatMap((run) => run.locks)) {
      const [before, heldBefore] = sums.get(words) ?? [0, 0];
      sums.set(words, [before + waited, heldBefore + held]);
    }
    return [...sums.keys()].sort((a, b) => sums.get(b)[0] - sums.get(a)[0] || sums.get(b)[1] - sums.get(a)[1]);
  }

  figure(run) {
    const canvas = element("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `Timelines of ${run.name}. ${KEYS}`);
    const figure = element("figure", null, element("figcaption", run.name), canvas);
    document.getElementById("views").append(figure);
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("pointerdown", (event) => this.grab(event, canvas));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    return figure;
  }

  makeToolbar() {
    const bar = document.getElementById("toolbar");
    if (this.numbers.length) {
      const field = this.field = element("input");
      Object.assign(field, { type: "number", min: this.numbers[0], max: this.numbers.at(-1), id: "message" });
      field.addEventListener("change", () => this.goTo(Number(field.value)));
      bar.append(element("label", "message ", field), button("‹ message", () => this.step(-1), "the one before: ["), button("message ›", () => this.step(1), "the next one: ]"));
    }
    bar.append(
      button("+", () => this.zoom(0.5), "closer: +"), button("−", () => this.zoom(2), "farther: -"), button("all", () => this.showAll(), "all of the run: 0"),
      button("◂", () => this.pan(-0.3), "left"), button("▸", () => this.pan(0.3), "right"),
    );
    if (!this.locks.length) return;
    const choice = this.choice = element("select");
    choice.id = "lock";
    choice.append(...this.locks.map((name) => element("option", name)));
    bar.append(element("label", "lock ", choice), button("‹ hold", () => this.nextHold(-1), "the one before: p"), button("hold ›", () => this.nextHold(1), "the next one: n"), button("longest hold", () => this.longestHold()));
    const all = element("input");
    Object.assign(all, { type: "checkbox", id: "all-locks" });
    all.addEventListener("change", () => {
      for (const view of this.views) {
        view.allLocks = all.checked;
        view.layOut();
      }
      this.draw();
    });
    if (this.locks.length > LOCKS_SHOWN) bar.append(element("label", null, all, " all locks"));
  }

  makeLegend() {
    const legend = document.getElementById("legend");
    const swatch = (colour, words) => {
      const mark = element("i");
      mark.style.background = `var(--${colour})`;
      return element("span", null, mark, words);
    };
    legend.append(...STATES.map((state) => swatch(state.replace(" ", "-"), state)));
    this.runs[0].cores.slice(0, 8).forEach((_, core) => legend.append(swatch(`core${core}`, `held by core ${core}; paler: it waits`)));
    legend.append(element("span", "▾ a wakeup; in a hold: made under it"), element("span", "ticks below a core: lines fetched; red: from another module"));
    const notes = [KEYS, "Click a hold, a wait or a core to see what is in it; drag to move, Ctrl and wheel to zoom."];
    for (const run of this.runs) {
      if (run.data.drawn_to !== null) notes.push(`${run.name} is drawn up to cycle ${cycles(run.drawnTo)} only; the tables count all of it.`);
    }
    document.getElementById("about").textContent = notes.join(" ");
  }

  // To a message: each run from its beginning on, at a scale at which it fits on both.
  goTo(number) {
    let longest = 0;
    for (const view of this.views) {
      const row = view.message = view.run.messageRow(number);
      view.anchor = row >= 0 ? view.run.messages.begin[row] : 0;
      longest = Math.max(longest, row >= 0 ? view.run.messages.end[row] - view.anchor : view.run.drawnTo);
    }
    if (this.field) this.field.value = number;
    this.number = number;
    this.place = { offset: -0.05 * longest, scale: (1.15 * longest) / this.views[0].room };
    this.draw();
  }

  step(by) {
    const place = this.numbers.indexOf(this.number) + by;
    if (this.numbers.length) this.goTo(this.numbers[Math.min(Math.max(place, 0), this.numbers.length - 1)]);
  }

  zoom(factor, x) {
    const { views: [view], place } = this, at = (x ?? view.gutter + view.room / 2) - view.gutter;
    const most = (2 * Math.max(...this.runs.map((run) => run.drawnTo))) / view.room;
    const scale = Math.min(Math.max(place.scale * factor, 0.01), most);
    this.place = { offset: place.offset + at * (place.scale - scale), scale };
    this.draw();
  }

  pan(share) {
    this.place = { ...this.place, offset: this.place.offset + share * this.views[0].room * this.place.scale };
    this.draw();
  }

  showAll() {
    const longest = Math.max(...this.runs.map((run) => run.drawnTo));
    this.place = { offset: -Math.max(...this.views.map((view) => view.anchor)), scale: longest / this.views[0].room };
    this.draw();
  }

  // Holds of the lock that is chosen: in the run of what is selected, else in the first.
  trackOfChoice() {
    const view = this.selected?.view ?? this.views[0];
    return [view, view.run.locks.find((track) => track.words === this.choice?.value)];
  }

  nextHold(by) {
    const [view, track] = this.trackOfChoice();
    if (!track) return;
    const now = this.selected?.what === "hold" && this.selected.track === track ? track.holds.indexOf(this.selected.hold) + by
      : lastNotAbove(track.begins, view.anchor) + (by > 0 ? 1 : 0);
    if (now >= 0 && now < track.holds.length) this.select(view.hold(track.holds[now]), true);
  }

  longestHold() {
    const [view, track] = this.trackOfChoice();
    if (!track) return;
    const { begin, end } = view.run.holds;
    this.select(view.hold(track.holds.reduce((best, row) => (end[row] - begin[row] > end[best] - begin[best] ? row : best))), true);
  }

  select(item, bring) {
    this.selected = item;
    for (const view of this.views) view.selected = item?.view === view ? item : null;
    if (item && bring) this.bring(item);
    if (item?.track && this.choice) this.choice.value = item.track.words;
    this.show(item);
    this.draw();
  }

  bring({ view, begin, end }) {
    const { place } = this, left = view.xAt(begin, place), right = view.xAt(end, place);
    if (left >= view.gutter && right <= view.width) return;
    const scale = Math.max(place.scale, (1.5 * (end - begin)) / view.room);
    this.place = { offset: begin - view.anchor - 0.3 * view.room * scale, scale };
  }

  show(item) {
    const panel = document.getElementById("details");
    panel.replaceChildren(...(item ? describe(item, (other) => this.select(other, true)) : [element("p", "Nothing is selected yet: click a hold in the timelines, or press n there.")]));
  }

  grab(event, canvas) {
    const view = this.views.find((each) => each.canvas === canvas), begin = { x: event.offsetX, offset: this.place.offset };
    let moved = false;
    const move = (now) => {
      const by = now.clientX - event.clientX;
      moved ||= Math.abs(by) > 4;
      if (moved) {
        this.place = { ...this.place, offset: begin.offset - by * this.place.scale };
        this.draw();
      }
    };
    const up = () => {
      canvas.removeEventListener("pointermove", move);
      if (!moved) this.select(view.find(event.offsetX, event.offsetY, this.place), false);
    };
    canvas.setPointerCapture(event.pointerId);
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", up, { once: true });
    canvas.addEventListener("pointercancel", () => canvas.removeEventListener("pointermove", move), { once: true });
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) return; // else the page scrolls
    event.preventDefault();
    if (event.shiftKey) this.pan(Math.sign(event.deltaY || event.deltaX) * 0.1);
    else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX);
  }

  key(event) {
    const actions = {
      ArrowLeft: () => this.pan(-0.1), ArrowRight: () => this.pan(0.1), ArrowUp: () => this.zoom(0.5), ArrowDown: () => this.zoom(2),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.showAll(),
      "[": () => this.step(-1), "]": () => this.step(1), n: () => this.nextHold(1), p: () => this.nextHold(-1),
      Enter: () => document.getElementById("details").focus(), Escape: () => this.select(null, false),
    };
    if (event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  draw() {
    for (const view of this.views) view.draw(this.place);
  }
}

async function main() {
  const sides = JSON.parse(document.getElementById("data").textContent);
  if (!sides.length) {
    document.getElementById("timelines").hidden = true;
  } else {
    const runs = [];
    for (const side of sides) runs.push(new Run(side, await unpack(side)));
    window.page = new Page(runs);
  }
  document.documentElement.dataset.ready = "yes";
}
main().catch((error) => { // an old browser; the tables are there all the same
  document.getElementById("about").textContent = `The timelines cannot be drawn here: ${error}`;
  throw error;
});
