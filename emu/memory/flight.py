"""Lines on their way: while one travels it is busy, and the next module that wants it waits; an L1 has so many misses at once."""

from emu.memory.records import I64, MISSES, REQUESTS
from emu.native import array_at, njit


@njit
def busy_cycles(bus, line, at):  # type: ignore[no-untyped-def]
    """Cycles until a line in flight may be asked for; a request that came before the one under way goes before it."""
    busy = array_at(bus.line.busy, bus.lines, I64)[line]
    if busy <= at or at < array_at(bus.line.asked, bus.lines, I64)[line]:
        return 0
    return busy - at


@njit
def start_transfer(bus, module, line, at, until):  # type: ignore[no-untyped-def]
    """The line, asked for at `at`, is under way to a module until then."""
    array_at(bus.line.ready, bus.lines * bus.modules, I64)[line * bus.modules + module] = until
    busy = array_at(bus.line.busy, bus.lines, I64)
    if until > busy[line]:
        busy[line] = until
        array_at(bus.line.asked, bus.lines, I64)[line] = at


@njit
def fill_cycles(bus, module, line, at):  # type: ignore[no-untyped-def]
    """Cycles from `at` until a line that the module has asked for is there."""
    ready = array_at(bus.line.ready, bus.lines * bus.modules, I64)[line * bus.modules + module]
    return ready - at if ready > at else 0


@njit
def miss_buffer_cycles(bus, l1, at):  # type: ignore[no-untyped-def]
    """Cycles until a miss buffer of an L1 is free."""
    requests = array_at(bus.requests, bus.l1s, REQUESTS)[l1]
    if requests.count < bus.miss_buffers:
        return 0
    frees = requests.until[(requests.count - bus.miss_buffers) & (MISSES - 1)]
    return frees - at if frees > at else 0


@njit
def take_miss_buffer(bus, l1, until):  # type: ignore[no-untyped-def]
    """A miss buffer of an L1 is taken until then."""
    requests = array_at(bus.requests, bus.l1s, REQUESTS)[l1]
    requests.until[requests.count & (MISSES - 1)] = until
    requests.count += 1
