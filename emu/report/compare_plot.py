"""The picture of a comparison: rates and their difference by number of threads, beside what was published."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from emu.compare.bootstrap import CONFIDENCE_PERCENT, Estimate
from emu.compare.comparison import RATE, Comparison
from emu.files import Output
from emu.report.figure import BLUE, GREY, ORANGE, save, style
from emu.report.page import count

WIDTH_INCHES, HEIGHT_INCHES = 10.0, 4.8
GROUP = 0.8  # of the distance between two numbers of threads, taken by their bars
HEADROOM = 1.18
HOLLOW: dict[str, Any] = {"facecolor": "white", "hatch": "////"}
SOURCE_COLUMNS = 150


def plot_comparison(comparison: Comparison, file: Output) -> None:
    """Draw into a .png or .svg file."""
    with style() as new_figure:
        figure = new_figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES))
        rates, differences = figure.subplots(1, 2, width_ratios=(3, 2))
        _rates(rates, comparison)
        _differences(differences, comparison)
        figure.suptitle(_title(comparison), fontsize=11, x=0.01, ha="left")
        if _has_published(comparison):
            source = "\n".join(wrap(f"published: {comparison.published_source}", SOURCE_COLUMNS))
            figure.supxlabel(source, fontsize=7, x=0.01, ha="left", color=GREY)
        save(figure, file)


def _title(comparison: Comparison) -> str:
    seeds = f"seed {comparison.seeds[0]} only"
    if len(comparison.seeds) > 1:
        seeds = f"means over {len(comparison.seeds)} seeds, whiskers: {CONFIDENCE_PERCENT} % confidence"
    lines = [
        f"{comparison.workload} on {comparison.machine}, {count(comparison.cores, 'core')}, {comparison.reading}",
        f"{count(comparison.messages, 'message')} a run, {seeds}",
    ]
    lines += [", ".join(f"{key} = {value:,}" for key, value in comparison.overrides.items())] if comparison.overrides else []
    return "\n".join(lines)


def _has_published(comparison: Comparison) -> bool:
    return any(row.published is not None for row in comparison.rows)


def _rates(axes: Any, comparison: Comparison) -> None:
    """A group of bars a number of threads: each variant, predicted and published."""
    beside = _has_published(comparison)
    width = GROUP / (4 if beside else 2)
    for place, (colour, name) in enumerate(zip((BLUE, ORANGE), comparison.variants, strict=True)):
        first = ((2 * place if beside else place) - (1.5 if beside else 0.5)) * width
        estimates = [(row.a, row.b)[place].estimates[RATE] for row in comparison.rows]
        bars = [(index + first, each) for index, each in enumerate(estimates) if each is not None]
        _bars(axes, bars, width, scale=1e-3, label=f"{name}, predicted" if beside else name, color=colour)
        if beside:
            bars = [
                (index + first + width, Estimate(row.published.messages_per_second[place]))
                for index, row in enumerate(comparison.rows)
                if row.published is not None
            ]
            _bars(axes, bars, width, scale=1e-3, label=f"{name}, published", **HOLLOW, edgecolor=colour)
    _threads_axis(axes, comparison)
    axes.set_ylim(0, axes.get_ylim()[1] * HEADROOM)
    axes.set_ylabel("thousand messages a second")
    axes.set_title("Rate")
    axes.legend(loc="upper left", fontsize=8, ncols=2)


def _differences(axes: Any, comparison: Comparison) -> None:
    """The same for the difference in percent; one colour, as it is of both variants."""
    beside = _has_published(comparison)
    width = GROUP / 2
    shift = width / 2 if beside else 0.0
    _bars(
        axes,
        [(index - shift, row.difference) for index, row in enumerate(comparison.rows)],
        width, label="predicted", color=GREY, form="{:+.1f}",
    )  # fmt: skip
    if beside:
        bars = [
            (index + shift, Estimate(row.published.difference_percent))
            for index, row in enumerate(comparison.rows)
            if row.published is not None
        ]
        _bars(axes, bars, width, label="published", **HOLLOW, edgecolor=GREY, form="{:+.1f}")
        axes.legend(loc="upper left", fontsize=8)
    axes.axhline(0, color="black", linewidth=0.8)
    _threads_axis(axes, comparison)
    low, high = axes.get_ylim()
    axes.set_ylim(low * HEADROOM, high * HEADROOM)
    axes.set_ylabel(f"{comparison.variants[1]} against {comparison.variants[0]}, percent")
    axes.set_title("Difference")


def _bars(
    axes: Any, bars: Sequence[tuple[float, Estimate]], width: float, *, scale: float = 1.0, form: str = "{:.0f}", **options: Any
) -> None:
    """Bars at places of the axis, with their intervals where there are any, and their heights written beyond both."""
    axes.bar([at for at, _ in bars], [scale * each.mean for _, each in bars], width * 0.92, linewidth=1, **options)
    for at, each in bars:
        ends = [scale * end for end in each.interval or ()]
        axes.plot([at] * len(ends), ends, color="black", linewidth=1.2, marker="_", markersize=6)
        down = each.mean < 0
        edge = min([scale * each.mean, *ends]) if down else max([scale * each.mean, *ends])
        text, offset = form.format(scale * each.mean + 0.0), (0, -3 if down else 3)
        axes.annotate(text, (at, edge), offset, textcoords="offset points", ha="center", va="top" if down else "bottom", fontsize=7)


def _threads_axis(axes: Any, comparison: Comparison) -> None:
    axes.set_xticks(range(len(comparison.rows)), [str(row.threads) for row in comparison.rows])
    axes.set_xlabel("pairs of threads" if comparison.counts == "pairs" else "threads")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(axis="x", length=0)
