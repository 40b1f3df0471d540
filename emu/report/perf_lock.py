"""Contended locks as `perf lock contention` shows them: by caller, lock (-l), who had it (-o), who waited (-t), or as CSV (-x,)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emu.export.lock_book import LockBook, Times
from emu.report.lock_words import nanoseconds, task_words
from emu.trace.header import TraceHeader
from emu.trace.words import place_words

_KEYS = ("contended", "total wait", "max wait", "avg wait")
_WIDTHS = (10, 12, 12, 12)
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))
SPIN_LOCK = "spinlock"  # the type of every lock that a trace has


@dataclass(slots=True)
class _Row:
    """What stands behind the figures, and the waits."""

    words: tuple[str, ...]
    waits: list[int] = field(default_factory=list)


Rows = Callable[[Sequence[LockBook], TraceHeader], Iterator[_Row]]


def _by_caller(books: Sequence[LockBook], header: TraceHeader) -> Iterator[_Row]:
    found: dict[str, _Row] = {}
    for book in books:
        for site in book.sites.values():
            place = place_words(site.place, header)
            found.setdefault(place, _Row((f"{SPIN_LOCK:>10}", place))).waits.extend(site.waits)
    yield from found.values()


def _by_lock(books: Sequence[LockBook], header: TraceHeader) -> Iterator[_Row]:
    for book in books:
        address, name = f"{header.locks[book.number].address:016x}", header.lock_name(book.number)
        yield _Row((address, f"{name} ({SPIN_LOCK})"), list(book.waits.cycles))


def _by_task(waits_of: str) -> Rows:
    def rows(books: Sequence[LockBook], header: TraceHeader) -> Iterator[_Row]:
        found: dict[int, _Row] = {}
        for book in books:
            for task, waits in getattr(book, waits_of).items():
                pid, name = task_words(task, header)
                found.setdefault(task, _Row((f"{pid:>10}", name))).waits.extend(waits)
        yield from found.values()

    return rows


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a row is of, and what stands above the words of the rows."""

    rows: Rows
    words: tuple[str, str]


_SHAPES: Mapping[str, _Shape] = {
    "perf": _Shape(_by_caller, (f"{'type':>10}", "caller")),
    "perf-l": _Shape(_by_lock, (f"{'address':>16}", "symbol")),
    "perf-o": _Shape(_by_task("waits_on_owners"), (f"{'pid':>10}", "comm")),
    "perf-t": _Shape(_by_task("waits_of_tasks"), (f"{'pid':>10}", "comm")),
}
PERF_SHAPES = (*_SHAPES, "perf-x")


def perf_lock_lines(books: Sequence[LockBook], header: TraceHeader, shape: str) -> Iterator[str]:
    """Those waited for longest first; what was not waited for is not there."""
    as_csv = shape == "perf-x"
    what = _SHAPES["perf" if as_csv else shape]
    rows = sorted((row for row in what.rows(books, header) if row.waits), key=lambda row: -sum(row.waits))
    if as_csv:
        yield "# output: " + ", ".join([*_KEYS, *(word.strip() for word in what.words)])
    else:
        yield " ".join([*(f"{key:>{width}}" for key, width in zip(_KEYS, _WIDTHS, strict=True)), f"  {'   '.join(what.words)}"])
        yield ""
    for row in rows:
        times = Times(row.waits)
        figures = [nanoseconds(cycles, header) for cycles in (times.total, times.most, times.total // times.count)]
        if as_csv:
            yield ", ".join([*map(str, (times.count, *figures)), *(word.strip() for word in row.words)])
        else:
            yield " ".join([f"{times.count:10}", *map(_time, figures), f"  {'   '.join(row.words)}"])


def _time(ns: int) -> str:
    for base, unit in _UNITS:
        if ns >= base:
            return f"{ns / base:9.2f} {unit:>2}"
    return f"{ns:9} ns"
