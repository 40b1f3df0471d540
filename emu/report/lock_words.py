"""What reports of locks have in common: classes, places, simulated times."""

from collections.abc import Iterable

from emu.export.lock_book import NOBODY, LockBook
from emu.trace.header import TraceHeader
from emu.trace.words import place_words

NANOSECONDS = 1_000_000_000  # of a second


def by_class(books: Iterable[LockBook], header: TraceHeader) -> dict[str, list[LockBook]]:
    """Locks of one class together, in the order of the trace."""
    found: dict[str, list[LockBook]] = {}
    for book in books:
        found.setdefault(header.locks[book.number].name, []).append(book)
    return found


def nanoseconds(cycles: int, header: TraceHeader) -> int:
    """Simulated, rounded to the nearest."""
    return (cycles * NANOSECONDS + header.clock_hz // 2) // header.clock_hz


def task_words(task: int, header: TraceHeader) -> tuple[int, str]:
    """PID and name: tasks are numbered from 1, and who is idle is the swapper."""
    return (0, "swapper") if task == NOBODY else (task + 1, header.task_name(task))


def symbol_words(address: int, header: TraceHeader) -> str:
    """An address of code as the kernel prints it: ROUTINE+OFFSET/SIZE."""
    name, offset = header.symbol_at(address)
    size = next((symbol.size for symbol in header.symbols if symbol.name == name), 0)
    return f"{name}+{offset:#x}/{size:#x}" if size else place_words(address, header)
