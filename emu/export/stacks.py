"""Which call stacks cycles, transfers or waits belong to, from the calls and returns that a trace has.

A stack begins with the task; behind it come the routines of its program, those of the kernel since it was entered, and those of
interrupts. Cycles are all that there are: for what a core is halted, or on its way into an interrupt, a name in brackets stands.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from emu.export.walk import Progress
from emu.subjects.path.code import Chain, Code
from emu.subjects.path.owners import with_owners
from emu.subjects.path.walk import KERNEL_SPACE, USER
from emu.trace.file import Records, TraceFile
from emu.trace.header import IDLE
from emu.trace.record import Kind, Transfer

Stack = tuple[str, ...]
HALTED, ENTERED, NOT_STARTED, BEHIND = "[halted]", "[interrupt entry]", "[not started]", "[behind the last record]"
_INSTRUCTION, _TRANSFER, _INTERRUPT, _HALT, _WAKE, _CONTENDED, _ACQUIRED = _KINDS = tuple(
    int(kind)
    for kind in (
        Kind.INSTRUCTION,
        Kind.LINE_TRANSFER,
        Kind.INTERRUPT,
        Kind.HALT,
        Kind.WAKE,
        Kind.LOCK_CONTENDED,
        Kind.LOCK_ACQUIRED,
    )
)


class Weight(Enum):
    """What is summed up, by the name that it has as an option."""

    CYCLES = "cycles"
    TRANSFERS = "transfers"  # lines that came from another core, or whose other copies had to go
    WAIT = "wait"  # cycles for which locks were waited for, where they were then taken


@dataclass(slots=True)
class _Task:
    """The chains of a task: of its program, of the kernel, and of the interrupts that it is in, the last one last."""

    name: str
    program: Chain = field(default_factory=lambda: Chain({}))
    kernel: Chain = field(default_factory=lambda: Chain({}))
    interrupts: list[Chain] = field(default_factory=list)
    in_kernel: bool = False

    def chain(self, pc: int) -> Chain:
        """The innermost one, for an instruction: the kernel is entered anew from a program."""
        if self.interrupts:
            return self.interrupts[-1]
        if pc >= KERNEL_SPACE and not self.in_kernel:
            self.kernel = Chain({})
        self.in_kernel = pc >= KERNEL_SPACE
        return self.kernel if self.in_kernel else self.program

    def stack(self) -> Stack:
        """All that it is in."""
        chains = [self.program, *([self.kernel] if self.in_kernel else []), *self.interrupts]
        return (self.name, *(routine for chain in chains for routine in chain.routines))


@dataclass(slots=True)
class _Core:
    """Where a core stands."""

    stack: Stack = (NOT_STARTED,)
    settled: int = 0  # up to here its time has a stack
    halted: bool = False
    waits: dict[int, int] = field(default_factory=dict)  # by lock: since when


class Stacks:
    """Sums by stack."""

    def __init__(self, trace: TraceFile, weight: Weight) -> None:
        """Nothing is read yet."""
        self._trace, self._header, self._weight = trace, trace.header, weight
        self._code = Code(trace.header, {})
        self._breaks = np.array(sorted(self._code.calls | self._code.returns | self._code.interrupt_returns), np.uint64)
        self._tasks: dict[int, _Task] = {}
        self._cores = [_Core() for _ in range(trace.header.cores)]
        self._numbers: dict[str, int] = {}  # of functions
        self._sums = Counter[Stack]()

    def read(self, progress: Progress) -> Counter[Stack]:
        """The sums over the whole trace."""
        done = 0
        for records, owners in with_owners(self._trace.chunks(), self._code.switches):
            wanted = np.isin(records["kind"], _KINDS)
            for index, core in enumerate(self._cores):
                own = np.flatnonzero(wanted & (records["core"] == index))
                if len(own):
                    self._follow(core, records[own], owners[own])
            done += len(records)
            progress(done, self._trace.record_count)
        self._finish()
        return +self._sums

    def _follow(self, core: _Core, own: Records, owners: NDArray[np.int64]) -> None:
        """What a core does, from one change of its stack to the next."""
        instruction = own["kind"] == _INSTRUCTION
        starts = np.flatnonzero(self._changes(own, owners, instruction))
        ends = np.append(starts[1:], len(own)) - 1
        totals = np.concatenate(([0], np.cumsum(self._amounts(own, instruction))))
        retired = np.maximum.accumulate(np.where(instruction, own["cycle"], 0))
        rows = zip(
            *(own[name][starts].tolist() for name in ("kind", "pc", "cycle", "cost", "detail", "value")),
            owners[starts].tolist(),
            retired[np.maximum(starts - 1, 0)].tolist(),
            (totals[ends + 1] - totals[starts]).tolist(),
            own["pc"][ends].tolist(),
            instruction[ends].tolist(),
            strict=True,
        )
        for kind, pc, cycle, cost, detail, value, owner, before, amount, last, retires in rows:
            if kind not in (_INSTRUCTION, _TRANSFER):
                self._event(core, owner, kind, cycle, detail, value, max(core.settled, before))
                continue
            if core.stack == (NOT_STARTED,) and kind == _INSTRUCTION:
                self._spend((NOT_STARTED,), cycle - cost - core.settled)
            task = self._task(owner)
            chain = task.chain(pc)
            chain.enter(self._function(pc))
            core.stack = task.stack()
            self._sums[core.stack] += amount
            if retires:
                chain.leave(last, self._code)
                if last in self._code.interrupt_returns and task.interrupts:
                    task.interrupts.pop()
        core.settled = max(core.settled, int(retired[-1]))

    def _changes(self, own: Records, owners: NDArray[np.int64], instruction: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where another routine or task begins, by a call, a return or a jump, and each event."""
        distinct, inverse = np.unique(own["pc"], return_inverse=True)
        numbers = self._numbers
        functions = np.array([numbers.setdefault(self._function(pc), len(numbers)) for pc in distinct.tolist()])[inverse]
        event = ~np.isin(own["kind"], (_INSTRUCTION, _TRANSFER))
        ended = event | (instruction & np.isin(own["pc"], self._breaks))
        changes = event.copy()
        changes[0] = True
        changes[1:] |= (np.diff(functions) != 0) | (np.diff(owners) != 0) | ended[:-1]
        return changes

    def _function(self, pc: int) -> str:
        return self._code.function.get(pc) or (USER if pc < KERNEL_SPACE else "?")

    def _task(self, owner: int) -> _Task:
        return self._tasks.get(owner) or self._tasks.setdefault(owner, _Task(self._header.task_name(owner)))

    def _amounts(self, own: Records, instruction: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What each record weighs; of waits only their ends do, which are events."""
        if self._weight is Weight.CYCLES:
            return np.where(instruction, own["cost"], 0).astype(np.int64)
        transfers = (own["kind"] == _TRANSFER) & (own["detail"] != int(Transfer.MEMORY_READ))
        return (transfers if self._weight is Weight.TRANSFERS else np.zeros(len(own))).astype(np.int64)

    def _event(self, core: _Core, owner: int, kind: int, cycle: int, detail: int, value: int, before: int) -> None:
        if kind == _CONTENDED:
            core.waits[detail] = cycle
        elif kind == _ACQUIRED:
            core.waits.pop(detail, None)
            if self._weight is Weight.WAIT:
                self._sums[core.stack] += value
        elif kind == _HALT:
            core.halted = True
        else:
            core.halted = False
            core.settled = cycle
            if kind == _WAKE:
                was = core.stack if core.stack != (NOT_STARTED,) else (IDLE,)
                self._spend((*was, HALTED), cycle - before)
                return
            self._spend((*core.stack, ENTERED), cycle - before)
            self._task(owner).interrupts.append(Chain({}))

    def _spend(self, stack: Stack, cycles: int) -> None:
        if self._weight is Weight.CYCLES:
            self._sums[stack] += cycles

    def _finish(self) -> None:
        """Each core goes on to the end of the run, as far as the file says when that was."""
        end = max([core.settled for core in self._cores] + [sum(total) for total in self._trace.cycles])
        for core in self._cores:
            self._spend((*core.stack, HALTED if core.halted else BEHIND), end - core.settled)
            if self._weight is Weight.WAIT:
                self._sums[core.stack] += sum(end - since for since in core.waits.values())
