"""A sweep as text: a row a point, the law of each curve, who leads where."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from emu.compare.bootstrap import CONFIDENCE_PERCENT, Estimate
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, bar, count, number, page
from emu.sweep.crossings import in_words
from emu.sweep.plan import label, words_of
from emu.sweep.sweep import Figures, Sweep

RATES = "thousands a second"
POOR_PERCENT = 20  # a law that is off by more does not describe its curve
PEAK_MAX = 10_000  # cores or threads; one beyond is none


def render_sweep(sweep: Sweep, *, width: int = WIDTH, colour: bool = False) -> str:
    """The page."""
    return page(_parts(sweep), width=width, colour=colour)


def _parts(sweep: Sweep) -> Iterator[RenderableType]:
    plan = sweep.plan
    several = count(plan.seeds, "seed")
    intervals = f", intervals of {CONFIDENCE_PERCENT} %" if plan.seeds > 1 else ""
    yield Text(f"{plan.title}: {count(len(sweep.figures), 'point')} of {len(plan.points)}, {several}{intervals}", style="bold")
    if plan.fixed:
        yield Text(f"in all: {', '.join(f'{label(name)} {value}' for name, value in plan.fixed.items())}")
    yield Text(f"a seed varies {sweep.seed_varies}")
    yield Text()
    yield _table(sweep)
    yield from _laws(sweep)
    if sweep.leads:
        yield Text("Who is ahead", style="bold")
        x = label(str(plan.x))
        for each in sweep.leads:
            crossings = "".join(f"; the difference passes 0 at {x} {at:.1f}" for at in each.crossings)
            where = f"{words_of(each.at.items())}: " if each.at else ""
            yield Text(f"{where}{in_words(each, x)}{crossings}.")
        yield Text()
    for place, error in sweep.failed.items():
        yield Text(f"failed at {words_of(plan.points[place].at.items())}: {error}")
    if sweep.partial:
        yield Text("PARTIAL: the sweep was ended early")


def _table(sweep: Sweep) -> Grid:
    """A row a point, the curves apart."""
    axes = [name for name, values in sweep.plan.axes.items() if len(values) > 1] or list(sweep.plan.axes)
    if sweep.plan.x is not None:
        axes = [*(name for name in axes if name != sweep.plan.x), sweep.plan.x]
    rates = (f"{RATES}|mean", f"{RATES}|interval", "=|")
    more = sweep.plan.subject.columns
    headed = (f"+{sweep.plan.subject.columns_are}|{each}" for each in more.values())
    table = grid(*map(label, axes), *rates, *headed, keys=len(axes))
    most = max((each.rate.mean for each in sweep.figures), default=0.0)
    ordered = [each for one in sweep.series for each in one.figures] or list(sweep.figures)
    ends = {id(one.figures[-1]) for one in sweep.series}
    for each in ordered:
        figures = [_figure(each, name) for name in more]
        at = [str(each.point.at[name]) for name in axes]
        share = bar(each.rate.mean / most) if most else ""
        table.add_row(*at, _thousand(each.rate.mean), _interval(each.rate), share, *figures, end_section=id(each) in ends)
    return table


def _thousand(rate: float) -> str:
    return f"{rate * 1e-3:,.1f}"


def _interval(rate: Estimate) -> str:
    return "" if rate.interval is None else f"{rate.interval[0] * 1e-3:,.1f} to {rate.interval[1] * 1e-3:,.1f}"


def _figure(each: Figures, name: str) -> str:
    estimate = each.estimates[name]
    return "-" if estimate is None else number(estimate.mean)


def _laws(sweep: Sweep) -> Iterator[RenderableType]:
    fitted = [(each, each.fit) for each in sweep.series if each.fit is not None]
    if not fitted:
        return
    yield Text("Universal Scalability Law: X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1))", style="bold")
    with_interval = (f"{each}|{part}" for each in ("sigma", "kappa", "peak") for part in ("mean", "interval"))
    table = grid("curve", "lambda, thousand a second", *with_interval, "off by")
    for series, law in fitted:
        peak = ("none", "") if law.peak is None or law.peak.mean > PEAK_MAX else (f"{law.peak.mean:.1f}", _range(law.peak, ".1f"))
        sigma, kappa = (f"{law.sigma.mean:.4f}", _range(law.sigma, ".4f")), (f"{law.kappa.mean:.5f}", _range(law.kappa, ".5f"))
        table.add_row(series.name, _thousand(law.rate_of_one.mean), *sigma, *kappa, *peak, f"{law.error_percent:.1f} %")
    yield table
    meanings = "lambda: of one; sigma: the share that goes one at a time; kappa: what each pair costs; off by: at most, at a point"
    yield Text(f"n is {sweep.plan.x}; {meanings}")
    if any(law.error_percent > POOR_PERCENT for _, law in fitted):
        yield Text(f"A law that is off by more than {POOR_PERCENT} % is none of its curve: it knows no steps, as between modules.")
    yield Text()


def _range(estimate: Estimate, form: str) -> str:
    if estimate.interval is None:
        return ""
    low, high = estimate.interval
    return f"{low:{form}} to {high:{form}}" if high <= PEAK_MAX else f"{low:{form}} on"
