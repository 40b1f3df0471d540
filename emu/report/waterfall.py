"""A waterfall as text: from the cycles a message of one variant to those of another, one floating bar a cause."""

from collections.abc import Sequence

from rich.markup import escape

from emu.compare.comparison import Step
from emu.report.grid import Grid, grid
from emu.report.page import adding_up, number, signed

CELLS = 28
LESS, MORE, HAIR = "░", "█", "▏"
NAMES = {"none": "execution"}


def step_name(name: str) -> str:
    """What reports call a state or a cause."""
    return NAMES.get(name, name.replace("_", " "))


def waterfall_table(title: str, variants: tuple[str, str], steps: Sequence[Step]) -> Grid:
    """A whole bar for each variant, and between them one for what each state or cause takes away or adds."""
    name_a, name_b = variants
    total_a, total_b = sum(step.a for step in steps), sum(step.b for step in steps)
    shown = zip(steps, adding_up(step.a for step in steps), adding_up(step.b for step in steps), strict=True)
    scale = CELLS / max(_peak(total_a, steps), 1.0)
    table = grid("", name_a, name_b, "change", f"= {LESS} less  {MORE} more", title=title)
    table.add_row(f"all of {escape(name_a)}", number(round(total_a)), "", "", " " + "▒" * round(total_a * scale))
    level = total_a
    for step, a, b in shown:
        after = level + step.difference
        if a or b:
            bar = " " + _floating(level * scale, after * scale) if a != b else ""
            table.add_row(f"  {step_name(step.name)}", number(a), number(b), signed(b - a), bar)
        level = after
    change = signed(round(total_b) - round(total_a))
    table.add_row(f"all of {escape(name_b)}", "", number(round(total_b)), change, " " + "▒" * round(total_b * scale))
    return table


def _peak(total: float, steps: Sequence[Step]) -> float:
    """The highest level on the way."""
    levels = [total]
    for step in steps:
        levels.append(levels[-1] + step.difference)
    return max(levels)


def _floating(before: float, after: float) -> str:
    """Cells between two levels; a hair line where there is less than one."""
    low, high = round(min(before, after)), round(max(before, after))
    if low == high:
        return " " * min(low, CELLS - 1) + HAIR
    return " " * low + (LESS if after < before else MORE) * (high - low)
