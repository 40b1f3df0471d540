"""The picture of a comparison: rates and their difference by number of threads, beside what was published."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from emu.report.figure import BLUE, GREY, ORANGE, save, style
from emu.report.page import count
from emu.run.bootstrap import CONFIDENCE_PERCENT, Estimate
from emu.run.comparison import RATE, Comparison

WIDTH_INCHES, HEIGHT_INCHES = 10.0, 4.8
GROUP = 0.8  # of the distance between two numbers of threads, taken by their bars
HEADROOM = 1.18
SOURCE_COLUMNS = 150


def plot_comparison(comparison: Comparison, path: Path) -> None:
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
        save(figure, path)


def _title(comparison: Comparison) -> str:
    seeds = f"seed {comparison.seeds[0]} only" if len(comparison.seeds) == 1 else f"means over {len(comparison.seeds)} seeds"
    lines = [
        f"{comparison.workload} on {comparison.machine}, {count(comparison.cores, 'core')}, {comparison.placement}: "
        f"{count(comparison.messages, 'message')} a run, {seeds}"
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
        first = (2 * place if beside else place) - (1.5 if beside else 0.5)
        sides = [(row.a, row.b)[place] for row in comparison.rows]
        estimates = [side.estimates[RATE] for side in sides]
        at = [index + first * width for index in range(len(sides))]
        label = f"{name}, predicted" if beside else name
        _bars(axes, at, [side.messages_per_second / 1e3 for side in sides], width, label=label, color=colour)
        _whiskers(axes, at, estimates, 1e-3)
        if beside:
            rows = [(index, row.published) for index, row in enumerate(comparison.rows) if row.published is not None]
            at = [index + (first + 1) * width for index, _ in rows]
            heights = [published.messages_per_second[place] / 1e3 for _, published in rows]
            hollow = {"facecolor": "white", "edgecolor": colour, "hatch": "////"}
            _bars(axes, at, heights, width, label=f"{name}, published", **hollow)
    _threads_axis(axes, comparison)
    axes.set_ylim(0, axes.get_ylim()[1] * HEADROOM)
    axes.set_ylabel("thousand messages a second")
    axes.set_title(f"Rate{_whisker_words(comparison)}")
    axes.legend(loc="upper left", fontsize=8, ncols=2)


def _differences(axes: Any, comparison: Comparison) -> None:
    """The same for the difference in percent; one colour, as it is of both variants."""
    beside = _has_published(comparison)
    width = GROUP / 2
    at = [index - (0.5 if beside else 0) * width for index in range(len(comparison.rows))]
    means = [row.difference_percent for row in comparison.rows]
    _bars(axes, at, means, width, label="predicted", color=GREY, form="{:+.1f}")
    _whiskers(axes, at, [row.difference for row in comparison.rows], 1)
    if beside:
        rows = [(index, row.published) for index, row in enumerate(comparison.rows) if row.published is not None]
        at = [index + 0.5 * width for index, _ in rows]
        heights = [published.difference_percent for _, published in rows]
        _bars(axes, at, heights, width, label="published", facecolor="white", edgecolor=GREY, hatch="////", form="{:+.1f}")
        axes.legend(loc="upper left", fontsize=8)
    axes.axhline(0, color="black", linewidth=0.8)
    _threads_axis(axes, comparison)
    low, high = axes.get_ylim()
    axes.set_ylim(low * HEADROOM, high * HEADROOM)
    axes.set_ylabel(f"{comparison.variants[1]} against {comparison.variants[0]}, percent")
    axes.set_title(f"Difference{_whisker_words(comparison)}")


def _whisker_words(comparison: Comparison) -> str:
    return "" if len(comparison.seeds) == 1 else f"; whiskers: {CONFIDENCE_PERCENT} % confidence over seeds"


def _bars(axes: Any, at: Sequence[float], heights: Sequence[float], width: float, *, form: str = "{:.0f}", **options: Any) -> None:
    """Bars with their heights written above them."""
    bars = axes.bar(at, heights, width * 0.92, linewidth=1, **options)
    axes.bar_label(bars, [form.format(height + 0.0) for height in heights], fontsize=7, padding=3)


def _whiskers(axes: Any, at: Sequence[float], estimates: Sequence[Estimate | None], scale: float) -> None:
    """Confidence intervals, where there are any."""
    for place, each in zip(at, estimates, strict=True):
        if each is not None and each.interval is not None:
            ends = [scale * bound for bound in each.interval]
            axes.plot([place, place], ends, color="black", linewidth=1.2, marker="_", markersize=6)


def _threads_axis(axes: Any, comparison: Comparison) -> None:
    axes.set_xticks(range(len(comparison.rows)), [str(row.threads) for row in comparison.rows])
    axes.set_xlabel("threads")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(axis="x", length=0)
