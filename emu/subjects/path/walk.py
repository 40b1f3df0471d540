"""A trace walked from end to end: every instruction to the system call, idle stay or interrupt that it belongs to.

An instruction belongs to the task whose kernel stack is live, so a task that is switched out is charged nothing until it
is switched in; interrupts and exceptions stand apart from what they interrupt. A locked instruction is one store, as it is to
the plugin that the real kernels' accesses were counted with; any other read-modify-write is a load and a store. A hold of a
lock begins behind the instruction that took it and ends with the store that frees it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emu.subjects.path.code import Chain, Code, Inlined
from emu.subjects.path.owners import with_owners
from emu.subjects.path.sections import SLEEP, Outcome, Sections
from emu.subjects.path.tally import Means, Tally
from emu.trace.coherence_replay import CoherenceReplay, Event
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind
from emu.units import LINE_BYTES

OTHER_CALL, IDLE, USER = "other call", "idle", "user"
OTHER_INTERRUPT = "irq_other"
SYSTEM_CALLS = "system_calls"  # the event whose value is a call's number
LOCK_WORD_BYTES = 4
KERNEL_SPACE = 1 << 63
DEVICES = 0xFEE00000  # physical: registers of the APIC, which no cache holds

_INSTRUCTION, _ACCESS, _INTERRUPT, _ACQUIRED, _MARK = _KINDS = tuple(
    int(kind) for kind in (Kind.INSTRUCTION, Kind.ACCESS, Kind.INTERRUPT, Kind.LOCK_ACQUIRED, Kind.MARK)
)
_LOAD, _STORE = int(Access.LOAD), int(Access.STORE)
_COLUMNS = ("kind", "pc", "core", "address", "access", "size", "detail", "value")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked for. A call is known by the routine that only this call enters, or by its number."""

    calls: Mapping[str, str] = field(default_factory=dict)  # name of the call by routine
    numbers: Mapping[int, str] = field(default_factory=dict)  # and by number
    holds_of: Callable[[str], bool] = lambda lock: True  # which locks are looked at
    wakes: frozenset[str] = frozenset()  # marks and routines that wake somebody, now or when the lock is free
    interrupts: Mapping[int, str] = field(default_factory=dict)  # names of interrupts by vector
    inlined: Inlined = field(default_factory=dict)  # routines that count as a part of what calls them
    names: Mapping[str, str] = field(default_factory=dict)  # routines that go by another name


@dataclass(slots=True, kw_only=True)
class Piece:
    """A piece of the path, function by function."""

    first: int  # number of its first record among those walked
    functions: dict[str, Tally] = field(default_factory=dict)
    over: bool = False

    def tally(self, function: str) -> Tally:
        """Where instructions of a function are charged."""
        found = self.functions.get(function)
        if found is None:
            found = self.functions[function] = Tally()
        return found

    def total(self) -> Tally:
        """All its functions together."""
        total = Tally()
        for each in self.functions.values():
            total.add(each)
        return total


@dataclass(slots=True, kw_only=True)
class Episode(Piece):
    """One system call from its first kernel instruction to its last, one stay in the idle task, or one interrupt."""

    kind: str


@dataclass(slots=True, kw_only=True)
class Hold(Piece):
    """One hold of a lock, in an episode."""

    name: str
    lock: int  # physical address of the lock word
    episode: Episode
    outcome: Outcome = Outcome.GOES_ON
    woken_by: str = ""  # the first routine or mark that woke somebody


def function_means(pieces: Sequence[Piece], count: int | None = None) -> dict[str, Means]:
    """Means of each function over `count` (default: how many pieces there are), the longest first."""
    found = dict[str, list[Tally]]()
    for each in pieces:
        for name, tally in each.functions.items():
            found.setdefault(name, []).append(tally)
    means = {name: Means.of(tallies, len(pieces) if count is None else count) for name, tallies in found.items()}
    return dict(sorted(means.items(), key=lambda each: (-each[1].instructions, each[0])))


@dataclass(slots=True)
class Walk:
    """What a trace came to, each list in trace order. `transfers`: record, event and physical address of each."""

    episodes: list[Episode] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    transfers: list[tuple[int, Event, int]] = field(default_factory=list)


def walk(trace: TraceFile, rules: Rules, should_stop: Callable[[], bool] = lambda: False) -> Walk:
    """Walk a whole trace, about a second for a hundred messages, or its beginning, until `should_stop` says so."""
    return _Walker(trace.header, rules).walk(trace.chunks(), should_stop)


