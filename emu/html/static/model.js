// One run, as tables by column, and what is asked of them.
const STATES = ["user", "kernel", "scheduler", "interrupt", "lock wait", "spin", "stall", "idle"];
const KINDS = ["from within the module", "from another module", "from memory", "upgraded to ownership"];
const LOCKS_SHOWN = 6;

// A lock that this run does not take, where the other one does.
function emptyTrack(words) {
  return { lock: -1, name: words, words, holds: [], waits: [], waited: 0, held: 0, begins: [], longestWait: 0 };
}

class Run {
  constructor(data, columns) {
    Object.assign(this, { name: data.name, data, end: data.end, drawnTo: data.drawn_to ?? data.end });
    const table = (name, fields) => Object.fromEntries(fields.map((field) => [field, columns[`${name}.${field}`]]));
    this.cores = Array.from({ length: data.cores }, (_, core) => ({
      slices: table(`slices${core}`, ["begin", "state", "task"]),
      lines: table(`lines${core}`, ["at", "line", "kind", "cycles"]),
    }));
    this.holds = table("holds", ["lock", "core", "task", "begin", "end", "waited", "site", "lines_from", "lines_to", "line_cycles", "wakeups"]);
    this.waits = table("waits", ["lock", "core", "task", "begin", "end"]);
    this.wakeups = table("wakeups", ["at", "core", "task", "woken"]);
    this.messages = table("messages", ["number", "sender", "receiver", "begin", "woken", "end"]);
    this.locks = this.lockTracks();
    this.places = new Map(Array.from(this.messages.number, (number, row) => [number, row]));
  }

  // The locks that were taken, those that cost most waiting first: each with its holds and waits in order of time.
  lockTracks() {
    const tracks = new Map();
    const track = (lock) => {
      if (!tracks.has(lock)) tracks.set(lock, { lock, name: this.data.locks[lock].name, words: this.data.locks[lock].words, holds: [], waits: [], waited: 0, held: 0 });
      return tracks.get(lock);
    };
    this.holds.lock.forEach((lock, row) => {
      track(lock).holds.push(row);
      track(lock).held += this.holds.end[row] - this.holds.begin[row];
    });
    this.waits.lock.forEach((lock, row) => {
      track(lock).waits.push(row);
      track(lock).waited += this.waits.end[row] - this.waits.begin[row];
    });
    const sorted = [...tracks.values()].sort((a, b) => b.waited - a.waited || b.held - a.held);
    for (const each of sorted) {
      each.holds.sort((a, b) => this.holds.begin[a] - this.holds.begin[b]);
      each.waits.sort((a, b) => this.waits.begin[a] - this.waits.begin[b]);
      each.begins = each.holds.map((row) => this.holds.begin[row]);
      each.longestWait = each.waits.reduce((longest, row) => Math.max(longest, this.waits.end[row] - this.waits.begin[row]), 0);
    }
    return sorted;
  }

  task(task) { // packed with one added
    if (!this.data.tasks.length) return ""; // as of a lock by itself, whose cores have none
    return task === 0 ? "idle" : this.data.tasks[task - 1] ?? `task ${task - 1}`;
  }

  sliceAt(core, cycle) {
    return lastNotAbove(this.cores[core].slices.begin, cycle);
  }

  sliceEnd(core, row) {
    const begins = this.cores[core].slices.begin;
    return row + 1 < begins.length ? begins[row + 1] : this.drawnTo;
  }

  holdAt(track, cycle) {
    const place = lastNotAbove(track.begins, cycle);
    return place >= 0 && cycle < this.holds.end[track.holds[place]] ? track.holds[place] : -1;
  }

  // Waits of a lock that overlap a time. No wait is longer than the longest, so none that begins before that can reach it.
  waitsIn(track, from, to) {
    const found = [];
    const begins = this.waits.begin;
    let place = this.firstWait(track, from - track.longestWait);
    for (; place < track.waits.length && begins[track.waits[place]] < to; place++) {
      if (this.waits.end[track.waits[place]] > from) found.push(track.waits[place]);
    }
    return found;
  }

  firstWait(track, cycle) {
    let low = 0, high = track.waits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.waits.begin[track.waits[middle]] < cycle) low = middle + 1; else high = middle;
    }
    return low;
  }

  holdsIn(track, from, to) {
    const found = [];
    for (let place = Math.max(0, lastNotAbove(track.begins, from)); place < track.holds.length && track.begins[place] < to; place++) {
      if (this.holds.end[track.holds[place]] > from) found.push(track.holds[place]);
    }
    return found;
  }

  // Lines that a core asked for, from one place of its table to before another, summed by name: those that cost most first.
  linesOf(core, from, to) {
    const { line, kind, cycles } = this.cores[core].lines;
    const sums = new Map();
    for (let row = from; row < to; row++) {
      const sum = sums.get(line[row]) ?? { name: this.data.lines[line[row]], count: 0, cycles: 0, kinds: new Set() };
      sum.count += 1;
      sum.cycles += cycles[row];
      sum.kinds.add(KINDS[kind[row]]);
      sums.set(line[row], sum);
    }
    return [...sums.values()].sort((a, b) => b.cycles - a.cycles);
  }

  // Where a message is: the last one of a number not above `number`, -1 if there is none.
  messageRow(number) {
    if (this.places.has(number)) return this.places.get(number);
    let best = -1;
    this.messages.number.forEach((each, row) => {
      if (each <= number && (best < 0 || each > this.messages.number[best])) best = row;
    });
    return best;
  }
}
