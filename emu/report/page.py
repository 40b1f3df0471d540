"""Pages of text made with Rich that look at neither terminal nor environment: the caller says width and colour."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from math import floor
from textwrap import wrap

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from emu.printable import printable
from emu.report.grid import BAR_CELLS

WIDTH = 100
_EIGHTHS = " ▏▎▍▌▋▊▉"


def page(parts: Iterable[RenderableType], *, width: int = WIDTH, colour: bool = False) -> str:
    """Render parts one below the other: no trailing blanks, and never two empty lines."""
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
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "".join(f"{line}\n" for before, line in pairwise(["", *lines]) if before or line)


@dataclass(frozen=True, slots=True)
class _Printable:
    """A part whose text may be from a file: nothing in it but what the page itself says sets a colour."""

    part: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self.part, options):
            yield Segment(printable(text), style, control)


def bar(part: float, cells: int = BAR_CELLS) -> str:
    """A share from 0 to 1 as a bar; anything above nothing is seen."""
    eighths = round(max(0.0, min(1.0, part)) * cells * 8)
    if part > 0 and eighths == 0:
        eighths = 1
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def wrapped(text: str, width: int, *, indent: str = "", hanging: str = "") -> list[str]:
    """A sentence as lines that break between words alone: a name, a path or an option stays whole."""
    return wrap(
        text, width, initial_indent=indent, subsequent_indent=hanging or indent, break_long_words=False, break_on_hyphens=False
    )


def fold(text: str, width: int) -> str:
    """Lines of somebody else's format, each longer one continued below, indented."""
    return "\n".join("\n".join(wrapped(line, width, hanging="    ")) for line in text.split("\n"))


def adding_up(values: Iterable[float]) -> list[int]:
    """Each value rounded down or up, so that their sum is the rounded sum of the values: up where the most is lost otherwise."""
    exact = list(values)
    whole = [floor(value) for value in exact]
    short = round(sum(exact)) - sum(whole)
    for place in sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])[:short]:
        whole[place] += 1
    return whole


def number(value: float) -> str:
    """Thousands apart; one digit after the point below ten, unless it is whole."""
    if isinstance(value, float) and not value.is_integer() and abs(value) < 10:
        return f"{value:.1f}"
    return f"{round(value):,}"


def signed(change: int) -> str:
    """A change with its sign; none has none."""
    return f"{change:+,}" if change else "0"


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
