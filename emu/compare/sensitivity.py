"""How much an answer hangs on each figure of the machine file: one at a time changed by half, both variants run again.

A figure of 0 has no half; what rounds to its own value, or would leave the range that the schema allows, is cut there and left out
if nothing is left of the change. Clock frequencies are left out too, as they scale both variants alike, and so are the sizes of
TLBs, BTBs and branch predictors: like those of caches they are the geometry of the part. Nor are costs of single instructions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from emu.compare.bootstrap import Estimate, Rates, estimate_difference_percent, estimate_shift, interval_of
from emu.compare.comparison import seed_varies, unit_of
from emu.compare.paired import RowPlan, RowRuns
from emu.description import Figure, MachineFile, load_machine
from emu.description.figure import BitsFigure, BranchFigure, Clock, EntryFigure, TableFigure
from emu.description.instruction_table import InstructionFigure
from emu.errors import EmuError
from emu.run.experiment_spec import Experiment, Stall
from emu.run.overrides import allowed, apply_overrides, figures
from emu.run.result import RunResult
from emu.runner.outcome import ShouldStop, never
from emu.runner.runner import Progress, Runner, silent

SCHEMA = "emu-sensitivity/1"
MOVED_POINTS = 5.0  # a difference that moves by more is said to depend on the figure
NOT_VARIED = (Clock, BranchFigure, EntryFigure, TableFigure, BitsFigure, InstructionFigure)
RESOLUTION_POINTS = 1.0  # one that moves by less is not said to change its sign


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both rates at one number of threads, messages a second, a value a seed."""

    rates: Rates

    @classmethod
    def of(cls, a: Sequence[RunResult], b: Sequence[RunResult]) -> "Outcome":
        """From the runs of both variants in the order of the seeds."""
        return cls((tuple(run.messages_per_second for run in a), tuple(run.messages_per_second for run in b)))

    @property
    def means(self) -> tuple[float, float]:
        """Of A and B."""
        return fmean(self.rates[0]), fmean(self.rates[1])

    @property
    def difference(self) -> Estimate:
        """How much faster B is, percent."""
        return estimate_difference_percent(*self.rates)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        a, b = self.means
        difference = self.difference
        return {
            "a": {"messages_per_second": a},
            "b": {"messages_per_second": b},
            "difference_percent": difference.mean,
            "difference_confidence_interval": interval_of(difference),
        }


@dataclass(frozen=True, slots=True)
class Variation:
    """One figure at another value, and what came of it by number of threads."""

    value: int
    outcomes: Mapping[int, Outcome]


def told_apart(shift: Estimate) -> bool:
    """Whether a shift is more than the seeds themselves make: its interval is on one side of 0. From one seed nobody knows."""
    return shift.interval is None or not shift.interval[0] <= 0 <= shift.interval[1]


