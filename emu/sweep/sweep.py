"""A sweep carried out: a point's figures over the seeds, a curve's law, and which of two curves leads where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any

from emu.compare.bootstrap import Estimate, estimate_mean, interval_of
from emu.errors import EmuError, UserError
from emu.runner.outcome import Outcome, ShouldStop, never
from emu.runner.runner import Progress, Runner, first_alone, silent
from emu.sweep.crossings import Lead, lead
from emu.sweep.plan import Plan, Point, SeriesKey, series_of, words_of
from emu.sweep.point import SCALES, Quantity
from emu.sweep.scalability import Fit, fit

SCHEMA = "emu-sweep/1"


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a point: each quantity over the seeds, and the rate of each seed."""

    point: Point
    rates: tuple[float, ...]
    rate: Estimate  # the headline
    estimates: Mapping[str, Estimate | None]  # by name of the quantity, the rate's first; None: not counted

    @classmethod
    def of(cls, point: Point, quantities: Mapping[str, Quantity], runs: Sequence[Any]) -> "Figures":
        """From its runs in the order of the seeds."""
        estimates: dict[str, Estimate | None] = {}
        for name, quantity in quantities.items():
            values = [value for value in map(quantity, runs) if value is not None]
            estimates[name] = estimate_mean(values) if len(values) == len(runs) else None
        first = next(iter(quantities))
        rates, rate = tuple(quantities[first](run) or 0.0 for run in runs), estimates[first]
        if rate is None:
            raise UserError(f"at {words_of(point.at.items())}: a region of no length has no rate: from and to are the same place")
        return cls(point, rates, rate, estimates)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        quantities = {
            name: None if each is None else {"mean": each.mean, "confidence_interval": interval_of(each)}
            for name, each in self.estimates.items()
        }
        return {"at": dict(self.point.at), "quantities": quantities}


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its place on the other axes, and its points in order."""

    key: SeriesKey
    figures: tuple[Figures, ...]
    fit: Fit | None = None

    @property
    def name(self) -> str:
        """Its place on the other axes."""
        return words_of(self.key) or "all"

    def curve(self, x: str) -> dict[float, tuple[float, ...]]:
        """Rates, a value a seed, by place on the axis of the curves."""
        return {float(each.point.at[x]): each.rates for each in self.figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep has come to. `failed`: points of which a run has, with the first error; `partial`: it was ended early."""

    plan: Plan
    seed_varies: str
    figures: tuple[Figures, ...]
    series: tuple[Series, ...] = ()
    leads: tuple[Lead, ...] = ()
    failed: Mapping[int, EmuError] = field(default_factory=dict)  # by the point's place in the plan
    partial: bool = False

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        plan = self.plan
        return {
            "schema": SCHEMA,
            "title": plan.title,
            "axes": {name: list(values) for name, values in plan.axes.items()},
            "fixed": dict(plan.fixed),
            "seeds": plan.seeds,
            "seed_varies": self.seed_varies,
            "x": plan.x,
            "partial": self.partial,
            "points": [each.to_dict() for each in self.figures],
            "failed": [{"at": dict(plan.points[place].at), "error": str(error)} for place, error in self.failed.items()],
            "fits": [{"series": dict(each.key), **each.fit.to_dict()} for each in self.series if each.fit is not None],
            "leads": [each.to_dict() for each in self.leads],
        }


def run_sweep(plan: Plan, runner: Runner, *, progress: Progress = silent, should_stop: ShouldStop = never) -> Sweep | None:
    """Run every point; a point of which a run fails is told, and the others go on. None: stopped before a point was complete."""
    outcomes = runner.run(plan.subject.kind, plan.calls(), progress=progress, should_stop=should_stop, waves=first_alone())
    figures: list[Figures] = []
    failed: dict[int, EmuError] = {}
    partial = False
    for place, point in enumerate(plan.points):
        of_point = list(islice(outcomes, plan.seeds))
        error = _error(of_point)
        if error is not None:
            failed[place] = error
        elif len(of_point) == plan.seeds:
            figures.append(Figures.of(point, plan.subject.quantities, [each.result() for each in of_point]))
        else:
            partial = True
    if not figures and not failed:
        return None
    series = tuple(_series(plan, figures))
    return Sweep(
        plan=plan,
        seed_varies=plan.subject.seed_varies(plan.points[0].call),
        figures=tuple(figures),
        series=series,
        leads=tuple(_leads(plan, series)),
        failed=failed,
        partial=partial,
    )


def _error(outcomes: Sequence[Outcome[Any]]) -> EmuError | None:
    """The first error among the runs of a point; one of the user's own would be in all of them, and ends the sweep."""
    error = next((each.error for each in outcomes if each.error is not None), None)
    if isinstance(error, UserError):
        raise error
    return error


def _series(plan: Plan, figures: Sequence[Figures]) -> Iterator[Series]:
    """The curves, in the order of the plan; over cores or threads with their laws."""
    if plan.x is None:
        return
    curves: dict[SeriesKey, list[Figures]] = {}
    for each in figures:
        curves.setdefault(series_of(each.point.at, plan.x), []).append(each)
    for key, members in curves.items():
        series = Series(key, tuple(sorted(members, key=lambda each: float(each.point.at[str(plan.x)]))))
        law = fit({int(x): rates for x, rates in series.curve(plan.x).items()}) if plan.x in SCALES else None
        yield Series(key, series.figures, law)


def _leads(plan: Plan, series: Sequence[Series]) -> Iterator[Lead]:
    """Every two curves that differ on one axis alone: on that of variants or kernels, or else on the first of several values."""
    if plan.x is None:
        return
    several = [name for name, values in plan.axes.items() if len(values) > 1 and name != plan.x]
    axis = plan.subject.named if plan.subject.named in several else next(iter(several), None)
    for one, other in combinations(series, 2):
        differing = [name for (name, a), (_, b) in zip(one.key, other.key, strict=True) if a != b]
        if axis is not None and differing == [axis]:
            a, b = (words_of((name, value) for name, value in each.key if name == axis) for each in (one, other))
            at = {name: value for name, value in one.key if name != axis}
            yield lead(a, b, one.curve(plan.x), other.curve(plan.x), at)
