"""What the page draws of a trace: what each core does, who holds and awaits which lock, and the lines that move meanwhile."""

from collections import Counter as Counted
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from emu.errors import UserError
from emu.export.walk import IDLE_TASK, Event, Progress, Walk, What
from emu.html.around_holds import Taking, Takings
from emu.html.columns import Packer
from emu.html.counts import Counter, Counts, LockSum
from emu.subjects.ipc_msg.hand_off import HandOffs, Span, hand_offs
from emu.subjects.kernel.trace_header import NO_LOCK
from emu.subjects.path.walk import SYSTEM_CALLS
from emu.trace.file import TraceFile
from emu.trace.words import place_words

DRAWN_MAX = 600_000  # slices, and transfers: what comes later is counted, and not drawn
NONE = -1


@dataclass(slots=True)
class _Table:
    """Rows that are added one by one, column by column."""

    names: tuple[str, ...]
    columns: tuple[list[int], ...] = ()

    def __post_init__(self) -> None:
        self.columns = tuple([] for _ in self.names)

    def add(self, *row: int) -> int:
        """Add a row; returns its place."""
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)
        return len(self.columns[0]) - 1

    def __len__(self) -> int:
        return len(self.columns[0])

    def pack(self, packer: Packer, table: str, growing: tuple[str, ...], signed: tuple[str, ...] = ()) -> None:
        for name, column in zip(self.names, self.columns, strict=True):
            values = [value + 1 for value in column] if name in signed else column
            packer.add(f"{table}.{name}", values, grows=name in growing)


@dataclass(slots=True)
class _Held:
    """A lock that a core holds: its row, where there is one, and the sums that it counts in."""

    lock: int
    since: int
    row: int
    taking: Taking
    sums: tuple[LockSum, LockSum]
    wakeups: int = 0
    transfer_cycles: int = 0


@dataclass(slots=True)
class _Core:
    """A core as it stands, and its tables."""

    slices: _Table = field(default_factory=lambda: _Table(("begin", "state", "task")))
    lines: _Table = field(default_factory=lambda: _Table(("at", "line", "kind", "cycles")))
    state: int = 0
    task: int = IDLE_TASK
    held: list[_Held] = field(default_factory=list)


