"""Tornado plots of a sensitivity run: one panel a number of threads, one bar a figure, widest on top."""

from typing import Any

from emu.compare.sensitivity import MOVED_POINTS, Effect, Sensitivity, told_apart
from emu.files import Output
from emu.report.figure import BLUE, GREY, LIGHT_GREY, ORANGE, save, style
from emu.report.page import count

FIGURES_MAX = 20  # the widest; the others would be hair lines
THICKNESS = 0.38  # of a bar; of a row, 1
PALE = 0.3  # how much of its colour a bar keeps that is within chance
BARS: dict[str, tuple[float, dict[str, Any]]] = {  # place in the row, look
    "-50 %": (THICKNESS / 2, {"facecolor": BLUE}),
    "+50 %": (-THICKNESS / 2, {"facecolor": ORANGE, "hatch": "////"}),
}
INCHES_A_FIGURE = 0.3
INCHES_AROUND = 2.2
INCHES_A_PANEL = 3.4
INCHES_NAMES = 2.2


def plot_sensitivity(found: Sensitivity, file: Output) -> None:
    """Draw into a .png or .svg file."""
    effects = found.effects[:FIGURES_MAX][::-1]
    from matplotlib.patches import Patch

    with style() as new_figure:
        panels = len(found.reference)
        size = INCHES_NAMES + INCHES_A_PANEL * panels, INCHES_AROUND + INCHES_A_FIGURE * max(len(effects), 3)
        figure = new_figure(figsize=size)
        legend: dict[str, Any] = {name: Patch(edgecolor="white", linewidth=0, **look) for name, (_, look) in BARS.items()}
        for axes, threads in zip(figure.subplots(1, panels, sharey=True, squeeze=False)[0], found.reference, strict=True):
            _panel(axes, found, effects, threads)
            handles, labels = axes.get_legend_handles_labels()
            legend |= dict(zip(labels, handles, strict=True))
        figure.suptitle(_title(found), fontsize=11, x=0.01, ha="left")
        figure.legend(legend.values(), legend.keys(), loc="outside lower left", ncols=len(legend), fontsize=8)
        save(figure, file)


def _title(found: Sensitivity) -> str:
    name_a, name_b = found.variants
    seeds = f"seed {found.seeds[0]} only" if len(found.seeds) == 1 else f"means over {len(found.seeds)} seeds"
    left_out = len(found.effects) - FIGURES_MAX
    more = f"; the {FIGURES_MAX} widest of {len(found.effects)} figures" if left_out > 0 else ""
    pale = "; pale: within what seeds make" if len(found.seeds) > 1 else ""
    return (
        f"{name_b} against {name_a} with each figure of {found.machine} at -50 % and +50 %\n"
        f"{found.workload}, {count(found.cores, 'core')}, {count(found.messages, 'message')} a run, {seeds}{more}{pale}"
    )


def _panel(axes: Any, found: Sensitivity, effects: tuple[Effect, ...], threads: int) -> None:
    base = found.reference[threads].difference.mean
    axes.axvspan(
        base - MOVED_POINTS, base + MOVED_POINTS, color=LIGHT_GREY, alpha=0.5, linewidth=0, label=f"±{MOVED_POINTS:.0f} points"
    )
    for place, effect in enumerate(effects):
        for shift, (offset, look) in zip(effect.shifts(threads), BARS.values(), strict=True):
            if shift is not None:
                alpha = 1.0 if told_apart(shift) else PALE
                axes.barh(place + offset, shift.mean, THICKNESS, left=base, linewidth=0, edgecolor="white", alpha=alpha, **look)
    axes.axvline(base, color="black", linewidth=1, label="as in the file")
    low_end, high_end = axes.get_xlim()
    if low_end < 0 < high_end:
        axes.axvline(0, color=GREY, linewidth=1, linestyle=":", label="no difference")
    axes.set_yticks(range(len(effects)), [effect.key for effect in effects], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=LIGHT_GREY, linewidth=0.6)
    axes.set_title(f"{count(threads, found.unit)}: {base:+.1f} %")
    axes.set_xlabel("difference, percent")