@dataclass(frozen=True, slots=True)
class Effect:
    """One figure: its own value and what its variations did to the difference."""

    key: str
    figure: Figure
    reference: Mapping[int, Outcome]
    low: Variation | None  # None: there is no smaller value
    high: Variation | None

    def shifts(self, threads: int) -> tuple[Estimate | None, Estimate | None]:
        """Points by which the difference moved, low and high."""
        base = self.reference[threads].rates
        low, high = (estimate_shift(base, each.outcomes[threads].rates) if each else None for each in (self.low, self.high))
        return low, high

    def moved(self, threads: int) -> float:
        """The larger of the two, without its sign; what is not told apart from chance counts as nothing."""
        return max((abs(shift.mean) for shift in self.shifts(threads) if shift is not None and told_apart(shift)), default=0.0)

    @property
    def moved_most(self) -> float:
        """Over all numbers of threads."""
        return max(self.moved(threads) for threads in self.reference)

    def turns(self, threads: int, shift: Estimate) -> bool:
        """Whether a difference moved by `shift` makes the other variant the faster one; below the resolution it does not."""
        base = self.reference[threads].difference.mean
        return told_apart(shift) and abs(shift.mean) >= RESOLUTION_POINTS and base * (base + shift.mean) < 0

    def changes_sign(self, threads: int) -> bool:
        """Whether one of the variations turns the difference."""
        return any(self.turns(threads, shift) for shift in self.shifts(threads) if shift is not None)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""

        def variation(end: int) -> dict[str, Any] | None:
            each = (self.low, self.high)[end]
            if each is None:
                return None
            rows = []
            for threads, outcome in each.outcomes.items():
                shift = self.shifts(threads)[end]
                rows.append({"threads": threads, **outcome.to_dict(), "shift_points": shift.to_dict() if shift else None})
            return {"value": each.value, "rows": rows}

        return {
            "key": self.key,
            "value": self.figure.value,
            "unit": self.figure.unit,
            "confidence": self.figure.confidence,
            "low": variation(0),
            "high": variation(1),
            "rows": [
                {"threads": threads, "moved_points": self.moved(threads), "changes_sign": self.changes_sign(threads)}
                for threads in self.reference
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The comparison as it stands and the effects, largest first. `partial`: stopped, the effects that are there are complete."""

    variants: tuple[str, str]
    machine: str
    workload: str
    cores: int
    messages: int
    seeds: tuple[int, ...]
    seed_varies: str
    counts: str  # what the numbers below are: "pairs" or "threads"
    reference: Mapping[int, Outcome]  # by number of threads, or of pairs of them
    effects: tuple[Effect, ...]
    overrides: Mapping[str, float] = field(default_factory=dict)  # of all runs, as in the next two
    stall_schedule: tuple[Stall, ...] = ()
    tick_hz: int = 0
    partial: bool = False
    failed: EmuError | None = None  # of a run, which ended it early

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
            "workload": self.workload,
            "cores": self.cores,
            "messages": self.messages,
            "seeds": list(self.seeds),
            "seed_varies": self.seed_varies,
            "counts": self.counts,
            "overrides": dict(self.overrides),
            "stalls": [str(stall) for stall in self.stall_schedule],
            "tick_hz": self.tick_hz,
            "partial": self.partial,
            "failed": str(self.failed) if self.failed is not None else None,
            "rows": [{"threads": threads, **outcome.to_dict()} for threads, outcome in self.reference.items()],
            "figures": [effect.to_dict() for effect in self.effects],
        }


def half_and_half_more(figure: Figure) -> tuple[int | None, int | None]:
    """The values at -50 % and +50 %, rounded away from the figure's own; None where there is no such value."""
    values = allowed(figure)
    low = max(figure.value // 2 // values.step * values.step, values[0], min(figure.value, 1))
    high = min(-(-3 * figure.value // (2 * values.step)) * values.step, values[-1])
    return (low if low < figure.value else None), (high if high > figure.value else None)


def varied_figures(machine: MachineFile) -> dict[str, Figure]:
    """The figures that a sensitivity run changes, by key."""
    return {
        key: each for key, each in figures(machine).items() if not isinstance(each, NOT_VARIED) and any(half_and_half_more(each))
    }


def vary_figures(
    plans: Sequence[RowPlan], runner: Runner, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> Sensitivity | None:
    """Run `plans` as they are, then with each figure low and high; None: stopped before they were complete as they are."""
    first = plans[0].pairs[0]
    machine = apply_overrides(load_machine(first[0].machine), first[0].overrides)
    known = varied_figures(machine)
    cases = [(key, value) for key, figure in known.items() for value in half_and_half_more(figure) if value is not None]
    varied = [_with(plan, key, value) for key, value in cases for plan in plans]
    done = RowRuns([*plans, *varied], runner, progress=progress, should_stop=should_stop)
    reference, *others = _groups(done, plans, 1 + len(cases))
    if reference is None:
        if done.failed is not None:
            raise done.failed
        return None
    found = {case: Variation(case[1], outcomes) for case, outcomes in zip(cases, others, strict=True) if outcomes is not None}
    effects = []
    for key, figure in known.items():
        wanted = half_and_half_more(figure)
        if all((key, value) in found for value in wanted if value is not None):
            low, high = (found[key, value] if value is not None else None for value in wanted)
            effects.append(Effect(key, figure, reference, low, high))
    return Sensitivity(
        variants=(first[0].variant, first[1].variant),
        machine=machine.name,
        workload=first[0].workload,
        cores=first[0].cores,
        messages=first[0].messages,
        seeds=tuple(a.seed for a, _ in plans[0].pairs),
        seed_varies=seed_varies(first[0].plan(machine.topology.processors_per_module).placement, first[0].tick_hz),
        counts=plans[0].counts,
        reference=reference,
        effects=tuple(sorted(effects, key=lambda effect: -effect.moved_most)),
        overrides=dict(first[0].overrides),
        stall_schedule=first[0].stalls,
        tick_hz=first[0].tick_hz,
        partial=len(found) < len(cases),
        failed=done.failed,
    )


def _with(plan: RowPlan, key: str, value: int) -> RowPlan:
    """The same pairs with one figure set."""

    def varied(experiment: Experiment) -> Experiment:
        others = tuple(each for each in experiment.overrides if each[0] != key)
        return replace(experiment, overrides=(*others, (key, value)))

    return replace(plan, pairs=tuple((varied(a), varied(b)) for a, b in plan.pairs))


def _groups(done: RowRuns, plans: Sequence[RowPlan], groups: int) -> list[dict[int, Outcome] | None]:
    """The rows of `plans` time after time, each already reduced to its outcome; None for a time at which not all were complete."""
    rows: list[dict[int, Outcome]] = [{} for _ in range(groups)]
    for place, a, b in done:
        group, row = divmod(place, len(plans))
        rows[group][plans[row].threads] = Outcome.of(a, b)
    return [each if len(each) == len(plans) else None for each in rows]