class _Walker:
    """Tasks are keyed by their number, the idle task of a core by minus one minus the core."""

    def __init__(self, header: TraceHeader, rules: Rules) -> None:
        self._code, self._rules, self._marks = Code(header, rules.names), rules, header.marks
        self._locks = {number: lock.name for number, lock in enumerate(header.locks) if rules.holds_of(lock.name)}
        self._chains: dict[int, Chain] = {}  # by task, for what it does in the kernel outside interrupts
        self._running = [-1 - core for core in range(header.cores)]
        self._accesses: list[list[tuple[int, int, int]]] = [[] for _ in range(header.cores)]  # of the instruction under way
        self._stays: dict[int, Episode] = {}  # by task: what it is in
        self._calling: dict[int, str] = {}  # by task: what its next stay in the kernel is
        self._interrupts: dict[int, list[tuple[Episode, Chain]]] = {}  # by task: what it is interrupted by, the last one last
        self._sections = Sections[Hold](header.cores)
        self._place = 0
        self._replay = CoherenceReplay()
        self._walk = Walk()

    def walk(self, parts: Iterable[Records], should_stop: Callable[[], bool]) -> Walk:
        for records, owners in with_owners(parts, self._code.switches):
            if should_stop():
                break
            wanted = np.isin(records["kind"], _KINDS)
            columns = [records[name][wanted].tolist() for name in _COLUMNS]
            self._follow(zip(*columns, owners[wanted].tolist(), strict=True))
        return self._walk

    def _follow(self, records: Iterable[tuple[int, ...]]) -> None:
        locked = self._code.locked
        for kind, pc, core, address, access, size, detail, value, task in records:
            if kind == _INSTRUCTION:
                if access and pc in locked:
                    self._accesses[core] = [(_STORE, address, size)]
                elif access:
                    self._accesses[core].append((access, address, size))
                self._instruction(core, task, pc)
                self._accesses[core].clear()
            elif kind == _ACCESS:
                self._accesses[core].append((access, address, size))
            elif kind == _INTERRUPT:
                episode = self._begin(self._rules.interrupts.get(detail, OTHER_INTERRUPT))
                self._interrupts.setdefault(task, []).append((episode, Chain(self._rules.inlined)))
                self._accesses[core].clear()  # of an instruction that has not come to its end
            elif kind == _ACQUIRED and detail in self._locks:
                self._take(core, task, self._locks[detail], address)
            elif kind == _MARK:
                self._mark(core, task, self._marks[detail], value)
            self._place += 1

    def _begin(self, kind: str) -> Episode:
        episode = Episode(kind=kind, first=self._place)
        self._walk.episodes.append(episode)
        return episode

    def _in(self, task: int) -> Episode | None:
        """What a task is in: the innermost interrupt, or its stay."""
        interrupts = self._interrupts.get(task)
        return interrupts[-1][0] if interrupts else self._stays.get(task)

    def _take(self, core: int, task: int, name: str, lock: int) -> None:
        episode = self._in(task)
        if episode is not None:
            hold = Hold(name=name, first=self._place, lock=lock, episode=episode)
            self._sections.take(core, hold)
            self._walk.holds.append(hold)

    def _mark(self, core: int, task: int, name: str, value: int) -> None:
        if name == SYSTEM_CALLS:
            self._calling[task] = self._rules.numbers.get(value, OTHER_CALL)
        elif name in self._rules.wakes:
            self._sections.wake(self._held(core, task), name)

    def _instruction(self, core: int, task: int, pc: int) -> None:
        """Charge one instruction to the episode, function and holds that it belongs to."""
        before = self._running[core]
        if task != before:
            self._running[core] = task
            if before < 0:
                self._stays.pop(before, None)
        function = self._code.function.get(pc, USER if pc < KERNEL_SPACE else "?")
        interrupts = self._interrupts.get(task)
        if interrupts:
            episode, chain = interrupts[-1]
        else:
            episode = self._stay(task, pc, function)
            chain = self._chains.get(task) or self._chains.setdefault(task, Chain(self._rules.inlined))
        charged = chain.charge(function, pc, self._code) if self._rules.inlined else function
        holds = self._held(core, task)
        self._charge(core, pc, [each.tally(charged) for each in (episode, *holds)])
        if function in self._rules.wakes:
            self._sections.wake(holds, function)
        for hold in holds:
            if self._frees(core, hold):
                self._sections.free(core, task, self._stays.get(task), hold)
                hold.over = True
        if interrupts and pc in self._code.interrupt_returns:
            interrupts.pop()
            episode.over = True

    def _held(self, core: int, task: int) -> list[Hold]:
        """The locks that an instruction is under: those of its core, without what an interrupt has interrupted."""
        interrupts = self._interrupts.get(task)
        outside = [self._stays.get(task), *(episode for episode, _ in interrupts[:-1])] if interrupts else ()
        return self._sections.held(core, outside)

    def _stay(self, task: int, pc: int, function: str) -> Episode:
        """What the task is in: begun when it goes from its program to the kernel or back."""
        stay = self._stays.get(task)
        kind = IDLE if task < 0 else USER if pc < KERNEL_SPACE else OTHER_CALL
        if stay is None or (stay.kind == USER) != (kind == USER):
            if stay is not None:
                stay.over = True
            if kind == OTHER_CALL:
                kind = self._calling.pop(task, OTHER_CALL)
            stay = self._stays[task] = self._begin(kind)
            self._chains.pop(task, None)
        if function in self._rules.calls and task >= 0:
            stay.kind = self._rules.calls[function]
        elif function == SLEEP and pc in self._code.entries:
            self._sections.sleep(task, stay)
        return stay

    def _charge(self, core: int, pc: int, tallies: Iterable[Tally]) -> None:
        transfers = self._transfers(core)
        for each in tallies:
            each.instructions += 1
            each.locked += pc in self._code.locked
            each.transfers += transfers
            for access, address, size in self._accesses[core]:
                each.loads += access & _LOAD
                each.stores += (access & _STORE) >> 1
                each.lines.update(range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1))

    def _transfers(self, core: int) -> int:
        """Replay the accesses of one instruction; returns how many events they are."""
        count = 0
        for access, address, size in self._accesses[core]:
            if address >= DEVICES:
                continue
            for line in range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1):
                for wanted, take in ((_LOAD, self._replay.load), (_STORE, self._replay.store)):
                    event = take(core, line) if access & wanted else Event.NONE
                    if event:
                        count += 1
                        self._walk.transfers.append((self._place, event, address))
        return count

    def _frees(self, core: int, hold: Hold) -> bool:
        """Whether the instruction stores to the word of the lock that is held."""
        return any(access & _STORE and 0 <= address - hold.lock < LOCK_WORD_BYTES for access, address, _ in self._accesses[core])
