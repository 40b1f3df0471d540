"""A trace walked once, in order of time: who runs on which core in which state, and what happens meanwhile.

Every cycle of a core gets the state that the run's own accounts gave it. An instruction's record says when it retired and what
passed since the one before; a stall is a part of that time, and what a core is idle for, or on its way into an interrupt, lies
between two instructions. What passed behind a core's last record is known from the totals at the end of the file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.errors import UserError
from emu.export.records import checked_chunks
from emu.trace.file import Records, TraceFile
from emu.trace.order import begin_of, in_order
from emu.trace.record import TRACE_DTYPE, Kind, State
from emu.units import line_of

Progress = Callable[[int, int], None]  # records done, and of how many

IDLE_TASK = -1
NOT_RECORDED = -1  # in the place of a state: the trace was full before the run was over
WAKEUPS = ("wakeup", "wakeups")  # marks whose value is the task_struct of who is woken


class What(Enum):
    """What an event is, and what its fields `number`, `value` and `address` hold."""

    STATE = auto()  # the core is in a state from here on: number = State
    SWITCH = auto()  # another task runs from here on: number = the one before
    WAKEUP = auto()  # number = who is woken
    CONTENDED = auto()  # the first failed attempt: number = lock
    ACQUIRED = auto()  # number = lock, value = cycles waited, address = where it was taken
    RELEASED = auto()  # number = lock, value = cycles held
    INTERRUPT = auto()  # the handler begins: number = vector
    RESUME = auto()  # the last one is over
    IPI = auto()  # number = target core, value = vector, address = where it was sent
    HALT = auto()
    WAKE = auto()
    TRANSFER = auto()  # number = Transfer, value = cycles, address = line
    SPIN_BEGIN = auto()  # number = probe
    SPIN_END = auto()
    STALL = auto()  # number = mark, value = cycles
    MARK = auto()  # another mark: number
    END = auto()  # of the run: value = up to when it is known, if it has more records than the trace


class Event(NamedTuple):
    """What happens on a core at a cycle, while a task runs there (IDLE_TASK: none)."""

    at: int
    what: What
    core: int
    task: int
    number: int = 0
    value: int = 0
    address: int = 0


_PLAIN = {
    int(Kind.LOCK_CONTENDED): What.CONTENDED,
    int(Kind.LOCK_ACQUIRED): What.ACQUIRED,
    int(Kind.LOCK_RELEASED): What.RELEASED,
    int(Kind.LINE_TRANSFER): What.TRANSFER,
    int(Kind.SPIN_BEGIN): What.SPIN_BEGIN,
    int(Kind.SPIN_END): What.SPIN_END,
    int(Kind.HALT): What.HALT,
}
_INSTRUCTION, _MARK, _IPI, _INTERRUPT, _WAKE, _STALL = (
    int(kind) for kind in (Kind.INSTRUCTION, Kind.MARK, Kind.IPI_SENT, Kind.INTERRUPT, Kind.WAKE, Kind.STALL)
)
_ACQUIRED, _TRANSFER = int(Kind.LOCK_ACQUIRED), int(Kind.LINE_TRANSFER)
_KINDS = (*_PLAIN, _MARK, _IPI, _INTERRUPT, _WAKE, _STALL)
_COLUMNS = ("cycle", "cost", "kind", "core", "task", "state", "detail", "value", "address", "pc")


@dataclass(slots=True)
class _Core:
    """Where a core stands."""

    at: int = 0  # up to here its time has a state
    state: int = int(State.IDLE)  # since then
    since: int = 0
    task: int = IDLE_TASK
    stalled: int = 0  # part of the time to come
    begun: bool = False
    cycles: list[int] = field(default_factory=lambda: [0] * len(State))


class Walk:
    """One pass over a trace."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet."""
        self._trace = trace
        self._cores = [_Core() for _ in range(trace.header.cores)]
        self._carried: list[tuple[int, int, int, bool]] = [(-1, -2, 0, False)] * trace.header.cores
        self._pointers = {task.pointer: number for number, task in enumerate(trace.header.tasks)}
        self._wakeups = {number for number, name in enumerate(trace.header.marks) if name in WAKEUPS}
        self._resumes = np.array(sorted(trace.header.interrupt_returns), np.uint64)

    def parts(self) -> Iterator[tuple[Records, Iterator[Event]]]:
        """Records in order of their beginnings, and the events that they are; both are to be taken before the next part."""
        for records in in_order(self._trace, self._chunks(), begin_of):
            yield records, self._events(records)
        yield np.zeros(0, TRACE_DTYPE), self._end()

    def events(self, progress: Progress) -> Iterator[Event]:
        """All events, in order of time but for STATE, which may be said somewhat late."""
        done = 0
        for records, events in self.parts():
            yield from events
            done += len(records)
            progress(done, self._trace.record_count)

    def _chunks(self) -> Iterator[Records]:
        """The trace's chunks, with each stall where the time begins that it is a part of: that of the instruction held up."""
        ends = [0] * len(self._cores)
        for chunk in checked_chunks(self._trace):
            instruction = chunk["kind"] == _INSTRUCTION
            for core in np.unique(chunk["core"]).tolist():
                own = chunk["core"] == core
                places = np.flatnonzero(own & instruction)
                retired = np.concatenate(([ends[core]], chunk["cycle"][places]))
                stalls = np.flatnonzero(own & (chunk["kind"] == _STALL))
                chunk["cycle"][stalls] = retired[np.searchsorted(places, stalls)]
                ends[core] = int(retired[-1])
            yield chunk

    def _events(self, records: Records) -> Iterator[Event]:
        chosen, before, resumed = self._choose(records)
        places = np.flatnonzero(chosen)
        columns = [records[name][places].tolist() for name in _COLUMNS]
        for cycle, cost, kind, index, task, state, detail, value, address, pc, end, back in zip(
            *columns, before[places].tolist(), resumed[places].tolist(), strict=True
        ):
            core = self._cores[index]
            if kind == _INSTRUCTION:
                yield from self._instruction(core, index, max(end, core.at), cycle - cost, task, state, back)
            elif kind in (_WAKE, _INTERRUPT):
                spent = State.IDLE if kind == _WAKE else State.INTERRUPT
                yield from self._enter(core, index, max(end, core.at), int(spent))
                core.at = cycle
                yield Event(cycle, What.WAKE if kind == _WAKE else What.INTERRUPT, index, core.task, detail)
            elif kind == _MARK:
                woken = self._pointers.get(value, IDLE_TASK) if detail in self._wakeups else IDLE_TASK
                what, number = (What.WAKEUP, woken) if woken != IDLE_TASK else (What.MARK, detail)
                yield Event(cycle, what, index, task, number, value)
            elif kind == _IPI:
                yield Event(cycle, What.IPI, index, task, detail, value, pc)
            elif kind == _STALL:
                core.stalled += value
                yield Event(cycle, What.STALL, index, task, detail, value)
            else:
                about = pc if kind == _ACQUIRED else line_of(address) if kind == _TRANSFER else address
                yield Event(cycle, _PLAIN[kind], index, task, detail, value, about)

    def _choose(self, records: Records) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
        """Which records change anything; for each, when the instruction before it had retired, and whether that was an `iretq`."""
        chosen = np.isin(records["kind"], _KINDS)
        before, resumed = np.zeros(len(records), np.int64), np.zeros(len(records), np.bool_)
        for core in np.unique(records["core"]).tolist():
            own = np.flatnonzero(records["core"] == core)
            kind = records["kind"][own]
            places = own[kind == _INSTRUCTION]
            state, task, end, back = self._carried[core]
            retired = np.concatenate(([end], records["cycle"][places]))
            before[own] = retired[np.cumsum(kind == _INSTRUCTION) - (kind == _INSTRUCTION)]
            if not len(places):
                continue
            states = np.concatenate(([state], records["state"][places].astype(np.int64)))
            tasks = np.concatenate(([task], np.maximum(records["task"][places], IDLE_TASK).astype(np.int64)))
            returns = np.concatenate(([back], np.isin(records["pc"][places], self._resumes)))
            gaps = begin_of(records[places]) != retired[:-1]
            # Behind an event a core may be in another state than at the instruction before.
            first = np.concatenate(([True], np.diff(np.searchsorted(own, places)) > 1))
            chosen[places] = (np.diff(states) != 0) | (np.diff(tasks) != 0) | returns[:-1] | gaps | first
            resumed[places] = returns[:-1]
            self._carried[core] = int(states[-1]), int(tasks[-1]), int(retired[-1]), bool(returns[-1])
        return chosen, before, resumed

    def _instruction(self, core: _Core, index: int, end: int, begin: int, task: int, state: int, back: bool) -> Iterator[Event]:
        """An instruction whose time begins at `begin`; what lies between `end` and that is of a core that has not been started."""
        if begin > end:
            yield from self._enter(core, index, end, int(State.IDLE))
        core.at = begin
        if back:
            yield Event(begin, What.RESUME, index, core.task)
        task = max(task, IDLE_TASK)
        if task != core.task or not core.begun:
            was, core.task, core.begun = core.task, task, True
            yield Event(begin, What.SWITCH, index, task, was)
        yield from self._enter(core, index, begin, state)

    def _enter(self, core: _Core, index: int, at: int, state: int) -> Iterator[Event]:
        """From `at` on a core is in a state, but for what it has been stalled."""
        at = max(at, core.since)
        if core.stalled:
            stalled, core.stalled = core.stalled, 0
            yield from self._enter(core, index, at, int(State.STALL))
            at += stalled
        core.at = at
        if state != core.state or at == 0:
            if core.state >= 0:
                core.cycles[core.state] += at - core.since
            core.state, core.since = state, at
            yield Event(at, What.STATE, index, core.task, state)

    def _end(self) -> Iterator[Event]:
        """Every core up to the end of the run: what it came to there, by the file's totals, and has not yet is its last state."""
        ends = [max(core.at, carried[2]) for core, carried in zip(self._cores, self._carried, strict=True)]
        totals = self._trace.cycles or [()] * len(self._cores)
        end = max([0, *ends, *(sum(total) for total in totals)])
        for index, (core, total) in enumerate(zip(self._cores, totals, strict=True)):
            core.cycles[core.state] += ends[index] - core.since
            core.since = ends[index]
            rest = {state: cycles - core.cycles[state] for state, cycles in enumerate(total) if cycles != core.cycles[state]}
            if any(cycles < 0 for cycles in rest.values()) or (total and sum(total) != end):
                raise UserError(f"trace {self._trace.path}: core {index} does not come to what the file's end says: it is damaged")
            at = ends[index]
            if self._trace.full or not total:
                rest = {NOT_RECORDED: end - at} if end > at else {}
            for state in sorted(rest, reverse=True):
                yield from self._enter(core, index, at, state)
                at += rest[state]
        for index, core in enumerate(self._cores):
            yield Event(end, What.END, index, core.task, value=max(ends, default=0) if self._trace.full else end)
