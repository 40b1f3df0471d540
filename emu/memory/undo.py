"""Going back: the last change of the journal is undone, so that a search can try another order."""

import numpy as np

from emu.memory.journal import PUSH, WRITE
from emu.memory.records import BUFFER, CHANGE, RING, STORE
from emu.memory.store_buffer import take_view, write_ram
from emu.native import NEVER, array_at, njit


@njit
def take_back(bus, count):  # type: ignore[no-untyped-def]
    """Undo changes, youngest first, until the journal holds `count`."""
    while bus.journal.count > count:
        bus.journal.count -= 1
        change = array_at(bus.journal.at, bus.journal.capacity, CHANGE)[bus.journal.count]
        if change.kind == PUSH:
            unpush(bus, change)
        elif change.kind == WRITE:
            if array_at(bus.line.pending, bus.lines, np.uint16)[change.address >> 6] > 0:
                take_view(bus, change.core, change.address >> 6)
            write_ram(bus, change.address, change.width, change.old)
        else:
            undrain(bus, change)


@njit
def unpush(bus, change):  # type: ignore[no-untyped-def]
    """The youngest store of a buffer has not been executed."""
    line = change.address >> 6
    take_view(bus, change.core, line)
    write_ram(bus, change.address, change.width, change.old)
    array_at(bus.buffers, bus.cores, BUFFER)[change.core].count -= 1
    array_at(bus.line.pending, bus.lines, np.uint16)[line] -= 1


@njit
def undrain(bus, change):  # type: ignore[no-untyped-def]
    """A drained store is the oldest of its buffer again: its core sees what it saw, the others what was before."""
    line = change.address >> 6
    pending = array_at(bus.line.pending, bus.lines, np.uint16)
    if pending[line] == 0:
        array_at(bus.line.viewer, bus.lines, np.int16)[line] = change.core
    else:
        take_view(bus, change.core, line)
    pending[line] += 1
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[change.core]
    buffer.head = (buffer.head + RING - 1) % RING
    buffer.count += 1
    entry = array_at(bus.stores, bus.cores * RING, STORE)[change.core * RING + buffer.head]
    entry.address = change.address
    entry.width = change.width
    entry.old = change.old
    entry.new = change.new
    entry.lock = change.lock
    entry.drain_at = NEVER
