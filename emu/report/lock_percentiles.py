"""Waits and holds of locks by the share of them that is no longer, for each class and each place that takes it; in cycles."""

from collections.abc import Iterator, Sequence
from itertools import chain as joined
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.export.lock_book import PERCENTILES, LockBook, Times
from emu.export.lock_sections import Did
from emu.report.grid import Grid, grid
from emu.report.lock_words import by_class, task_words
from emu.report.page import WIDTH, page
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.path.lengths import SECTION_WORDS
from emu.subjects.kernel.lock_names import NamedLock, joined_lengths
from emu.trace.header import TraceHeader
from emu.trace.words import place_words

SCHEMA = "emu-locks/1"
_COLUMNS = (*(f"p{share}" for share in PERCENTILES), "max")


def render_lock_percentiles(
    books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock] = (), *, width: int = WIDTH, colour: bool = False
) -> str:
    """The page. `others`: locks that a trace does not have, as their waiters sleep."""
    return page(_parts(books, header, others), width=width, colour=colour)


def _parts(books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock]) -> Iterator[RenderableType]:
    if not books and not others:
        yield Text("no lock was taken")
        return
    if books:
        yield _table(books, header)
    if others:
        yield _table_of_others(others)
    for name, found in by_class(books, header).items():
        sections = _sections(found)
        if len(sections) > 1:
            yield _section_table(name, sections)
    yield Text()
    yield Text(
        "in cycles; wait: of contended acquisitions, first failed attempt to acquisition; hold: acquisition to visible release"
    )


def _table(books: Sequence[LockBook], header: TraceHeader) -> Grid:
    table = _empty_table("Locks")
    for name, found in by_class(books, header).items():
        sites = _sites(found)
        waits, holds = (Times.of(each[place] for each in sites.values()) for place in (0, 1))
        table.add_row(f"[bold]{escape(name)}[/]", *_cells(holds.count, waits, holds))
        for place, (waits, holds) in sites.items():
            table.add_row(f"  {escape(place_words(place, header))}", *_cells(holds.count, waits, holds))
    return table


def _empty_table(title: str) -> Grid:
    heads = [f"{what}|{column}" for what in ("wait", "hold") for column in _COLUMNS]
    return grid("lock, and where it was taken", "acquired", "contended", *heads, title=title)


def _table_of_others(locks: Sequence[NamedLock]) -> Grid:
    """Mutexes and their like: a wait is a task's, from its slow path on; a seqcount is never held."""
    table = _empty_table("Locks whose waiters may sleep, and others that are known by their routines")
    for lock in locks:
        whole = joined_lengths(lock.lengths.values())
        cells = _cells(lock.use.acquisitions, Times(whole.waits), Times(whole.holds))
        table.add_row(f"[bold]{escape(lock.name)}[/] {escape(lock.kind)}", *cells)
        for site in lock.sites:
            lengths = lock.lengths[site.site]
            table.add_row(f"  {escape(site.site)}", *_cells(site.use.acquisitions, Times(lengths.waits), Times(lengths.holds)))
    return table


def _sites(books: Sequence[LockBook]) -> dict[int, tuple[Times, Times]]:
    """Waits and holds of several locks by place, those with most holds first."""
    places = dict.fromkeys(site.place for book in books for site in book.sites.values())
    found = {
        place: tuple(
            Times.of(getattr(site, what) for book in books for site in book.sites.values() if site.place == place)
            for what in ("waits", "holds")
        )
        for place in places
    }
    return {place: (waits, holds) for place, (waits, holds) in sorted(found.items(), key=lambda each: -each[1][1].count)}


def _sections(books: Sequence[LockBook]) -> list[tuple[Did | None, Times]]:
    """Holds of several locks by what they were for, those with most cycles first; none where that is known of none."""
    held = [book.held for book in books]
    found = [(did, Times.of(each[did] for each in held if did in each)) for did in dict.fromkeys(joined.from_iterable(held))]
    return sorted(found, key=lambda each: -each[1].total) if any(did is not None for did, _ in found) else []


def _section_name(lock: str, did: Did | None) -> str | None:
    """What people call a section of the message path."""
    return SECTION_WORDS.get(did) if did is not None and lock == QUEUE_LOCK else None


def _outcome_words(lock: str, did: Did) -> str:
    return ": ".join(part for part in (did.outcome.value, _section_name(lock, did)) if part)


def _section_table(name: str, sections: Sequence[tuple[Did | None, Times]]) -> Grid:
    heads = ("holds", "cycles", "share", *_COLUMNS)
    table = grid("~in", "~what came of it", *heads, title=f"Holds of {escape(name)} by what the section did", keys=2)
    total = sum(times.total for _, times in sections)
    for did, times in sections:
        figures = [times.percentile(share) for share in PERCENTILES]
        table.add_row(
            *(("begun before the trace", "") if did is None else (did.call, _outcome_words(name, did))),
            f"{times.count:,}",
            f"{times.total:,}",
            f"{100 * times.total / max(total, 1):.1f} %",
            *(f"{cycles:,}" for cycles in (*figures, times.most)),
        )
    return table


def _cells(acquired: int, waits: Times, holds: Times) -> Iterator[str]:
    yield f"{acquired:,}"
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
                "sections": [
                    {
                        "call": None if did is None else did.call,
                        "outcome": None if did is None else did.outcome.value,
                        "name": _section_name(header.locks[book.number].name, did),
                        "hold": times.to_dict(),
                    }
                    for did, times in _sections([book])
                ],
                "sites": [
                    {
                        "place": place_words(site.place, header),
                        "bounces": site.bounces,
                        "contended_bounces": site.contended_bounces,
                        "wait": site.waits.to_dict(),
                        "hold": site.holds.to_dict(),
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
