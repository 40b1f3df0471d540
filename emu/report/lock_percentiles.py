"""Waits and holds of locks by the share of them that is no longer, for each class and each place that takes it; in cycles."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.export.lock_book import PERCENTILES, LockBook, Times
from emu.report.grid import Grid, grid
from emu.report.lock_words import by_class, task_words
from emu.report.page import WIDTH, page
from emu.trace.header import TraceHeader
from emu.trace.words import place_words

SCHEMA = "emu-locks/1"
_COLUMNS = (*(f"p{share}" for share in PERCENTILES), "max")


def render_lock_percentiles(books: Sequence[LockBook], header: TraceHeader, *, width: int = WIDTH, colour: bool = False) -> str:
    """The page."""
    return page(_parts(books, header), width=width, colour=colour)


def _parts(books: Sequence[LockBook], header: TraceHeader) -> Iterator[RenderableType]:
    if not books:
        yield Text("no lock was taken")
        return
    yield _table(books, header)
    yield Text()
    yield Text(
        "in cycles; wait: of contended acquisitions, first failed attempt to acquisition; hold: acquisition to visible release"
    )


def _table(books: Sequence[LockBook], header: TraceHeader) -> Grid:
    heads = [f"{what}|{column}" for what in ("wait", "hold") for column in _COLUMNS]
    table = grid("lock, and where it was taken", "acquired", "contended", *heads, title="Locks")
    for name, found in by_class(books, header).items():
        sites = _sites(found)
        table.add_row(f"[bold]{escape(name)}[/]", *_cells(*(Times.of(each[place] for each in sites.values()) for place in (0, 1))))
        for place, (waits, holds) in sites.items():
            table.add_row(f"  {escape(place_words(place, header))}", *_cells(waits, holds))
    return table


def _sites(books: Sequence[LockBook]) -> dict[int, tuple[Times, Times]]:
    """Waits and holds of several locks by place, those with most holds first."""
    places = dict.fromkeys(site.place for book in books for site in book.sites.values())
    found = {
        place: tuple(
            Times.of(Times(getattr(site, what)) for book in books for site in book.sites.values() if site.place == place)
            for what in ("waits", "holds")
        )
        for place in places
    }
    return {place: (waits, holds) for place, (waits, holds) in sorted(found.items(), key=lambda each: -each[1][1].count)}


def _cells(waits: Times, holds: Times) -> Iterator[str]:
    yield f"{holds.count:,}"
    yield f"{waits.count:,}"
    for times in (waits, holds):
        figures = [times.percentile(share) for share in PERCENTILES]
        yield from (f"{cycles:,}" if times.count else "-" for cycles in (*figures, times.most))


def locks_json(books: Sequence[LockBook], header: TraceHeader) -> dict[str, Any]:
    """The same of every lock and place, and who had it when others began to wait."""
    return {
        "schema": SCHEMA,
        "command": header.arguments,
        "locks": [
            {
                "class": header.locks[book.number].name,
                "owner": header.locks[book.number].owner,
                "address": header.locks[book.number].address,
                "wait": book.waits.to_dict(),
                "hold": book.holds.to_dict(),
                "sites": [
                    {
                        "place": place_words(site.place, header),
                        "bounces": site.bounces,
                        "contended_bounces": site.contended_bounces,
                        "wait": Times(site.waits).to_dict(),
                        "hold": Times(site.holds).to_dict(),
                        "held_by": [
                            {
                                "task": task_words(holder.task, header)[1],
                                "place": place_words(holder.place, header),
                                "contended": count,
                            }
                            for holder, count in site.held_by.most_common()
                        ],
                    }
                    for site in book.sites.values()
                ],
            }
            for book in books
        ],
    }
