"""Pictures of a sweep: curves with their intervals and laws, and a heat map over two axes."""

from typing import Any

from emu.compare.bootstrap import CONFIDENCE_PERCENT, estimate_difference_percent
from emu.errors import UserError
from emu.files import Output
from emu.report.bench_plot import LINES
from emu.report.figure import LIGHT_GREY, save, style
from emu.report.page import count
from emu.sweep.plan import Plan, label
from emu.sweep.point import Value
from emu.sweep.sweep import Series, Sweep

WIDTH_INCHES, HEIGHT_INCHES = 9.0, 5.2
CELL_INCHES, AROUND_INCHES = (0.95, 0.55), (3.2, 1.6)
LAW_POINTS = 200


def plot_curves(sweep: Sweep, file: Output) -> None:
    """Rates over the axis of the curves into a .png or .svg file."""
    x = str(sweep.plan.x)
    with style() as new_figure:
        figure = new_figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES))
        axes = figure.subplots()
        for place, series in enumerate(sweep.series):
            _curve(axes, series, x, *LINES[place % len(LINES)])
        axes.set(xlabel=label(x), ylabel=f"thousand {sweep.plan.subject.items} a second")
        axes.set_xticks(sorted({float(each.at[x]) for each in sweep.plan.points}))
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=LIGHT_GREY)
        axes.legend()
        figure.suptitle(_title(sweep), fontsize=11, x=0.01, ha="left")
        save(figure, file)


def _curve(axes: Any, series: Series, x: str, colour: str, marker: str) -> None:
    places = [float(each.point.at[x]) for each in series.figures]
    means = [each.rate.mean * 1e-3 for each in series.figures]
    dashed = "none" if series.fit is not None else "-"
    axes.plot(places, means, color=colour, marker=marker, linestyle=dashed, label=series.name)
    intervals = [each.rate.interval for each in series.figures if each.rate.interval is not None]
    if len(intervals) == len(places):
        ends = zip(means, intervals, strict=True)
        whiskers = list(zip(*((mean - low * 1e-3, high * 1e-3 - mean) for mean, (low, high) in ends), strict=True))
        axes.errorbar(places, means, yerr=whiskers, color=colour, linestyle="none", capsize=4)
    if series.fit is not None:
        step = (places[-1] - places[0]) / LAW_POINTS
        along = [places[0] + step * each for each in range(LAW_POINTS + 1)]
        axes.plot(along, [series.fit.at(n) * 1e-3 for n in along], color=colour, linewidth=1)


def _title(sweep: Sweep) -> str:
    plan = sweep.plan
    intervals = f", whiskers: {CONFIDENCE_PERCENT} % confidence" if plan.seeds > 1 else ""
    laws = ", lines: the Universal Scalability Law" if any(each.fit is not None for each in sweep.series) else ""
    return f"{plan.title}\n{count(plan.seeds, 'seed')}{intervals}{laws}"


def heat_axes(plan: Plan) -> tuple[str, str]:
    """The two axes of a heat map: all that have several values, but that of two rivals, whose difference it then shows."""
    judged = plan.subject.named if len(plan.rivals) == 2 else None
    several = [name for name, values in plan.axes.items() if len(values) > 1 and name != judged]
    if len(several) != 2:
        has = ", ".join(several) or "none"
        raise UserError(f"--heat needs two axes of several values, beside that of two {plan.subject.named}s; this sweep has {has}")
    return several[0], several[1]


def plot_heat(sweep: Sweep, file: Output) -> None:
    """A cell for each pair of values: the rate, or with two variants how much faster the second one is."""
    across, down = heat_axes(sweep.plan)
    columns, rows = sweep.plan.axes[across], sweep.plan.axes[down]
    cells = [[_cell(sweep, {across: column, down: row}) for column in columns] for row in rows]
    differences = len(sweep.plan.rivals) == 2
    known = [value for line in cells for value in line if value is not None]
    limit = max((abs(value) for value in known), default=1.0) or 1.0
    with style() as new_figure:
        size = (CELL_INCHES[0] * len(columns) + AROUND_INCHES[0], CELL_INCHES[1] * len(rows) + AROUND_INCHES[1])
        figure = new_figure(figsize=size)
        axes = figure.subplots()
        shown = [[float("nan") if value is None else value for value in line] for line in cells]
        scale = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit} if differences else {"cmap": "viridis", "vmin": 0}
        picture = axes.imshow(shown, aspect="auto", **scale)
        axes.set_xticks(range(len(columns)), [str(each) for each in columns])
        axes.set_yticks(range(len(rows)), [str(each) for each in rows])
        axes.set(xlabel=label(across), ylabel=label(down))
        axes.set_title(_heat_title(sweep), wrap=True)
        for y, line in enumerate(cells):
            for x, value in enumerate(line):
                words = "-" if value is None else f"{value:+.1f}" if differences else f"{value:,.0f}"
                axes.text(x, y, words, ha="center", va="center", color="black", bbox={"color": "#FFFFFFAA", "pad": 1})
        figure.colorbar(picture, label="percent" if differences else f"thousand {sweep.plan.subject.items} a second")
        save(figure, file)


def _heat_title(sweep: Sweep) -> str:
    rivals = sweep.plan.rivals
    return f"{sweep.plan.title}: how much faster {rivals[1]} is than {rivals[0]}" if len(rivals) == 2 else sweep.plan.title


def _cell(sweep: Sweep, at: dict[str, Value]) -> float | None:
    """The value of a cell; None where a run has failed or was not made."""
    found = [each for each in sweep.figures if all(each.point.at[name] == value for name, value in at.items())]
    if len(sweep.plan.rivals) == 2:
        return estimate_difference_percent(found[0].rates, found[1].rates).mean if len(found) == 2 else None
    return found[0].rate.mean * 1e-3 if found else None
