// One run's timelines on a canvas: a row for each core, and for each lock who holds it and, core by core, who waits.
const CORE_ROW = 26, HOLD_ROW = 20, WAIT_ROW = 6, GAP = 8, AXIS = 22, TICKS_MAX = 6000;

class View {
  constructor(run, figure, order) {
    this.run = run;
    this.order = order.map((words) => run.locks.find((track) => track.words === words) ?? emptyTrack(words));
    this.canvas = figure.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.anchor = 0; // the cycle that stands at offset 0
    this.allLocks = false;
    this.selected = null;
    this.layOut();
  }

  layOut() {
    const rows = [];
    let y = AXIS;
    this.run.cores.forEach((_, core) => {
      rows.push({ kind: "core", core, y, height: CORE_ROW });
      y += CORE_ROW + 4;
    });
    y += GAP;
    for (const track of this.allLocks ? this.order : this.order.slice(0, LOCKS_SHOWN)) {
      rows.push({ kind: "hold", track, y, height: HOLD_ROW });
      y += HOLD_ROW;
      if (track.waits.length) {
        this.run.cores.forEach((_, core) => {
          rows.push({ kind: "wait", track, core, y, height: WAIT_ROW });
          y += WAIT_ROW;
        });
      }
      y += GAP;
    }
    this.rows = rows;
    this.height = y;
  }

  get width() { return this.canvas.clientWidth; }
  get gutter() { return this.width > 560 ? 140 : 76; }
  get room() { return Math.max(this.width - this.gutter, 10); } // pixels for time
  cycleAt(x, place) { return this.anchor + place.offset + (x - this.gutter) * place.scale; }
  xAt(cycle, place) { return this.gutter + (cycle - this.anchor - place.offset) / place.scale; }

  draw(place) {
    const { canvas, context } = this, ratio = window.devicePixelRatio || 1;
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
    canvas.style.height = `${this.height}px`;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(this.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.colour("ground");
    context.fillRect(0, 0, this.width, this.height);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const from = this.cycleAt(this.gutter, place), to = this.cycleAt(this.width, place);
    context.save();
    context.beginPath();
    context.rect(this.gutter, 0, this.room, this.height);
    context.clip();
    this.drawMessage(place);
    for (const row of this.rows) this[`${row.kind}Row`](row, from, to, place);
    this.drawWakeups(from, to, place);
    this.drawSelected(place);
    this.drawAxis(from, to, place);
    context.restore();
    this.drawLabels();
  }

  drawLabels() {
    const { context } = this;
    for (const row of this.rows) {
      if (row.kind === "wait") continue;
      context.fillStyle = this.colour("ink");
      context.fillText(this.fitting(row.kind === "core" ? `core ${row.core}` : row.track.words, this.gutter - 10), 4, row.y + row.height / 2);
    }
  }

  fitting(text, width) {
    if (this.context.measureText(text).width <= width) return text;
    let length = text.length;
    while (length > 1 && this.context.measureText(`${text.slice(0, length)}…`).width > width) length--;
    return `${text.slice(0, length)}…`;
  }

  drawMessage(place) {
    const { messages } = this.run;
    if (this.message === undefined || this.message < 0) return;
    const left = this.xAt(messages.begin[this.message], place), right = this.xAt(messages.end[this.message], place);
    this.context.fillStyle = this.colour("paper");
    this.context.fillRect(left, AXIS, Math.max(right - left, 1), this.height);
  }

  coreRow(row, from, to, place) {
    const { slices } = this.run.cores[row.core];
    const first = Math.max(this.run.sliceAt(row.core, from), 0), last = this.run.sliceAt(row.core, to);
    const box = (begin, end, slice) => {
      const left = Math.max(this.xAt(begin, place), this.gutter - 1), right = Math.min(this.xAt(end, place), this.width + 1);
      this.context.fillStyle = this.stateColour(slices.state[slice]);
      this.context.fillRect(left, row.y, Math.max(right - left, 0.6), row.height - 4);
      this.label(right - left, this.run.task(slices.task[slice]), left, row);
    };
    if (last - first <= 4 * this.room) {
      for (let slice = first; slice <= last; slice++) box(slices.begin[slice], this.run.sliceEnd(row.core, slice), slice);
    } else { // more than there are pixels: what the core does at each of them
      for (let x = this.gutter; x < this.width; x++) {
        const cycle = this.cycleAt(x, place), slice = this.run.sliceAt(row.core, cycle);
        if (slice >= 0 && cycle < this.run.drawnTo) box(cycle, cycle + place.scale, slice);
      }
    }
    this.ticks(row, from, to, place);
  }

  stateColour(packed) {
    return this.colour(packed === 0 ? "unknown" : STATES[packed - 1].replace(" ", "-"));
  }

  // In black or white, whichever stands out from what it is written on (which the canvas gives back as #rrggbb).
  label(width, text, left, row) {
    if (width < 34) return;
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(this.context.fillStyle.slice(at, at + 2), 16));
    this.context.fillStyle = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#101214" : "#ffffff";
    this.context.fillText(this.fitting(text, width - 6), Math.max(left, this.gutter) + 3, row.y + row.height / 2 - 1);
  }