class Timeline:
    """One trace, walked once: counted as a whole, and drawn as far as there is room."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet."""
        self._trace, self._header = trace, trace.header
        self._counter = Counter(trace.header)
        self._takings: list[deque[Taking]] = []  # by core, in the order of the acquisitions
        self._cores = [_Core() for _ in range(trace.header.cores)]
        self._holds = _Table(
            ("lock", "core", "task", "begin", "end", "waited", "site", "lines_from", "lines_to", "line_cycles", "wakeups")
        )
        self._waits = _Table(("lock", "core", "task", "begin", "end"))
        self._wakeups = _Table(("at", "core", "task", "woken"))
        self._waiting: dict[tuple[int, int], tuple[int, int]] = {}  # by lock and core: the row of its wait, since when
        self._sites: dict[str, int] = {}
        self._lines: dict[int, int] = {}
        self.drawn_to: int | None = None  # None: to the end
        self.spans: list[Span] = []

    @property
    def counts(self) -> Counts:
        """The sums."""
        return self._counter.counts

    def read(self, progress: Progress) -> None:
        """Walk: by calls, for where locks are taken, and by time."""
        whole, takings = self._trace.record_count, Takings(self._trace)
        takings.follow(lambda done, _: progress(done // 2, whole))
        self._takings = takings.of_cores
        for event in Walk(self._trace).events(lambda done, _: progress((whole + done) // 2, whole)):
            self._hear(event)
        try:
            self.spans = self._numbered(hand_offs(self._trace))
        except UserError:  # no messages in it
            self.spans = []

    def _numbered(self, found: HandOffs) -> list[Span]:
        """Those of a real kernel by the sender's how manieth message they are: another kernel may wake for others of them."""
        if SYSTEM_CALLS not in self._header.marks:
            return list(found.spans)
        places = {task: place for place, task in enumerate(sorted(found.sends, key=self._header.task_name), 1)}
        return [each._replace(number=(each.send - 1) * len(places) + places[each.sender]) for each in found.spans]

    def _hear(self, event: Event) -> None:
        self._counter.hear(event)
        core = self._cores[event.core]
        match event.what:
            case What.STATE:
                self._slice(core, event.at, event.number, core.task)
            case What.SWITCH:
                self._slice(core, event.at, core.state, event.task)
            case What.CONTENDED | What.ACQUIRED | What.RELEASED if self._class(event.number) == NO_LOCK:
                if event.what is What.ACQUIRED:
                    self._takings[event.core].popleft()
            case What.CONTENDED:
                self._wait(event)
            case What.ACQUIRED:
                self._take(core, event)
            case What.RELEASED:
                self._let_go(event)
            case What.TRANSFER:
                self._transfer(core, event)
            case What.WAKEUP:
                self._wake(core, event)
            case What.END:
                self._finish(event)

    def _room(self) -> bool:
        return self.drawn_to is None

    def _slice(self, core: _Core, at: int, state: int, task: int) -> None:
        core.state, core.task = state, task
        if not self._room():
            return
        begins, states, tasks = core.slices.columns
        if begins and begins[-1] == at:  # both change at once
            states[-1], tasks[-1] = state, task
        else:
            core.slices.add(at, state, task)
        if sum(len(each.slices) for each in self._cores) > DRAWN_MAX:
            self.drawn_to = at

    def _wait(self, event: Event) -> None:
        """The first failed attempt. If the core waits already, that wait was given up."""
        self._wait_is_over(event.number, event.core, event.at, "given up")
        row = NONE
        if self._room():
            row = self._waits.add(event.number, event.core, event.task, event.at, event.at)
        self._waiting[event.number, event.core] = row, event.at

    def _wait_is_over(self, lock: int, core: int, at: int, place: str) -> None:
        row, since = self._waiting.pop((lock, core), (NONE, NONE))
        if row != NONE:
            self._waits.columns[4][row] = at
        if since != NONE:
            for sums in self._counter.held(self._class(lock), place):
                sums.wait(at - since)

    def _take(self, core: _Core, event: Event) -> None:
        """It has the lock since its wait was over, which of a ticket lock it may have seen later."""
        taking = self._takings[event.core].popleft()
        site = place_words(taking.place, self._header)
        _, waits_since = self._waiting.get((event.number, event.core), (NONE, NONE))
        since = waits_since + event.value if waits_since != NONE else event.at
        self._wait_is_over(event.number, event.core, since, site)
        sums = self._counter.held(self._class(event.number), site)
        for each in sums:
            each.acquisitions += 1
        row = NONE
        if self._room():
            place, lines = self._sites.setdefault(site, len(self._sites)), len(core.lines)
            row = self._holds.add(event.number, event.core, event.task, since, since, event.value, place, lines, lines, 0, 0)
        core.held.append(_Held(event.number, since, row, taking, sums))

    def _let_go(self, event: Event) -> None:
        """By the core that took it; a lock may be let go by another one."""
        holders = [(core, each) for core in self._cores for each in core.held if each.lock == event.number]
        if not holders:  # it was taken before the trace began
            for sums in self._counter.held(self._class(event.number), "before the trace"):
                sums.hold(event.value)
            return
        core, held = holders[0]
        core.held.remove(held)
        for sums in held.sums:
            sums.hold(event.value)
        self._close(core, held, event.at)

    def _close(self, core: _Core, held: _Held, at: int) -> None:
        if held.row != NONE:
            columns = self._holds.columns
            columns[4][held.row], columns[8][held.row] = at, len(core.lines)
            columns[9][held.row], columns[10][held.row] = held.transfer_cycles, held.wakeups

    def _transfer(self, core: _Core, event: Event) -> None:
        for held in core.held:
            held.transfer_cycles += event.value
            for sums in held.sums:
                sums.transfers += 1
                sums.transfer_cycles += event.value
        if self._room():
            line = self._lines.setdefault(event.address, len(self._lines))
            core.lines.add(event.at, line, event.number, event.value)
            if sum(len(each.lines) for each in self._cores) > DRAWN_MAX:
                self.drawn_to = event.at

    def _wake(self, core: _Core, event: Event) -> None:
        for held in core.held:
            if held.taking.let_go <= event.at:
                continue
            held.wakeups += 1
            for sums in held.sums:
                sums.wakeups += 1
        if self._room():
            self._wakeups.add(event.at, event.core, event.task, event.number)

    def _finish(self, event: Event) -> None:
        """What still goes on on a core at the end counts up to there, as in the report."""
        core = self._cores[event.core]
        for held in core.held:
            for sums in held.sums:
                sums.hold(event.at - held.since)
            self._close(core, held, event.at)
        for lock, of_core in list(self._waiting):
            if of_core == event.core:
                self._wait_is_over(lock, of_core, event.at, "still waited for at the end")

    def _class(self, lock: int) -> str:
        locks = self._header.locks
        return locks[lock].name if 0 <= lock < len(locks) else f"lock {lock}"

    def _lock_words(self) -> list[str]:
        """What each lock is called; several of one name, such as a kernel's run queues, are numbered."""
        names = [self._header.lock_name(lock) for lock in range(len(self._header.locks))]
        several, seen = Counted(names), Counted[str]()
        words = []
        for name in names:
            seen[name] += 1
            words.append(f"{name} ({seen[name]})" if several[name] > 1 else name)
        return words

    def page_data(self) -> dict[str, Any]:
        """What the page's script is given."""
        packer = Packer()
        for number, core in enumerate(self._cores):
            core.slices.pack(packer, f"slices{number}", ("begin",), ("state", "task"))
            core.lines.pack(packer, f"lines{number}", ("at",))
        self._holds.pack(packer, "holds", ("begin", "end", "lines_from", "lines_to"), ("task",))
        self._waits.pack(packer, "waits", ("begin", "end"), ("task",))
        self._wakeups.pack(packer, "wakeups", ("at",), ("task",))
        spans = _Table(("number", "sender", "receiver", "begin", "woken", "end"))
        for span in self.spans:
            if self.drawn_to is None or span.end <= self.drawn_to:
                spans.add(span.number, span.sender, span.receiver, span.begin, span.woken, span.end)
        spans.pack(packer, "messages", ("number", "begin", "woken", "end"))
        header = self._header
        return {
            "cores": header.cores,
            "end": self.counts.cycles,
            "booted": self.counts.booted,
            "drawn_to": self.drawn_to,
            "tasks": [task.name for task in header.tasks],
            "locks": [{"name": self._class(lock), "words": words} for lock, words in enumerate(self._lock_words())],
            "most_waited_for": self.counts.most_waited_for,
            "sites": list(self._sites),
            "lines": [header.object_at(line) for line in self._lines],
            "columns": packer.described,
            "packed": packer.packed(),
        }
