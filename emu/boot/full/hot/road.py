"""The processor's own accesses to memory, on the one road: page tables, descriptors, the frames of exceptions."""

import numpy as np
from numba import types

from emu.boot.full.hot.records import FULL
from emu.boot.hot.frames import LOCKED
from emu.engine.records import CORE, I64, MACHINE
from emu.engine.trace_lines import note_lines
from emu.memory.access import store
from emu.memory.coherence import own_line, read_line
from emu.memory.records import BUFFER, BUS, FOR_LOCKED, NO_STORE
from emu.memory.store_buffer import drain_due, drain_head, read_ram, take_view, write_ram
from emu.native import array_at, njit

ROAD = types.int32(types.int64, types.int64, types.int64, types.int64, types.int64)


@njit
def drain_own(bus, index):  # type: ignore[no-untyped-def]
    """All stores of a core become visible now, whatever their time."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[index]
    while buffer.count > 0:
        drain_head(bus, index)


@njit
def look(bus, index, now, address):  # type: ignore[no-untyped-def]
    """A load of the processor's own: its core's stores are seen, the line moves in the caches; cycles until it is there."""
    if bus.next_drain <= now:
        drain_due(bus, now)
    line = address >> 6
    if array_at(bus.line_pending, bus.lines, np.uint16)[line] > 0:
        take_view(bus, index, line)
    return read_line(bus, index, line, now)


@njit
def write_locked(bus, full, index, now, address, value):  # type: ignore[no-untyped-def]
    """A locked write of the page walker's: an accessed or dirty bit."""
    line = address >> 6
    if array_at(bus.line_pending, bus.lines, np.uint16)[line] > 0:
        full.forced_drains += 1
        drain_own(bus, index)
    if array_at(bus.line_pending, bus.lines, np.uint16)[line] > 0:
        take_view(bus, index, line)
    own_line(bus, index, line, FOR_LOCKED, now, NO_STORE)
    write_ram(bus, address, 8, value)


def on_road_read(companion, address, answer, unused, unused_too):  # type: ignore[no-untyped-def]
    """Read eight bytes for the processor itself."""
    full = array_at(companion, 1, FULL)[0]
    core = array_at(full.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    bus = array_at(machine.bus, 1, BUS)[0]
    full.road_reads += 1
    full.road_cycles += max(look(bus, core.index, core.clock, address) - bus.l1_hit, I64(0))
    note_lines(machine, core, address, I64(8), False)
    array_at(answer, 1, I64)[0] = read_ram(bus, address, 8)
    return 0


def on_road_write(companion, address, value, how, unused):  # type: ignore[no-untyped-def]
    """Write eight bytes for the processor itself."""
    full = array_at(companion, 1, FULL)[0]
    core = array_at(full.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    bus = array_at(machine.bus, 1, BUS)[0]
    if how == LOCKED:
        write_locked(bus, full, core.index, core.clock, address, value)
        note_lines(machine, core, address, I64(8), False)
    else:
        full.road_cycles += store(bus, core.index, core.clock, core.clock, address, I64(8), value, I64(-1), core.clock, core.clock)
        write_ram(bus, address, I64(8), value)
        note_lines(machine, core, address, I64(8), True)
    return 0
