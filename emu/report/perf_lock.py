"""Contended locks as `perf lock contention` shows them: by caller, lock (-l), who had it (-o), who waited (-t), or as CSV (-x,)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emu.boot.full.measured import SPIN_LOCK
from emu.export.lock_book import LockBook, Times
from emu.report.lock_words import nanoseconds, task_words
from emu.subjects.kernel.lock_names import NamedLock
from emu.trace.header import TraceHeader
from emu.trace.words import place_words

_KEYS = ("contended", "total wait", "max wait", "avg wait")
_WIDTHS = (10, 12, 12, 12)
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))


@dataclass(slots=True)
class _Row:
    """What stands behind the figures, and the waits."""

    words: tuple[str, ...]
    count: int = 0
    cycles: int = 0
    most: int = 0

    def add(self, count: int, cycles: int, most: int) -> None:
        """More waits."""
        self.count, self.cycles, self.most = self.count + count, self.cycles + cycles, max(self.most, most)

    def add_all(self, times: Times) -> None:
        """The same, each by itself."""
        self.add(times.count, times.total, times.most)


Rows = Callable[[Sequence[LockBook], TraceHeader, Sequence[NamedLock]], Iterator[_Row]]


def _by_caller(books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock]) -> Iterator[_Row]:
    found: dict[tuple[str, ...], _Row] = {}

    def row(kind: str, place: str) -> _Row:
        words = f"{kind:>10}", place
        return found.get(words) or found.setdefault(words, _Row(words))

    for book in books:
        for site in book.sites.values():
            row(SPIN_LOCK, place_words(site.place, header)).add_all(site.waits)
    for lock in others:
        for each in lock.sites:
            row(lock.kind, each.site).add(each.use.contended, each.use.wait_cycles, each.use.wait_cycles_max)
    yield from found.values()


def _by_lock(books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock]) -> Iterator[_Row]:
    for book in books:
        row = _Row((f"{header.locks[book.number].address:016x}", f"{header.lock_name(book.number)} ({SPIN_LOCK})"))
        row.add_all(book.waits)
        yield row
    for lock in others:
        row = _Row((f"{lock.words[0]:016x}", f"{lock.name} ({lock.kind})"))
        row.add(lock.use.contended, lock.use.wait_cycles, lock.use.wait_cycles_max)
        yield row


def _by_task(waits_of: str) -> Rows:
    def rows(books: Sequence[LockBook], header: TraceHeader, others: Sequence[NamedLock]) -> Iterator[_Row]:
        found: dict[int, _Row] = {}
        for book in books:
            for task, waits in getattr(book, waits_of).items():
                pid, name = task_words(task, header)
                found.setdefault(task, _Row((f"{pid:>10}", name))).add_all(Times(waits))
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


def perf_lock_lines(books: Sequence[LockBook], header: TraceHeader, shape: str, others: Sequence[NamedLock] = ()) -> Iterator[str]:
    """Those waited for longest first; what was not waited for is not there. `others`: locks that a trace does not have."""
    as_csv = shape == "perf-x"
    what = _SHAPES["perf" if as_csv else shape]
    rows = sorted((row for row in what.rows(books, header, others) if row.count), key=lambda row: -row.cycles)
    if as_csv:
        yield "# output: " + ", ".join([*_KEYS, *(word.strip() for word in what.words)])
    else:
        yield " ".join([*(f"{key:>{width}}" for key, width in zip(_KEYS, _WIDTHS, strict=True)), f"  {'   '.join(what.words)}"])
        yield ""
    for row in rows:
        figures = [nanoseconds(cycles, header) for cycles in (row.cycles, row.most, row.cycles // row.count)]
        if as_csv:
            yield ", ".join([*map(str, (row.count, *figures)), *(word.strip() for word in row.words)])
        else:
            yield " ".join([f"{row.count:10}", *map(_time, figures), f"  {'   '.join(row.words)}"])


def _time(ns: int) -> str:
    for base, unit in _UNITS:
        if ns >= base:
            return f"{ns / base:9.2f} {unit:>2}"
    return f"{ns:9} ns"
