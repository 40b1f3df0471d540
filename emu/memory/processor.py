"""The processor's own accesses: page walks, and what fetches and stores of code do to store buffers.

They take effect at once: where a core's buffer is in their way, its stores become visible before their time, as x86-TSO allows at
any time. So each says how many buffers it has emptied.
"""

import numpy as np

from emu.memory.coherence import own_line, read_line
from emu.memory.records import BUFFER, FOR_LOCKED, FOR_STORE, NO_STORE, RING, STORE
from emu.memory.store_buffer import drain_due, drain_head, take_view, write_ram
from emu.native import NEVER, array_at, njit


@njit
def drain_own(bus, core):  # type: ignore[no-untyped-def]
    """All stores of a core become visible now, whatever their time; 1 if there were any."""
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    if buffers[core].count == 0:
        return 0
    while buffers[core].count > 0:
        drain_head(bus, core)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    bus.next_drain = NEVER
    for each in range(bus.cores):
        if buffers[each].count > 0:
            bus.next_drain = min(bus.next_drain, stores[each * RING + buffers[each].head % RING].drain_at)
    return 1


@njit
def drain_frame(bus, frame):  # type: ignore[no-untyped-def]
    """Nothing in a frame of memory stays pending: a core fetches code from there. Buffers that were emptied."""
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    emptied = 0
    for core in range(bus.cores):
        for place in range(buffers[core].count):
            if stores[core * RING + (buffers[core].head + place) % RING].address >> 12 == frame:
                emptied += drain_own(bus, core)
                break
    return emptied


@njit
def walk_load(bus, core, now, address):  # type: ignore[no-untyped-def]
    """A page walk loads an entry: its core's stores are seen, the line moves in the caches; cycles until it is there."""
    if bus.next_drain <= now:
        drain_due(bus, now)
    line = address >> 6
    if array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0:
        take_view(bus, core, line)
    return read_line(bus, core, line, now)


@njit
def walk_write(bus, core, now, address, value):  # type: ignore[no-untyped-def]
    """A page walk sets an accessed or a dirty bit, by a locked write; buffers that were emptied."""
    line, emptied = address >> 6, 0
    pending = array_at(bus.line.pending, bus.lines, np.uint16)
    if pending[line] > 0:
        emptied = drain_own(bus, core)
    if pending[line] > 0:
        take_view(bus, core, line)
    own_line(bus, core, line, FOR_LOCKED, now, NO_STORE)
    write_ram(bus, address, 8, value)
    return emptied


@njit
def store_at_once(bus, core, now, address, size):  # type: ignore[no-untyped-def]
    """The lines of a store to code become the core's own now, all its earlier stores being out; buffers that were emptied.

    RAM is left for the instruction itself to write.
    """
    emptied = drain_own(bus, core)
    for line in range(address >> 6, ((address + size - 1) >> 6) + 1):
        if array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0:
            take_view(bus, core, line)
        own_line(bus, core, line, FOR_STORE, now, NO_STORE)
    return emptied
