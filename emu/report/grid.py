"""Tables of words and figures that fit the width they are given, and never cut a figure.

What gives way, in this order: columns of bars; details, which get a table of their own below; words, which wrap; and at last the
other columns, which go on in further tables with the first ones repeated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

EDGES = 2  # cells that a column takes beside its own: the gap to the next one, and for the outer ones an edge
GAP = 2  # between tables side by side
WORDS_MIN = 8  # cells to which words may be squeezed, whatever they are
BAR_CELLS = 24
EVERYWHERE = 10_000  # a width that anything fits


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `group` stands once above the headings of neighbours that have the same."""

    heading: str
    group: str = ""
    left: bool = False
    bar: bool = False
    detail: bool = False  # has a table of its own where all do not fit into one
    words: bool = False  # may wrap: no figures

    @classmethod
    def parse(cls, text: str) -> "Column":
        """Read a heading, `HEADING` or `GROUP|HEADING`, behind marks: `<` left-aligned, `=` bars, `+` detail, `~` words."""
        marks = text[: len(text) - len(text.lstrip("<=+~"))]
        group, _, heading = text[len(marks) :].rpartition("|")
        return cls(heading, group, bool(set(marks) & set("<=~")), "=" in marks, "+" in marks, "~" in marks)


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[Text, ...]
    style: str
    end_section: bool


@dataclass(slots=True)
class Grid:
    """A table; the first `keys` columns say what a row is of, and may wrap."""

    columns: Sequence[Column]
    title: str = ""
    keys: int = 1
    caption: str = ""
    rows: list[_Row] = field(default_factory=list)

    def add_row(self, *cells: str | Text, style: str = "", end_section: bool = False) -> None:
        """Add a row: markup, or text with a style of its own."""
        texts = tuple(cell if isinstance(cell, Text) else Text.from_markup(cell) for cell in cells)
        self.rows.append(_Row(texts, style, end_section))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Title, tables, caption."""
        if self.title:
            yield Text(self.title, style="bold")
        for part in self._parts(options.max_width):
            yield self._table(part, options.max_width)
        if self.caption:
            yield Text(self.caption, style="dim italic")

    @property
    def width(self) -> int:
        """Cells that it takes as one table, with all its columns."""
        return self._needs(range(len(self.columns)))

    def whole(self) -> Table:
        """The one table, with all its columns."""
        return self._table(range(len(self.columns)), EVERYWHERE)

    def _parts(self, width: int) -> Iterator[Sequence[int]]:
        """The columns of each table."""
        every = range(len(self.columns))
        if self.width <= width:
            yield every
            return
        plain = [place for place in every if not self.columns[place].bar]
        if self._needs(plain) <= width:
            yield plain
            return
        keys, rest = plain[: self.keys], plain[self.keys :]
        details = [place for place in rest if self.columns[place].detail]
        for part in ([place for place in rest if place not in details], details):
            if part:
                yield from self._chunks(keys, part, width)

    def _chunks(self, keys: Sequence[int], part: Sequence[int], width: int) -> Iterator[Sequence[int]]:
        """As many tables as it takes; columns that belong together stay together if one table can hold them."""
        chunk = list(keys)
        for unit in self._units(part):
            for piece in [unit] if self._least([*keys, *unit]) <= width else [[place] for place in unit]:
                if len(chunk) > len(keys) and self._least([*chunk, *piece]) > width:
                    yield chunk
                    chunk = list(keys)
                chunk += piece
        yield chunk

    def _units(self, part: Sequence[int]) -> list[list[int]]:
        """Columns in groups; one without a heading belongs to the one before."""
        units: list[list[int]] = []
        for place in part:
            column = self.columns[place]
            joins = units and (not column.heading or (column.group and column.group == self.columns[units[-1][-1]].group))
            if joins:
                units[-1].append(place)
            else:
                units.append([place])
        return units

    def _wraps(self, place: int) -> bool:
        return self.columns[place].words or place < self.keys

    def _width(self, place: int) -> int:
        """What a column takes when nothing wraps."""
        column = self.columns[place]
        lengths = [row.cells[place].cell_len for row in self.rows]
        return max(BAR_CELLS if column.bar else 0, len(column.heading), len(column.group), *lengths, 0)

    def _longest_word(self, place: int) -> int:
        column = self.columns[place]
        texts = [column.heading, column.group, *(row.cells[place].plain for row in self.rows)]
        return max((len(word) for text in texts for word in text.split()), default=0)

    def _needs(self, part: Sequence[int]) -> int:
        """Cells that a table of these columns takes."""
        return sum(self._width(place) + EDGES for place in part)

    def _least(self, part: Sequence[int]) -> int:
        """The same when words wrap as far as they can."""
        return sum((self._longest_word(place) if self._wraps(place) else self._width(place)) + EDGES for place in part)

    def _table(self, part: Sequence[int], width: int) -> Table:
        grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        widths = self._widths(part, width)
        grouped = any(self.columns[place].group for place in part)
        before = ""
        for place in part:
            column = self.columns[place]
            above = "" if column.group == before else column.group
            before = column.group
            heading = Text(f"{above}\n{column.heading}" if grouped else column.heading)
            justify = "left" if column.left or place < self.keys else "right"
            fixed = not self._wraps(place)
            grid.add_column(heading, justify=justify, no_wrap=fixed, overflow="fold", width=widths[place])  # type: ignore[arg-type]
        for row in self.rows:
            grid.add_row(*(row.cells[place] for place in part), style=row.style, end_section=row.end_section)
        return grid

    def _widths(self, part: Sequence[int], width: int) -> dict[int, int]:
        """Each column's width: words give way, the longest first, at first down to whole words and then below."""
        widths = {place: self._width(place) for place in part}
        for least in (self._longest_word, lambda _: WORDS_MIN):
            for _ in range(sum(widths.values()) + EDGES * len(part) - width):
                wide = [place for place in part if self._wraps(place) and widths[place] > least(place)]
                if wide:
                    widths[max(wide, key=lambda place: widths[place])] -= 1
        return widths


@dataclass(frozen=True, slots=True)
class Beside:
    """Two tables side by side, one below the other where that is too wide."""

    left: Grid
    right: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One row of tables, or one after the other."""
        if self.left.width + GAP + self.right.width > options.max_width:
            yield self.left
            yield self.right
            return
        row = Table.grid(padding=(0, GAP, 0, 0))
        row.add_row(self.left.whole(), self.right.whole())
        yield row


def grid(*columns: str, title: str = "", keys: int = 1) -> Grid:
    """A table of columns as `Column.parse` reads them."""
    return Grid([Column.parse(text) for text in columns], title, keys)
