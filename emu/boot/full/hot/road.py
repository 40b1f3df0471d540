"""The processor's own accesses to memory, on the one road: page tables, descriptors, the frames of exceptions."""

from ctypes import CFUNCTYPE, c_int32, c_int64

from emu.boot.full.hot.records import FULL
from emu.boot.hot.frames import LOCKED
from emu.engine.records import CORE, I64, MACHINE
from emu.engine.trace_lines import note_lines
from emu.memory.access import store
from emu.memory.processor import walk_load, walk_write
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram, write_ram
from emu.native import array_at, hook

ROAD = CFUNCTYPE(c_int32, c_int64, c_int64, c_int64, c_int64, c_int64)


@hook(ROAD)
def on_road_read(companion, address, answer, unused, unused_too):  # type: ignore[no-untyped-def]
    """Read eight bytes for the processor itself."""
    full = array_at(companion, 1, FULL)[0]
    core = array_at(full.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    bus = array_at(machine.bus, 1, BUS)[0]
    full.road_reads += 1
    full.road_cycles += max(walk_load(bus, core.index, core.clock, address) - bus.latency.l1_hit, I64(0))
    note_lines(machine, core, address, I64(8), False)
    array_at(answer, 1, I64)[0] = read_ram(bus, address, 8)
    return 0


@hook(ROAD)
def on_road_write(companion, address, value, how, unused):  # type: ignore[no-untyped-def]
    """Write eight bytes for the processor itself."""
    full = array_at(companion, 1, FULL)[0]
    core = array_at(full.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    bus = array_at(machine.bus, 1, BUS)[0]
    if how == LOCKED:
        full.forced_drains += walk_write(bus, core.index, core.clock, address, value)
        note_lines(machine, core, address, I64(8), False)
    else:
        full.road_cycles += store(bus, core.index, core.clock, core.clock, address, I64(8), value, I64(-1), core.clock, core.clock)
        write_ram(bus, address, I64(8), value)
        note_lines(machine, core, address, I64(8), True)
    return 0
