"""Pages of text made with Rich that look at neither terminal nor environment: the caller says width and colour."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from emu.printable import printable

WIDTH = 100
BAR_CELLS = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def page(parts: Iterable[RenderableType], *, width: int = WIDTH, colour: bool = False) -> str:
    """Render parts one below the other, no trailing blanks."""
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    for part in parts:
        console.print(_Printable(part))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@dataclass(frozen=True, slots=True)
class _Printable:
    """A part whose text may be from a file: nothing in it but what the page itself says sets a colour."""

    part: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self.part, options):
            yield Segment(printable(text), style, control)


def table(*columns: str, title: str = "") -> Table:
    """A plain table of names and numbers; `<` before a heading aligns its column left, `=` is a column of bars."""
    grid = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
    for place, name in enumerate(columns):
        left = place == 0 or name.startswith(("<", "="))
        width = BAR_CELLS if name == "=" else None
        grid.add_column(name.lstrip("<="), justify="left" if left else "right", no_wrap=True, min_width=width)
    return grid


def bar(part: float, cells: int = BAR_CELLS) -> str:
    """A share from 0 to 1 as a bar; anything above nothing is seen."""
    eighths = round(max(0.0, min(1.0, part)) * cells * 8)
    if part > 0 and eighths == 0:
        eighths = 1
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def number(value: float) -> str:
    """Thousands apart; one digit after the point below ten, unless it is whole."""
    if isinstance(value, float) and not value.is_integer() and abs(value) < 10:
        return f"{value:.1f}"
    return f"{round(value):,}"


def percent(part: float, whole: float) -> str:
    """A share in percent, told apart from none."""
    if not whole:
        return "-"
    if not part:
        return "0"
    share = 100 * part / whole
    if part and share < 0.05:
        return "<0.1 %"
    return f"{share:.1f} %"


def count(how_many: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{how_many:,} {one if how_many == 1 else many or one + 's'}"
