"""A trace walked from end to end: every instruction to the system call, idle stay or interrupt that it belongs to.

An instruction belongs to the task whose kernel stack is live, so a task that is switched out is charged nothing until it
is switched in; interrupts stand apart from what they interrupt. A locked instruction is one store, as it is to the plugin
that the real kernels' accesses were counted with; any other read-modify-write is a load and a store. A hold of a queue's
lock begins behind the instruction that took the lock and ends with the store that frees it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.path.tally import Tally
from emu.trace.coherence_replay import CoherenceReplay, Event
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind
from emu.units import LINE_BYTES

SYSTEM_CALLS = {"sys_msgsnd": "msgsnd", "sys_msgrcv": "msgrcv"}  # by the routine that only this call enters
OTHER_CALL, IDLE, USER = "other call", "idle", "user"
INTERRUPTS = {0xFD: "irq_resched"}
OTHER_INTERRUPT = "irq_other"
HANDOFF_HOLD, ENQUEUE_HOLD = "msgsnd_handoff_hold", "msgsnd_enqueue_hold"
SLEEP_HOLD, DEQUEUE_HOLD, OTHER_HOLD = "msgrcv_sleep_hold", "msgrcv_dequeue_hold", "other_hold"
HOLD_MARKS = {"handed_over": HANDOFF_HOLD, "enqueued": ENQUEUE_HOLD}
LOCK_WORD_BYTES = 4
SWITCH, SLEEP = "__switch_to", "schedule"
KERNEL_SPACE = 1 << 63
LOOKS = 4096  # records between two looks for a wish to stop
DEVICES = 0xFEE00000  # physical: registers of the APIC, which no cache holds

_INSTRUCTION, _ACCESS, _INTERRUPT, _ACQUIRED, _MARK = _KINDS = tuple(
    int(kind) for kind in (Kind.INSTRUCTION, Kind.ACCESS, Kind.INTERRUPT, Kind.LOCK_ACQUIRED, Kind.MARK)
)
_LOAD, _STORE = int(Access.LOAD), int(Access.STORE)
_ENTERED, _CALLED, _RETURNED, _ON = range(4)

Inlined = Mapping[str, Sequence[str]]  # routine: by which callers; by all when there is none named


@dataclass(slots=True)
class Episode:
    """One system call from its first kernel instruction to its last, one stay in the idle task, or one interrupt."""

    kind: str
    first: int  # number of its first record among those walked
    functions: dict[str, Tally] = field(default_factory=dict)

    def total(self) -> Tally:
        """All its functions together."""
        total = Tally()
        for each in self.functions.values():
            total.add(each)
        return total


@dataclass(slots=True)
class Hold:
    """One hold of a queue's lock."""

    kind: str
    first: int
    lock: int  # physical address of the lock word
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Walk:
    """What a trace came to, each list in trace order. `transfers`: record, event and physical address of each."""

    episodes: list[Episode] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    transfers: list[tuple[int, Event, int]] = field(default_factory=list)


class _Code:
    """What the walk needs to know of each instruction, by address."""

    def __init__(self, header: TraceHeader, names: Mapping[str, str]) -> None:
        routines = {address: header.symbol_at(address)[0] for address in header.instructions}
        self.function = {address: names.get(routine, routine) for address, routine in routines.items()}
        texts = header.instructions.items()
        self.calls, self.returns, self.interrupt_returns = header.calls, header.returns, header.interrupt_returns
        self.locked = {at for at, text in texts if text.startswith("lock ") or (text.startswith("xchg") and "[" in text)}
        self.switches = {at for at, text in texts if text.startswith("mov rsp, qword ptr [") and self.function[at] == SWITCH}


