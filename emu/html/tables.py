"""The reports' own parts, tables and text, as HTML: the same cells, so the same figures."""

from collections.abc import Iterable, Iterator
from html import escape

from rich.console import RenderableType
from rich.text import Text

from emu.printable import printable
from emu.report.grid import Beside, Column, Grid


def html_of(parts: Iterable[RenderableType]) -> str:
    """Parts one below the other."""
    return "\n".join(line for part in parts for line in _part(part))


def _part(part: RenderableType) -> Iterator[str]:
    if isinstance(part, Beside):
        yield '<div class="beside">'
        yield from (line for grid in (part.left, part.right) for line in _part(grid))
        yield "</div>"
    elif isinstance(part, Grid):
        yield from _table(part)
    elif isinstance(part, Text):
        if part.plain.strip():
            yield f"<p>{words(part.plain)}</p>"
    elif isinstance(part, str):
        if part.strip():
            yield f"<p>{words(part)}</p>"
    else:
        raise TypeError(f"no HTML for {type(part).__name__}")


def words(text: str) -> str:
    """Text of anybody's."""
    return escape(printable(text.strip()))


def _table(grid: Grid) -> Iterator[str]:
    """A region of its own, so that a narrow screen and a keyboard can move it sideways. Bars are left out: shares are there."""
    places = [place for place, column in enumerate(grid.columns) if not column.bar]
    label = words(grid.title or grid.columns[0].heading)
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table>'
    if grid.title:
        yield f"<caption>{label}</caption>"
    yield "<thead>"
    columns = [grid.columns[place] for place in places]
    if any(column.group for column in columns):
        yield f"<tr>{''.join(_groups(columns))}</tr>"
    yield f"<tr>{''.join(_heading(column, place < grid.keys) for place, column in zip(places, columns, strict=True))}</tr>"
    yield "</thead><tbody>"
    for row in grid.rows:
        yield f"<tr>{''.join(_cell(row.cells[place], grid, place) for place in places)}</tr>"
    yield "</tbody></table></div>"
    if grid.caption:
        yield f"<p>{words(grid.caption)}</p>"


def _groups(columns: list[Column]) -> Iterator[str]:
    place = 0
    while place < len(columns):
        group, end = columns[place].group, place + 1
        while group and end < len(columns) and columns[end].group == group:
            end += 1
        yield f'<th colspan="{end - place}" class="group">{words(group)}</th>'
        place = end


def _heading(column: Column, key: bool) -> str:
    left = ' class="left"' if column.left or key else ""
    return f'<th scope="col"{left}>{words(column.heading)}</th>'


def _cell(cell: Text, grid: Grid, place: int) -> str:
    """The first cell of a row says what it is of; blanks before it, that it is a part of the row above."""
    if place == 0:
        part = ' class="part"' if cell.plain.startswith("  ") else ""
        return f'<th scope="row"{part}>{words(cell.plain)}</th>'
    left = ' class="left"' if grid.columns[place].left or place < grid.keys else ""
    return f"<td{left}>{words(cell.plain)}</td>"
