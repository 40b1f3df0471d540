"""What a run is asked to do, as one value: the same `Experiment` gives the same digest on any host.

Whatever can be refused without an assembler is refused here, before anything is started.
"""

from dataclasses import dataclass, field
from pathlib import Path

from emu.description import load_machine
from emu.errors import UserError
from emu.subjects.ipc_msg.workload.plans import plan_workload, threads_of
from emu.subjects.ipc_msg.workload.pmsg_shared import DEFAULT_MESSAGES, NAME
from emu.subjects.ipc_msg.workload.workload import CORES_MAX, Workload
from emu.whole import whole, within

DEFAULT_VARIANT = "wakeq"
DEFAULT_MACHINE = "a10-7800"
TICK_HZ_MAX = 100_000
STALL_CYCLES_MAX = 10**9
STALL_EVERY_MAX = 10**9
TRACE_RECORDS_DEFAULT = 50_000_000
CYCLES_MAX = 10**15

# A run that needs this many times what the slowest sound run needs is taken for one that never ends.
BOUND_BASE_CYCLES = 100_000_000
BOUND_CYCLES_PER_MESSAGE = 50_000


@dataclass(frozen=True, slots=True)
class Stall:
    """Hold whichever core reaches a named point for `cycles`, each `every`-th time it is reached."""

    point: str
    cycles: int
    every: int = 1

    def __post_init__(self) -> None:
        """Check the ranges; whether the variant has the point is known only once it is assembled."""
        if not self.point:
            raise UserError("a stall needs the name of a point; `emu variants show NAME` lists them")
        within(f"stall {self.point}: cycles", self.cycles, 1, STALL_CYCLES_MAX)
        within(f"stall {self.point}: EVERY", self.every, 1, STALL_EVERY_MAX)

    @classmethod
    def parse(cls, text: str) -> "Stall":
        """Read POINT:CYCLES[:EVERY]."""
        point, *numbers = text.split(":")
        if len(numbers) not in (1, 2):
            raise UserError(f"a stall must be POINT:CYCLES or POINT:CYCLES:EVERY, such as handoff_window:20000:10, not {text!r}")
        for number in numbers:
            if not (number.isascii() and number.isdigit()):
                raise UserError(f"stall {text!r}: CYCLES and EVERY must be whole numbers, not {number!r}")
        return cls(point, *(whole(f"stall {point}: CYCLES or EVERY", number) for number in numbers))

    @property
    def how_often(self) -> str:
        """In words."""
        return "each time" if self.every == 1 else f"once in {self.every} times"

    def __str__(self) -> str:
        """The form that `parse` reads."""
        return f"{self.point}:{self.cycles}" + (f":{self.every}" if self.every != 1 else "")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a run; reaching one is a `LimitReached`."""

    cycles: int | None = None  # None: by the number of messages, `Experiment.cycles_bound`
    trace_records: int = TRACE_RECORDS_DEFAULT

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.cycles is not None:
            within("the bound on cycles", self.cycles, 1, CYCLES_MAX)
        if self.trace_records < 1:
            raise UserError(f"the bound on trace records must be 1 or more, not {self.trace_records}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One run. `machine` is a name or the path of a machine file; `tick_hz` 0 leaves the timer interrupt off."""

    variant: str = DEFAULT_VARIANT
    machine: str = DEFAULT_MACHINE
    cores: int = 0  # 0: the machine's
    workload: str = NAME
    preempt: str = ""  # kind of kernel preemption, as in `emu.assembly.variants`; empty: the workload's own
    threads: int = 0  # 0: one a core, or what the workload needs
    messages: int = DEFAULT_MESSAGES
    seed: int = 1
    placement: str | None = None  # of pairs; None: the workload's own, here and in the next two
    queues: str | None = None  # one for all pairs, or one each
    types: str | None = None  # of messages: each thread its own, or two common to all pairs
    stalls: tuple[Stall, ...] = ()
    tick_hz: int = 0
    overrides: tuple[tuple[str, float], ...] = ()  # figures of the machine file: key, value in place of the file's
    trace: Path | None = None
    overwrite: bool = False  # the trace may take the place of another file
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Fill in the default numbers of cores and threads and refuse what no machine could run, or not this one."""
        topology = load_machine(self.machine).topology
        if self.cores == 0:
            object.__setattr__(self, "cores", min(topology.processors, CORES_MAX))
        if self.threads == 0 and self.cores >= 1:
            object.__setattr__(self, "threads", threads_of(self.workload, self.cores))
        workload = self.plan(topology.processors_per_module)
        if not self.preempt:
            object.__setattr__(self, "preempt", workload.preempt)
        if not 0 <= self.tick_hz <= TICK_HZ_MAX:
            raise UserError(f"tick must be 0 (off) to {TICK_HZ_MAX} interrupts a second, not {self.tick_hz}")
        keys = [key for key, _ in self.overrides]
        for key in keys:
            if keys.count(key) > 1:
                raise UserError(f"{key} is set twice: give each figure one --set")
        points = [stall.point for stall in self.stalls]
        for point in points:
            if points.count(point) > 1:
                raise UserError(f"point {point} is stalled twice: give each point one --stall")

    def plan(self, cores_per_module: int) -> Workload:
        """Who does what on which core."""
        return plan_workload(
            self.workload,
            cores=self.cores,
            cores_per_module=cores_per_module,
            threads=self.threads,
            messages=self.messages,
            placement=self.placement,
            queues=self.queues,
            types=self.types,
            seed=self.seed,
        )

    @property
    def cycles_bound(self) -> int:
        """Core cycles after which the guest is taken for one that never ends."""
        if self.limits.cycles is not None:
            return self.limits.cycles
        held_up = sum(2 * stall.cycles // stall.every for stall in self.stalls)
        return BOUND_BASE_CYCLES + self.messages * (BOUND_CYCLES_PER_MESSAGE + held_up)
