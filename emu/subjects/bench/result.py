"""What a run of a lock measured, as plain values. Cycles are simulated core cycles."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emu.engine.probes import bucket_floor
from emu.subjects.bench.plan import Plan

SCHEMA = "emu-bench/1"
PERCENTILES = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of the parts of rounds: how many, cycles in all, the longest, and the cycles that a share of them stayed below."""

    count: int = 0
    cycles: int = 0
    cycles_max: int = 0
    percentiles: tuple[int, ...] = ()  # for PERCENTILES; within an eighth of a power of two
    unfinished: tuple[int, ...] = ()  # cycles of those that the end of the run cut off: they count nowhere else

    @property
    def cycles_mean(self) -> float:
        """Cycles of one."""
        return self.cycles / self.count if self.count else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "count": self.count,
            "cycles": self.cycles,
            "cycles_mean": self.cycles_mean,
            **{f"cycles_p{share}": value for share, value in zip(PERCENTILES, self.percentiles, strict=False)},
            "cycles_max": self.cycles_max,
            "unfinished_cycles_max": max(self.unfinished, default=0),
        }


def distribution(span: np.void, unfinished: Sequence[int] = ()) -> Distribution:
    """From the record of a span, and the cycles of what had not ended."""
    histogram = span["histogram"]
    reached = np.cumsum(histogram)
    places = [int(np.searchsorted(reached, -(-int(span["count"]) * share // 100))) for share in PERCENTILES]
    most = int(span["cycles_max"])
    values = tuple(min(bucket_floor(place + 1) - 1, most) for place in places) if span["count"] else ()
    return Distribution(int(span["count"]), int(span["cycles"]), most, values, tuple(unfinished))


@dataclass(frozen=True, slots=True)
class WordUse:
    """The lock by the value of its word, as the engine sees every lock: hold ends when the release is visible."""

    acquisitions: int
    contended: int
    wait_cycles: int
    wait_cycles_max: int
    hold_cycles: int
    hold_cycles_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """One lock on one number of cores."""

    plan: Plan
    lock: str
    machine: str
    clock_hz: int
    cycles: int
    rounds_by_core: tuple[int, ...]
    shared_rounds: int
    instructions: int
    host_seconds: float
    trace_digest: str
    think: Distribution
    wait: Distribution  # from the call of acquire to its return
    hold: Distribution  # from there to the return of release
    spin_iterations: int
    coherence: Mapping[str, int]  # transactions on the interconnect, by kind
    word: WordUse | None = None  # where the file says what its lock word is
    two_inside: int = 0  # times that a core met another one inside
    lost_counts: int = 0  # increments of a counter in the section that another core's overwrote
    never: str | None = None  # why the run was ended: nobody acquired any more
    bound: str | None = None  # why the run was ended: its cycles were used up, which says nothing of the lock
    schedule: Sequence[str] = ()  # what led to the fault, in time order
    partial: bool = False

    @property
    def rounds(self) -> int:
        """Done by all cores together."""
        return sum(self.rounds_by_core)

    @property
    def rounds_per_second(self) -> float:
        """Of all cores together."""
        return self.rounds * self.clock_hz / self.cycles if self.cycles else 0.0

    @property
    def fairness(self) -> float:
        """Rounds of the core with the fewest, by those of the core with the most."""
        return min(self.rounds_by_core) / max(self.rounds_by_core) if any(self.rounds_by_core) else 0.0

    @property
    def fault(self) -> str | None:
        """What is wrong with the lock, in a sentence."""
        if self.two_inside or self.lost_counts:
            return f"{self.lock} lets two cores into the section on {self.plan.cores} cores"
        return None if self.never is None else f"{self.lock} never lets anybody in on {self.plan.cores} cores: {self.never}"

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "lock": self.lock,
            "file": self.plan.lock,
            "machine": self.machine,
            "cores": self.plan.cores,
            "section": str(self.plan.section),
            "think": self.plan.think,
            "shared_percent": self.plan.shared,
            "seed": self.plan.seed,
            "overrides": dict(self.plan.overrides),
            "rounds": self.rounds,
            "rounds_by_core": list(self.rounds_by_core),
            "shared_rounds": self.shared_rounds,
            "cycles": self.cycles,
            "rounds_per_second": self.rounds_per_second,
            "fairness": self.fairness,
            "wait": self.wait.to_dict(),
            "hold": self.hold.to_dict(),
            "spin_iterations": self.spin_iterations,
            "word": None if self.word is None else asdict(self.word),
            "coherence": dict(self.coherence),
            "instructions": self.instructions,
            "host_seconds": self.host_seconds,
            "trace_digest": self.trace_digest,
            "fault": self.fault,
            "bound": self.bound,
            "schedule": list(self.schedule),
            "partial": self.partial,
        }
