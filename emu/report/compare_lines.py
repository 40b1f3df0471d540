"""Which lines moved out of the queue lock's section, and which into it, from one variant to the other: a table a row."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.compare.comparison import Comparison
from emu.compare.section_lines import MovedLine, SectionLines
from emu.report.grid import Grid, grid
from emu.report.page import count
from emu.subjects.ipc_msg import QUEUE_LOCK

LINES_MAX = 16
FIELDS_MAX = 3


def moved_line_parts(comparison: Comparison) -> Iterator[RenderableType]:
    """For each row that has lines."""
    for row in comparison.rows:
        if row.lines is not None:
            yield from _row(row.lines, comparison.variants, count(row.threads, comparison.unit))


def _row(lines: SectionLines, variants: tuple[str, str], row: str) -> Iterator[RenderableType]:
    yield _table(lines, variants, f"{row}: lines that moved out of the section of {QUEUE_LOCK}, or into it")
    if left := lines.moved[LINES_MAX:]:
        yield Text(f"{count(len(left), 'more line')}: {sum(line.moved for line in left):,} transfers moved (--json has all)")
    words = f"transfers of one pair of runs, seed {lines.seed}; a line is that of all objects of a kind (docs/compare.md)"
    yield Text(words, style="dim")
    yield ""


def _table(lines: SectionLines, variants: tuple[str, str], title: str) -> Grid:
    heads = [f"{escape(name)}|{where}" for name in variants for where in ("under it", "elsewhere")]
    table = grid("~object", "~fields", "<way", "moved", *heads, title=title, keys=2)
    for line in lines.moved[:LINES_MAX]:
        table.add_row(
            escape(line.object),
            escape(_fields(line)),
            "out" if line.out else "in",
            f"{line.moved:,}",
            *(f"{figure:,}" for side in (line.a, line.b) for figure in (side.within, side.outside)),
        )
    sums = (figure for side in (lines.a, lines.b) for figure in (side.within, side.outside))
    table.add_row("all lines", "", "", "", *(f"{figure:,}" for figure in sums), style="bold")
    return table


def _fields(line: MovedLine) -> str:
    left = len(line.fields) - FIELDS_MAX
    return ", ".join(line.fields[:FIELDS_MAX]) + (f" and {left} more" if left > 0 else "")
