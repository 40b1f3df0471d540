"""Locks as /proc/lock_stat shows them: version 0.4, column for column. Times are simulated microseconds."""

from collections import Counter
from collections.abc import Iterator, Sequence

from emu.export.lock_book import LockBook, Site, Times
from emu.report.lock_words import by_class, nanoseconds, symbol_words
from emu.trace.header import TraceHeader

NAME_MAX = 38  # characters of a class
POINTS_MAX = 4  # places of each kind
_COLUMNS = (
    "con-bounces", "contentions", "waittime-min", "waittime-max", "waittime-total", "waittime-avg", "acq-bounces", "acquisitions",
    "holdtime-min", "holdtime-max", "holdtime-total", "holdtime-avg",
)  # fmt: skip
_WIDTH = 40 + 1 + len(_COLUMNS) * (14 + 1)


def lock_stat_lines(books: Sequence[LockBook], header: TraceHeader) -> Iterator[str]:
    """Classes with most contentions first."""
    yield "lock_stat version 0.4"
    yield "-" * _WIDTH
    yield " ".join([f"{'class name':>40}", *(f"{name:>14}" for name in _COLUMNS)])
    yield "-" * _WIDTH
    yield ""
    classes = {name: [site for book in found for site in book.sites.values()] for name, found in by_class(books, header).items()}
    for name, sites in sorted(classes.items(), key=lambda each: -sum(len(site.waits) for site in each[1])):
        yield from _class_lines(name[:NAME_MAX], sites, header)


def _class_lines(name: str, sites: Sequence[Site], header: TraceHeader) -> Iterator[str]:
    waits, holds = (Times.of(Times(getattr(site, what)) for site in sites) for what in ("waits", "holds"))
    if not holds.count:
        return
    bounces = sum(site.contended_bounces for site in sites), sum(site.bounces for site in sites)
    yield f"{name:>40}:{bounces[0]:14} {_times(waits, header)} {bounces[1]:14} {_times(holds, header)}"
    if not waits.count:
        return
    waiting, holding = Counter[int](), Counter[int]()
    for site in sites:
        waiting[site.place] += len(site.waits)
        for holder, count in site.held_by.items():
            holding[holder.place] += count
    for points in (waiting, holding):
        if any(points.values()):
            yield " " * (40 - NAME_MAX) + "-" * NAME_MAX
        for place, count in list((+points).items())[:POINTS_MAX]:
            yield f"{name:>40} {count:14} {f'[<{place:016x}>]':>29} {symbol_words(place, header)}"
    yield ""
    yield "." * _WIDTH
    yield ""


def _times(times: Times, header: TraceHeader) -> str:
    mean = times.total // times.count if times.count else 0
    figures = (times.least, times.most, times.total, mean)
    return " ".join([f"{times.count:14}", *(f"{_microseconds(nanoseconds(cycles, header)):>14}" for cycles in figures)])


def _microseconds(ns: int) -> str:
    """With two decimals, rounded."""
    whole, part = divmod((ns + 5) // 10, 100)
    return f"{whole}.{part:02}"
