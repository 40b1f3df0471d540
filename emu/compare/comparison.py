"""Two variants compared: pairs of runs over seeds in, rates, differences and where the cycles went out, as plain values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from emu.compare.bootstrap import Estimate, estimate_difference, estimate_difference_percent, estimate_mean, interval_of
from emu.compare.published import PublishedRow
from emu.compare.section_lines import SectionLines
from emu.errors import EmuError
from emu.guest.chance import START_DELAY_MAX
from emu.run.experiment_spec import Stall
from emu.run.result import LockUse, RunResult
from emu.subjects.ipc_msg import QUEUE_LOCK

SCHEMA = "emu-compare/1"
STATES_OF_NO_CAUSE = ("lock_wait", "message_spin", "stall", "idle")  # cycles that count by state in the account by cause too

RATE = "messages_per_second"
HOLD = "hold_cycles_mean"
WAIT = "wait_cycles_mean"
SPIN = "message_spin_cycles_per_message"
WAKEUP = "wakeup_latency_cycles_mean"


def seed_varies(placement: str, tick_hz: int) -> str:
    """What differs between the seeds of a run, in words (`emu.guest.chance`)."""
    chances = [f"start offsets (up to {START_DELAY_MAX - 1:,} turns of a delay loop before each thread's first call)"]
    chances += ["placement ties"] if placement == "unpinned" else []
    chances += ["the timer's phase"] if tick_hz else []
    return " and ".join(chances) if len(chances) < 3 else f"{', '.join(chances[:-1])} and {chances[-1]}"


def unit_of(counts: str) -> str:
    """One of what rows count: "pair" or "thread"."""
    return counts.removesuffix("s")


def _queue_lock(run: RunResult) -> LockUse:
    return run.locks.get(QUEUE_LOCK, LockUse())


QUANTITIES: Mapping[str, Callable[[RunResult], float | None]] = {
    RATE: lambda run: run.messages_per_second,
    HOLD: lambda run: _queue_lock(run).hold_cycles_mean,
    WAIT: lambda run: _queue_lock(run).wait_cycles_mean,
    SPIN: lambda run: run.message_spin.cycles / run.messages if run.messages else 0.0,
    WAKEUP: lambda run: run.wakeup_latency.cycles_mean if run.wakeup_latency is not None else None,
}
# What a side has beside these: of all seeds together, without an interval.
SIDE_COUNTS = (
    "hold_cycles_max", "lock_spin_iterations", "contended_share", "message_spin_iterations", "message_spin_cycles", "wakeups",
    "wakeups_under_queue_lock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One variant at one number of threads, over the seeds."""

    variant: str
    estimates: Mapping[str, Estimate | None]  # by name in QUANTITIES; None: not counted
    hold_cycles_max: int
    lock_spin_iterations: float
    contended_share: float
    message_spin_iterations: float
    message_spin_cycles: float
    wakeups: float
    wakeups_under_queue_lock: float
    cycles_by_state: Mapping[str, float]  # a message, all cores
    cycles_by_cause: Mapping[str, float]  # a message, all cores; empty: not counted

    @classmethod
    def of(cls, runs: Sequence[RunResult]) -> "Side":
        """From the runs of one variant, which differ in their seeds only."""
        locks = [_queue_lock(run) for run in runs]
        values = {name: _values(name, runs) for name in QUANTITIES}
        return cls(
            variant=runs[0].variant,
            estimates={name: estimate_mean(each) if each is not None else None for name, each in values.items()},
            hold_cycles_max=max(lock.hold_cycles_max for lock in locks),
            lock_spin_iterations=fmean(lock.spin_iterations for lock in locks),
            contended_share=fmean(lock.contended / lock.acquisitions if lock.acquisitions else 0 for lock in locks),
            message_spin_iterations=fmean(run.message_spin.iterations for run in runs),
            message_spin_cycles=fmean(run.message_spin.cycles for run in runs),
            wakeups=fmean(run.wakeups.total for run in runs),
            wakeups_under_queue_lock=fmean(run.wakeups.under_queue_lock for run in runs),
            cycles_by_state=_per_message(runs, [run.cycles_by_state.to_dict() for run in runs]),
            cycles_by_cause=_per_message(runs, [cycles_by_cause(run) for run in runs]),
        )

    def mean(self, name: str) -> float:
        """A quantity's mean; 0 where it is not counted."""
        estimate = self.estimates[name]
        return estimate.mean if estimate is not None else 0.0

    @property
    def messages_per_second(self) -> float:
        """The headline."""
        return self.mean(RATE)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: each quantity's mean, its interval beside it."""
        found: dict[str, Any] = {"variant": self.variant}
        for name, estimate in self.estimates.items():
            found[name] = estimate.mean if estimate is not None else None
            found["confidence_interval" if name == RATE else f"{name}_confidence_interval"] = interval_of(estimate)
        return found | {name: getattr(self, name) for name in SIDE_COUNTS}


def _values(name: str, runs: Sequence[RunResult]) -> list[float] | None:
    """One a run; None if a run did not count it."""
    values = [value for value in map(QUANTITIES[name], runs) if value is not None]
    return values if len(values) == len(runs) else None