  // Lines that the core asks for, below its row.
  ticks(row, from, to, place) {
    const { at, kind } = this.run.cores[row.core].lines;
    const first = lastNotAbove(at, from) + 1, end = lastNotAbove(at, to) + 1;
    if (end - first > TICKS_MAX) return;
    for (let each = first; each < end; each++) {
      this.context.fillStyle = this.colour(kind[each] === 1 ? "lock-wait" : "quiet");
      this.context.fillRect(this.xAt(at[each], place), row.y + row.height - 3, 1, 4);
    }
  }

  holdRow(row, from, to, place) {
    const { holds } = this.run;
    let free = -1;
    for (const hold of this.run.holdsIn(row.track, from, to)) {
      const left = Math.max(this.xAt(holds.begin[hold], place), this.gutter - 1), right = this.xAt(holds.end[hold], place);
      if (right - left < 0.5 && left < free) continue;
      free = left + 1;
      this.context.fillStyle = this.colour(`core${holds.core[hold] % 8}`);
      this.context.fillRect(left, row.y, Math.max(right - left - 0.5, 0.8), row.height - 2);
      this.label(right - left, `${holds.wakeups[hold] ? "▾ " : ""}${this.run.task(holds.task[hold])} ${this.run.data.sites[holds.site[hold]]}`, left, row);
    }
  }

  waitRow(row, from, to, place) {
    const { waits } = this.run;
    this.context.fillStyle = this.colour(`core${row.core % 8}`);
    for (const wait of this.run.waitsIn(row.track, from, to)) {
      if (waits.core[wait] !== row.core) continue;
      const left = this.xAt(waits.begin[wait], place), right = this.xAt(waits.end[wait], place);
      this.context.globalAlpha = 0.55;
      this.context.fillRect(Math.max(left, this.gutter - 1), row.y + 1, Math.max(Math.min(right, this.width + 1) - Math.max(left, this.gutter - 1), 0.8), row.height - 2);
      this.context.globalAlpha = 1;
    }
  }

  drawWakeups(from, to, place) {
    const { at, core } = this.run.wakeups;
    const first = lastNotAbove(at, from) + 1, end = lastNotAbove(at, to) + 1;
    if (end - first > this.room) return;
    this.context.fillStyle = this.colour("mark");
    for (let each = first; each < end; each++) {
      const x = this.xAt(at[each], place), row = this.rows[core[each]];
      this.context.beginPath();
      this.context.moveTo(x, row.y + 5);
      this.context.lineTo(x - 4, row.y - 4);
      this.context.lineTo(x + 4, row.y - 4);
      this.context.fill();
    }
  }

  drawSelected(place) {
    if (!this.selected) return;
    const { row, begin, end } = this.selected, there = this.rows.find((each) => each.kind === row.kind && each.core === row.core && each.track === row.track);
    if (!there) return;
    const left = this.xAt(begin, place), right = this.xAt(end, place);
    this.context.strokeStyle = this.colour("ink");
    this.context.lineWidth = 2;
    this.context.strokeRect(left - 1, there.y - 1, Math.max(right - left + 1, 3), there.height);
  }

  drawAxis(from, to, place) {
    const rough = (110 * place.scale), unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= rough);
    this.context.fillStyle = this.colour("quiet");
    for (let offset = Math.ceil(place.offset / step) * step; this.anchor + offset < to; offset += step) {
      const x = this.xAt(this.anchor + offset, place);
      this.context.fillRect(x, AXIS - 5, 1, 5);
      this.context.fillText(`${offset > 0 && this.anchor ? "+" : ""}${(Math.round(offset) || 0).toLocaleString("en")}`, x + 3, AXIS / 2);
    }
  }

  // What is drawn at a place of the canvas.
  find(x, y, place) {
    const cycle = this.cycleAt(x, place), slack = 3 * place.scale;
    const row = this.rows.find((each) => y >= each.y - 1 && y < each.y + each.height);
    if (!row || x < this.gutter) return null;
    if (row.kind === "core") {
      const slice = this.run.sliceAt(row.core, cycle);
      return slice < 0 || cycle > this.run.drawnTo ? null : this.slice(row.core, slice);
    }
    if (row.kind === "hold") {
      const near = this.run.holdsIn(row.track, cycle - slack, cycle + slack);
      const hold = this.run.holdAt(row.track, cycle);
      return hold >= 0 ? this.hold(hold) : near.length ? this.hold(near[0]) : null;
    }
    const wait = this.run.waitsIn(row.track, cycle - slack, cycle + slack).find((each) => this.run.waits.core[each] === row.core);
    return wait === undefined ? null : this.wait(wait);
  }

  track(lock) { return this.run.locks.find((each) => each.lock === lock); }

  slice(core, row) {
    return { what: "slice", run: this.run, view: this, row: { kind: "core", core }, core, slice: row, begin: this.run.cores[core].slices.begin[row], end: this.run.sliceEnd(core, row) };
  }

  hold(hold) {
    const { holds } = this.run, track = this.track(holds.lock[hold]);
    return { what: "hold", run: this.run, view: this, row: { kind: "hold", track }, track, hold, begin: holds.begin[hold], end: holds.end[hold] };
  }

  wait(wait) {
    const { waits } = this.run, track = this.track(waits.lock[wait]);
    return { what: "wait", run: this.run, view: this, row: { kind: "wait", track, core: waits.core[wait] }, track, wait, begin: waits.begin[wait], end: waits.end[wait] };
  }
}
