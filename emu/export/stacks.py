"""Which call stacks cycles, transfers or waits belong to, from the calls and returns that a trace has.

A stack begins with the task; behind it come the routines of its program, those of the kernel since it was entered, and those of
interrupts. Cycles are all that there are: for what a core is halted, or on its way into an interrupt, a name in brackets stands.
"""

from collections import Counter
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from emu.export.calls import CallWalk, Core, Happening
from emu.export.walk import Progress
from emu.trace.file import Records, TraceFile
from emu.trace.header import IDLE
from emu.trace.record import Kind, Transfer

Stack = tuple[str, ...]
HALTED, ENTERED, NOT_STARTED, BEHIND = "[halted]", "[interrupt entry]", "[not started]", "[behind the last record]"


class Weight(Enum):
    """What is summed up, by the name that it has as an option."""

    CYCLES = "cycles"
    TRANSFERS = "transfers"  # lines that came from another core, or whose other copies had to go
    WAIT = "wait"  # cycles for which locks were waited for, where they were then taken


class Stacks(CallWalk):
    """Sums by stack."""

    def __init__(self, trace: TraceFile, weight: Weight) -> None:
        """Nothing is read yet."""
        super().__init__(trace, (Kind.LINE_TRANSFER, Kind.LOCK_CONTENDED, Kind.LOCK_ACQUIRED))
        self._weight = weight
        self._stacks: list[Stack] = [(NOT_STARTED,)] * trace.header.cores
        self._waits: dict[tuple[int, int], int] = {}  # by core and lock: since when
        self._sums = Counter[Stack]()

    def read(self, progress: Progress) -> Counter[Stack]:
        """The sums over the whole trace."""
        self.follow(progress)
        end = self.end()
        for core in self._cores:
            ended = (*self._stacks[core.index], HALTED if core.halted else BEHIND)
            self._spend((BEHIND,) if self._trace.full else ended, end - core.settled)
        if self._weight is Weight.WAIT:
            for (core_index, _), since in self._waits.items():
                self._sums[self._stacks[core_index]] += self.last() - since
        return +self._sums

    def amounts(self, own: Records) -> NDArray[np.int64]:
        """What each record weighs; of waits only their ends do, which are events."""
        if self._weight is Weight.CYCLES:
            return np.where(own["kind"] == int(Kind.INSTRUCTION), own["cost"], 0).astype(np.int64)
        transfers = (own["kind"] == int(Kind.LINE_TRANSFER)) & (own["detail"] != int(Transfer.MEMORY_READ))
        return (transfers if self._weight is Weight.TRANSFERS else np.zeros(len(own))).astype(np.int64)

    def run(self, core: Core, amount: int) -> None:
        """A core has gone on in one routine."""
        assert core.task is not None
        stack = (core.task.name, *(routine for chain in core.task.chains() for routine in chain.routines))
        self._stacks[core.index] = stack
        self._sums[stack] += amount

    def begins(self, core: Core, cycle: int) -> None:
        """What passed before has no stack."""
        self._spend((NOT_STARTED,), cycle - core.settled)

    def event(self, core: Core, happening: Happening) -> None:
        """What passes between two instructions, and waits."""
        stack = self._stacks[core.index]
        match happening.kind:
            case Kind.LOCK_CONTENDED:
                self._waits[core.index, happening.detail] = happening.cycle
            case Kind.LOCK_ACQUIRED:
                self._waits.pop((core.index, happening.detail), None)
                if self._weight is Weight.WAIT:
                    self._sums[stack] += happening.value
            case Kind.WAKE:
                was = stack if core.task is not None else (IDLE,)
                self._spend((*was, HALTED), happening.cycle - happening.before)
            case Kind.INTERRUPT:
                self._spend((*stack, ENTERED), happening.cycle - happening.before)

    def _spend(self, stack: Stack, cycles: int) -> None:
        if self._weight is Weight.CYCLES:
            self._sums[stack] += cycles