def cycles_by_cause(run: RunResult) -> dict[str, int]:
    """Causes, and the states that have none: together every cycle of every core."""
    if not run.cycles_by_cause:
        return {}
    found = dict(run.cycles_by_cause)
    for state in STATES_OF_NO_CAUSE:
        found[state] = found.get(state, 0) + getattr(run.cycles_by_state, state)
    return found


def _per_message(runs: Sequence[RunResult], cycles: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """Mean over the seeds of cycles a message."""
    pairs = [(run.messages, each) for run, each in zip(runs, cycles, strict=True)]
    return {name: fmean(each.get(name, 0) / max(messages, 1) for messages, each in pairs) for name in cycles[0]}


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: cycles a message under each variant."""

    name: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        """What moved."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Row:
    """Both variants at one number of threads."""

    threads: int  # as asked for: of threads, or of pairs of them
    tasks: int  # how many threads ran
    a: Side
    b: Side
    difference: Estimate  # of the rates, in percent of A's
    differences: Mapping[str, Estimate | None]  # by name in QUANTITIES, B - A in the quantity's own unit
    differences_percent: Mapping[str, Estimate | None]  # the same in percent of A's
    published: PublishedRow | None = None
    lines: SectionLines | None = None  # of the first seed's pair, where they were asked for

    @classmethod
    def of(cls, threads: int, a: Sequence[RunResult], b: Sequence[RunResult], published: PublishedRow | None = None) -> "Row":
        """From the runs of both variants, in the same order of seeds."""
        differences: dict[str, Estimate | None] = {}
        percent: dict[str, Estimate | None] = {}
        for name in QUANTITIES:
            of_a, of_b = _values(name, a), _values(name, b)
            both = None if of_a is None or of_b is None else (of_a, of_b)
            differences[name] = None if both is None else estimate_difference(*both)
            percent[name] = None if both is None else estimate_difference_percent(*both)
        rate = percent[RATE]
        assert rate is not None, "every run has one"
        return cls(threads, a[0].threads, Side.of(a), Side.of(b), rate, differences, percent, published)

    @property
    def difference_percent(self) -> float:
        """How much faster B is."""
        return self.difference.mean

    def waterfall(self, account: str) -> list[Step]:
        """Cycles a message by "state" or by "cause", in order, without what is nothing on both sides; they sum to all cycles.

        Empty where a side does not count them.
        """
        a, b = (getattr(side, f"cycles_by_{account}") for side in (self.a, self.b))
        if not (a and b):
            return []
        names = dict.fromkeys([*a, *b])
        return [Step(name, a.get(name, 0.0), b.get(name, 0.0)) for name in names if a.get(name) or b.get(name)]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "threads": self.threads,
            "tasks": self.tasks,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "difference_percent": self.difference.mean,
            "difference_confidence_interval": interval_of(self.difference),
            "differences": {name: each.to_dict() if each is not None else None for name, each in self.differences.items()},
            "cycles_per_message": {
                f"by_{account}": {
                    step.name: {"a": step.a, "b": step.b, "difference": step.difference} for step in self.waterfall(account)
                }
                for account in ("state", "cause")
            },
            "published": self.published.to_dict() if self.published is not None else None,
            "lines": self.lines.to_dict() if self.lines is not None else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All rows of one comparison. `partial`: it was ended early, and this is what there is."""

    variants: tuple[str, str]
    machine: str
    workload: str
    cores: int
    placement: str
    queues: str | None
    types: str | None
    reading: str  # the three in words
    counts: str  # what the rows' `threads` are: "pairs" or "threads"
    messages: int
    seeds: tuple[int, ...]
    seed_varies: str
    rows: tuple[Row, ...]
    overrides: Mapping[str, float]
    stall_schedule: tuple[Stall, ...] = ()
    tick_hz: int = 0
    published_source: str | None = None
    another_experiment: tuple[str, ...] = ()  # why no published figures stand beside ours although there are some
    partial: bool = False
    failed: EmuError | None = None  # of a run, which ended it early

    @property
    def undisturbed(self) -> bool:
        """Nothing held a core up from outside the path."""
        return not self.stall_schedule and not self.tick_hz

    @property
    def unit(self) -> str:
        """One of what the rows count."""
        return unit_of(self.counts)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "schema": SCHEMA,
            "variants": list(self.variants),
            "machine": self.machine,
            "overrides": dict(self.overrides),
            "workload": self.workload,
            "cores": self.cores,
            "placement": self.placement,
            "queues": self.queues,
            "types": self.types,
            "counts": self.counts,
            "stalls": [str(stall) for stall in self.stall_schedule],
            "tick_hz": self.tick_hz,
            "messages": self.messages,
            "seeds": list(self.seeds),
            "seed_varies": self.seed_varies,
            "published_source": self.published_source,
            "another_experiment": list(self.another_experiment),
            "partial": self.partial,
            "failed": str(self.failed) if self.failed is not None else None,
            "rows": [row.to_dict() for row in self.rows],
        }
