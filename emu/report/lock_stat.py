"""Locks as /proc/lock_stat shows them: version 0.4, column for column. Times are simulated microseconds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emu.export.lock_book import LockBook, Site, Times
from emu.report.lock_words import by_class, nanoseconds, symbol_words
from emu.subjects.kernel.lock_names import NamedLock
from emu.trace.header import TraceHeader

NAME_MAX = 38  # characters of a class
POINTS_MAX = 4  # places of each kind
_COLUMNS = (
    "con-bounces", "contentions", "waittime-min", "waittime-max", "waittime-total", "waittime-avg", "acq-bounces", "acquisitions",
    "holdtime-min", "holdtime-max", "holdtime-total", "holdtime-avg",
)  # fmt: skip
_WIDTH = 40 + 1 + len(_COLUMNS) * (14 + 1)


@dataclass(frozen=True, slots=True)
class _Class:
    """One row: its name as it ends there, what it says, and the places that waited and those that had the lock."""

    name: str
    contended: int
    cells: str
    waiting: Mapping[str, int]  # an address and a place, as text
    holding: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        yield f"{self.name:>40}:{self.cells}"
        if not self.contended:
            return
        name = self.name.removesuffix("-R").removesuffix("-W")
        for points in (self.waiting, self.holding):
            if any(points.values()):
                yield " " * (40 - NAME_MAX) + "-" * NAME_MAX
            for place, count in [each for each in points.items() if each[1]][:POINTS_MAX]:
                yield f"{name:>40} {count:14} {place}"
        yield ""
        yield "." * _WIDTH
        yield ""


def lock_stat_lines(books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock] = ()) -> Iterator[str]:
    """Classes with most contentions first. `others`: locks that a trace does not have."""
    yield "lock_stat version 0.4"
    yield "-" * _WIDTH
    yield " ".join([f"{'class name':>40}", *(f"{name:>14}" for name in _COLUMNS)])
    yield "-" * _WIDTH
    yield ""
    sites = {name: [site for book in found for site in book.sites.values()] for name, found in by_class(books, header).items()}
    classes = [_of_trace(name[:NAME_MAX], each, header) for name, each in sites.items() if any(site.holds.count for site in each)]
    classes += [_of_kernel(lock, header) for lock in others if lock.use.acquisitions]
    for each in sorted(classes, key=lambda each: -each.contended):
        yield from each.lines()


def _of_trace(name: str, sites: Sequence[Site], header: TraceHeader) -> _Class:
    waits, holds = (Times.of(getattr(site, what) for site in sites) for what in ("waits", "holds"))
    bounces = sum(site.contended_bounces for site in sites), sum(site.bounces for site in sites)
    waiting, holding = Counter[str](), Counter[str]()
    for site in sites:
        waiting[_point(site.place, header)] += site.waits.count
        for holder, count in site.held_by.items():
            holding[_point(holder.place, header)] += count
    sides = (_times(each.count, each.least, each.most, each.total, header) for each in (waits, holds))
    return _Class(name, waits.count, _row(bounces, sides), waiting, holding)


def _of_kernel(lock: NamedLock, header: TraceHeader) -> _Class:
    """Readers and writers of one lock are classes of their own, and end as such."""
    side = lock.kind.rpartition(":")[2]
    ending = f"-{side}" if side in ("R", "W") else ""
    use = lock.use
    sides = (
        _times(use.contended, use.wait_cycles_min, use.wait_cycles_max, use.wait_cycles, header),
        _times(use.acquisitions, use.hold_cycles_min, use.hold_cycles_max, use.hold_cycles, header),
    )
    bounces = ["-" if each is None else each for each in (use.contended_bounces, use.bounces)]
    waiting = {_address(site.address, site.site): site.use.contended for site in lock.sites}
    holding = Counter[str]()
    for owner in lock.owners:
        holding[_address(owner.address, owner.site)] += owner.contended
    return _Class(
        lock.name[: NAME_MAX - len(ending)] + ending, use.contended, _row((bounces[0], bounces[1]), sides), waiting, holding
    )


def _row(bounces: tuple[int | str, int | str], sides: Iterable[str]) -> str:
    return " ".join(f"{bounced:>14} {times}" for bounced, times in zip(bounces, sides, strict=True))


def _point(place: int, header: TraceHeader) -> str:
    return _address(place, symbol_words(place, header))


def _address(place: int, words: str) -> str:
    return f"{f'[<{place:016x}>]':>29} {words}"


def _times(count: int, least: int, most: int, total: int, header: TraceHeader) -> str:
    figures = (least, most, total, total // count if count else 0)
    return " ".join([f"{count:14}", *(f"{_microseconds(nanoseconds(cycles, header)):>14}" for cycles in figures)])


def _microseconds(ns: int) -> str:
    """With two decimals, rounded."""
    whole, part = divmod((ns + 5) // 10, 100)
    return f"{whole}.{part:02}"
