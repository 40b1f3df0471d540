"""A trace followed by calls and returns: in which routines each task is, core by core, one change after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emu.export.records import checked_chunks
from emu.export.walk import Progress
from emu.subjects.path.code import Chain, Code
from emu.subjects.path.owners import with_owners
from emu.subjects.path.walk import KERNEL_SPACE, USER
from emu.trace.file import Records, TraceFile
from emu.trace.record import Kind

_INSTRUCTION, _TRANSFER, _INTERRUPT, _HALT, _WAKE = (
    int(kind) for kind in (Kind.INSTRUCTION, Kind.LINE_TRANSFER, Kind.INTERRUPT, Kind.HALT, Kind.WAKE)
)
_COLUMNS = ("kind", "pc", "cycle", "cost", "detail", "value", "address")


@dataclass(slots=True)
class Task:
    """The chains of a task: of its program, of the kernel, and of the interrupts that it is in, the last one last."""

    number: int  # that of its records, or minus one minus the core that is idle
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

    def chains(self) -> list[Chain]:
        """All that it is in, the outermost first."""
        return [self.program, *([self.kernel] if self.in_kernel else []), *self.interrupts]


@dataclass(slots=True)
class Core:
    """Where a core stands: `settled` is up to when its time has been given to something."""

    index: int
    task: Task | None = None  # None: it has not begun
    settled: int = 0
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """A record that is no instruction. `before`: when the last one before it had retired, or what came before it was over."""

    index: int  # among the records of the part
    kind: int
    cycle: int
    detail: int
    value: int
    pc: int
    owner: int
    before: int


class CallWalk:
    """Follows a trace; whoever is derived from it takes what comes."""

    def __init__(self, trace: TraceFile, kinds: Iterable[Kind]) -> None:
        """Nothing is read yet. `kinds`: of the events that are wanted besides those that change a stack."""
        self._trace, self._header = trace, trace.header
        self._kinds = [_INSTRUCTION, _INTERRUPT, _HALT, _WAKE, *map(int, kinds)]
        self._code = Code(trace.header, {})
        self._breaks = np.array(sorted(self._code.calls | self._code.returns | self._code.interrupt_returns), np.uint64)
        self._tasks: dict[int, Task] = {}
        self._cores = [Core(index) for index in range(trace.header.cores)]
        self._numbers: dict[str, int] = {}  # of functions

    def amounts(self, own: Records) -> NDArray[np.int64]:
        """What each record weighs."""
        return np.zeros(len(own), np.int64)

    def alone(self, own: Records) -> NDArray[np.bool_]:
        """The instructions of a core that are wanted each by itself."""
        return np.zeros(len(own), np.bool_)

    def reach(self, core: Core, pc: int, cycle: int, address: int | None) -> None:
        """A core goes on in a routine, from `pc` on, which retires at `cycle`; `address`: what that accesses, if asked for."""

    def run(self, core: Core, amount: int) -> None:
        """A core has gone on in one routine; what its records weigh together."""

    def begins(self, core: Core, cycle: int) -> None:
        """The first instruction of a core begins."""

    def event(self, core: Core, happening: Happening) -> None:
        """One of the events that are wanted, or WAKE or INTERRUPT, before the chain of its handler begins."""

    def part_over(self) -> None:
        """All cores have come to the end of a part; what they did in it, each for itself, was one after the other by `index`."""

    def follow(self, progress: Progress) -> None:
        """The whole trace."""
        done = 0
        for records, owners in with_owners(checked_chunks(self._trace), self._code.switches):
            wanted = np.isin(records["kind"], self._kinds)
            for core in self._cores:
                own = np.flatnonzero(wanted & (records["core"] == core.index))
                if len(own):
                    self._follow(core, records[own], owners[own], own)
            self.part_over()
            done += len(records)
            progress(done, self._trace.record_count)

    def _follow(self, core: Core, own: Records, owners: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """What a core does, from one change of its stack to the next."""
        instruction = own["kind"] == _INSTRUCTION
        alone = self.alone(own)
        starts = np.flatnonzero(self._changes(own, owners, instruction, alone))
        ends = np.append(starts[1:], len(own)) - 1
        totals = np.concatenate(([0], np.cumsum(self.amounts(own))))
        retired = np.maximum.accumulate(np.where(instruction, own["cycle"], 0))
        rows = zip(
            *(own[name][starts].tolist() for name in _COLUMNS),
            owners[starts].tolist(),
            np.concatenate(([0], retired))[starts].tolist(),
            (totals[ends + 1] - totals[starts]).tolist(),
            own["pc"][ends].tolist(),
            instruction[ends].tolist(),
            alone[starts].tolist(),
            places[starts].tolist(),
            strict=True,
        )
        for kind, pc, cycle, cost, detail, value, address, owner, before, amount, last, retires, wanted, index in rows:
            if kind not in (_INSTRUCTION, _TRANSFER):
                self._happens(core, Happening(index, kind, cycle, detail, value, pc, owner, max(core.settled, before)))
                continue
            if core.task is None and kind == _INSTRUCTION:
                self.begins(core, cycle - cost)
            task = core.task = self._task(owner)
            chain = task.chain(pc)
            chain.enter(self._function(pc))
            self.reach(core, pc, cycle, address if wanted else None)
            self.run(core, amount)
            if retires:
                chain.leave(last, self._code)
                if last in self._code.interrupt_returns and task.interrupts:
                    task.interrupts.pop()
        core.settled = max(core.settled, int(retired[-1]))

    def _happens(self, core: Core, happening: Happening) -> None:
        if happening.kind in (_HALT, _WAKE, _INTERRUPT):
            core.halted = happening.kind == _HALT
        self.event(core, happening)
        if happening.kind in (_WAKE, _INTERRUPT):
            core.settled = happening.cycle
        if happening.kind == _INTERRUPT:
            self._task(happening.owner).interrupts.append(Chain({}))

    def _changes(
        self, own: Records, owners: NDArray[np.int64], instruction: NDArray[np.bool_], alone: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Where another routine or task begins, by a call, a return or a jump, and each event and instruction by itself."""
        distinct, inverse = np.unique(own["pc"], return_inverse=True)
        numbers = self._numbers
        functions = np.array([numbers.setdefault(self._function(pc), len(numbers)) for pc in distinct.tolist()])[inverse]
        event = alone | ~np.isin(own["kind"], (_INSTRUCTION, _TRANSFER))
        ended = event | (instruction & np.isin(own["pc"], self._breaks))
        changes = event.copy()
        changes[0] = True
        changes[1:] |= (np.diff(functions) != 0) | (np.diff(owners) != 0) | ended[:-1]
        return changes

    def _function(self, pc: int) -> str:
        return self._code.function.get(pc) or (USER if pc < KERNEL_SPACE else "?")

    def _task(self, owner: int) -> Task:
        if owner not in self._tasks:
            name = self._header.task_name(owner) if self._header.tasks else f"core {-1 - owner}"
            self._tasks[owner] = Task(owner, name)
        return self._tasks[owner]

    def last(self) -> int:
        """Up to when the run is known: to its end, as far as the file says when that was, and has records of it."""
        return self._settled() if self._trace.full else self.end()

    def end(self) -> int:
        """When the run ended."""
        return max(self._settled(), *(sum(total) for total in self._trace.cycles), 0)

    def _settled(self) -> int:
        return max((core.settled for core in self._cores), default=0)
