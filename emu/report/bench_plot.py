"""The picture of locks over cores: rounds a second, and the mean wait."""

from collections.abc import Sequence
from typing import Any

from emu.files import Output
from emu.report.figure import BLUE, GREEN, GREY, ORANGE, save, style
from emu.subjects.bench.result import BenchResult

WIDTH_INCHES, HEIGHT_INCHES = 10.0, 4.4
# Okabe and Ito 2008; markers tell the lines apart without colour.
LINES = (
    (BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), ("#CC79A7", "D"), ("#56B4E9", "v"), ("#E69F00", "P"), (GREY, "X"),
)  # fmt: skip


def plot_bench(results: Sequence[BenchResult], file: Output) -> None:
    """Draw into a .png or .svg file."""
    with style() as new_figure:
        figure = new_figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES))
        rates, waits = figure.subplots(1, 2)
        for place, lock in enumerate(dict.fromkeys(each.plan.lock for each in results)):
            runs = [each for each in results if each.plan.lock == lock]
            colour, marker = LINES[place % len(LINES)]
            cores = [each.plan.cores for each in runs]
            looks: dict[str, Any] = {"color": colour, "marker": marker, "label": runs[0].lock}
            rates.plot(cores, [each.rounds_per_second * 1e-6 for each in runs], **looks)
            waits.plot(cores, [each.wait.cycles_mean for each in runs], **looks)
        _axes(rates, "rounds, millions a second", results)
        _axes(waits, "mean wait, cycles", results)
        rates.legend()
        plan = results[0].plan
        title = (
            f"{results[0].machine}, section {plan.section}, think {plan.think:,}, {plan.rounds:,} rounds a core, seed {plan.seed}"
        )
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        save(figure, file)


def _axes(axes: Any, title: str, results: Sequence[BenchResult]) -> None:
    axes.set_title(title)
    axes.set_xlabel("cores")
    axes.set_xticks(sorted({each.plan.cores for each in results}))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#DDDDDD")