class _Chain:
    """The routines that a task is in, by calls and returns, and to which of them an inlined one's instructions go."""

    __slots__ = ("_charged", "_function", "_inlined", "_next")

    def __init__(self, inlined: Inlined) -> None:
        self._inlined = inlined
        self._charged: list[str] = []
        self._function = ""
        self._next = _ENTERED

    def charge(self, function: str, pc: int, code: _Code) -> str:
        """The routine that the next instruction of the task is charged to."""
        if self._next == _RETURNED:
            if self._charged:
                self._charged.pop()
            if not self._charged:
                self._charged.append(function)  # what is below was there before the walk began
        elif self._next == _CALLED or not self._charged:
            self._charged.append(self._target(function, self._charged[-1] if self._charged else ""))
        elif function != self._function:  # a jump to another routine takes the place of the one that jumps
            self._charged[-1] = self._target(function, self._charged[-1])
        self._function = function
        self._next = _CALLED if pc in code.calls else _RETURNED if pc in code.returns else _ON
        return self._charged[-1]

    def _target(self, function: str, caller: str) -> str:
        callers = self._inlined.get(function)
        return caller if callers is not None and caller and (not callers or caller in callers) else function


def walk(
    trace: TraceFile,
    inlined: Inlined | None = None,
    names: Mapping[str, str] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Walk:
    """Walk a whole trace, about a second for a hundred messages, or its beginning, until `should_stop` says so.

    A routine in `inlined` counts as a part of what calls it: by any, or by the routines that are named. One in `names` goes
    by the name there.
    """
    return _Walker(trace.header, inlined or {}, names or {}).walk(trace.records(), should_stop)


class _Walker:
    """Tasks are keyed by their number, the idle task of a core by minus one minus the core."""

    def __init__(self, header: TraceHeader, inlined: Inlined, names: Mapping[str, str]) -> None:
        self._code = _Code(header, names)
        self._inlined = inlined
        self._chains: dict[int, _Chain] = {}  # by task, for what it does in the kernel outside interrupts
        self._interrupt_chains: dict[int, _Chain] = {}
        self._marks = header.marks
        self._queue_locks = {number for number, lock in enumerate(header.locks) if lock.name == QUEUE_LOCK}
        self._running = [-1 - core for core in range(header.cores)]
        self._accesses: list[list[tuple[int, int, int]]] = [[] for _ in range(header.cores)]  # of the instruction under way
        self._stays: dict[int, Episode] = {}  # by task: what it is in
        self._interrupts: dict[int, Episode] = {}  # by task: what it is interrupted by
        self._holds: dict[int, Hold] = {}  # by task: the queue lock it holds
        self._slept: dict[int, Hold] = {}  # by task: a hold in msgrcv, of which it is not yet known what follows
        self._replay = CoherenceReplay()
        self._walk = Walk()

    def walk(self, records: Records, should_stop: Callable[[], bool]) -> Walk:
        records = records[np.isin(records["kind"], _KINDS)]
        columns = [records[name].tolist() for name in ("kind", "pc", "core", "address", "access", "size", "detail")]
        columns.append(_stack_owners(records, self._code.switches).tolist())
        locked = self._code.locked
        for place, (kind, pc, core, address, access, size, detail, task) in enumerate(zip(*columns, strict=True)):
            if not place % LOOKS and should_stop():
                break
            if kind == _INSTRUCTION:
                if access and pc in locked:
                    self._accesses[core] = [(_STORE, address, size)]
                elif access:
                    self._accesses[core].append((access, address, size))
                self._instruction(place, core, task, pc)
                self._accesses[core].clear()
            elif kind == _ACCESS:
                self._accesses[core].append((access, address, size))
            elif kind == _INTERRUPT:
                self._interrupts[task] = self._begin(INTERRUPTS.get(detail, OTHER_INTERRUPT), place)
            elif kind == _ACQUIRED and detail in self._queue_locks:
                self._holds[task] = Hold(OTHER_HOLD, place, address)
                self._walk.holds.append(self._holds[task])
            elif kind == _MARK and task in self._holds:
                self._holds[task].kind = HOLD_MARKS.get(self._marks[detail], self._holds[task].kind)
        return self._walk

    def _begin(self, kind: str, place: int) -> Episode:
        episode = Episode(kind, place)
        self._walk.episodes.append(episode)
        return episode

    def _instruction(self, place: int, core: int, task: int, pc: int) -> None:
        """Charge one instruction to the episode, function and hold that it belongs to."""
        before = self._running[core]
        if task != before:
            self._running[core] = task
            if before < 0:
                self._stays.pop(before, None)
        function = self._code.function.get(pc, "?")
        interrupt = self._interrupts.get(task)
        episode = interrupt or self._stay(place, task, pc, function)
        chains = self._interrupt_chains if interrupt else self._chains
        chain = chains.get(task)
        if chain is None:
            chain = chains[task] = _Chain(self._inlined)
        function = chain.charge(function, pc, self._code)
        tally = episode.functions.get(function)
        if tally is None:
            tally = episode.functions[function] = Tally()
        hold = None if interrupt else self._holds.get(task)
        self._charge(place, core, pc, tally, hold)
        if interrupt and pc in self._code.interrupt_returns:
            del self._interrupts[task], self._interrupt_chains[task]
        if hold is not None and self._frees(core, hold):
            self._freed(task, hold, episode)

    def _stay(self, place: int, task: int, pc: int, function: str) -> Episode:
        """What the task is in: begun when it goes from its program to the kernel or back."""
        stay = self._stays.get(task)
        if task < 0:
            kind = IDLE
        elif pc < KERNEL_SPACE:
            kind = USER
        else:
            kind = OTHER_CALL
        if stay is None or (stay.kind == USER) != (kind == USER):
            stay = self._stays[task] = self._begin(kind, place)
            self._slept.pop(task, None)
            self._chains.pop(task, None)
        if function in SYSTEM_CALLS and task >= 0:
            stay.kind = SYSTEM_CALLS[function]
        elif function == SLEEP and task in self._slept:
            self._slept.pop(task).kind = SLEEP_HOLD
        return stay

    def _charge(self, place: int, core: int, pc: int, tally: Tally, hold: Hold | None) -> None:
        transfers = self._transfers(place, core)
        for each in (tally,) if hold is None else (tally, hold.tally):
            each.instructions += 1
            each.locked += pc in self._code.locked
            each.transfers += transfers
            for access, address, size in self._accesses[core]:
                each.loads += access & _LOAD
                each.stores += (access & _STORE) >> 1
                each.lines.update(range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1))

    def _transfers(self, place: int, core: int) -> int:
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
                        self._walk.transfers.append((place, event, address))
        return count

    def _frees(self, core: int, hold: Hold) -> bool:
        """Whether the instruction stores to the word of the lock that is held."""
        return any(access & _STORE and 0 <= address - hold.lock < LOCK_WORD_BYTES for access, address, _ in self._accesses[core])

    def _freed(self, task: int, hold: Hold, episode: Episode) -> None:
        del self._holds[task]
        if episode.kind == "msgrcv" and hold.kind == OTHER_HOLD:
            hold.kind = DEQUEUE_HOLD  # until the task goes to sleep
            self._slept[task] = hold


def _stack_owners(records: Records, switches: set[int]) -> NDArray[np.int64]:
    """Task on whose kernel stack each record's core was: the one switched to from the change of stacks on.

    A record names the current task, which the switch sets somewhat later.
    """
    owners: NDArray[np.int64] = np.where(records["task"] < 0, -1 - records["core"].astype(np.int64), records["task"])
    switching = (records["kind"] == _INSTRUCTION) & np.isin(records["pc"], np.array(sorted(switches), np.uint64))
    for core in np.unique(records["core"]):
        own = np.flatnonzero(records["core"] == core)
        tasks = owners[own]
        changes = np.flatnonzero(np.diff(tasks)) + 1
        for place in np.flatnonzero(switching[own]):
            following = np.searchsorted(changes, place, side="right")
            if following < len(changes):
                change = changes[following]
                owners[own[place + 1 : change]] = tasks[change]
    return owners
