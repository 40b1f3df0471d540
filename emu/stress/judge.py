"""What the oracle says to what the layer shows: values, lines that are held, stores that became visible."""

import numpy as np

from emu.memory.cache import place_of, states_of
from emu.memory.moesi import Line
from emu.memory.records import BUFFER, RELEASE, RELEASES, RING, STORE
from emu.native import array_at, njit
from emu.stress import records as rec
from emu.stress.check import check_line, fail
from emu.stress.oracle import WELL, drain, oldest_lock, sees
from emu.stress.records import I64, NOBODY, NOWHERE

S_M, S_ANY = I64(Line.M), I64(Line.S)  # the states in order: anything from S on is a copy


@njit
def ram_value(bus, address, width):  # type: ignore[no-untyped-def]
    """What an instruction would load from RAM."""
    ram = array_at(bus.ram, bus.ram_bytes, np.uint8)
    value = I64(0)
    for offset in range(width):
        value |= I64(ram[address + offset]) << (8 * offset)
    return value


@njit
def ram_write(bus, address, width, value):  # type: ignore[no-untyped-def]
    """What an instruction would store to RAM."""
    ram = array_at(bus.ram, bus.ram_bytes, np.uint8)
    for offset in range(width):
        ram[address + offset] = (value >> (8 * offset)) & 0xFF


@njit
def compare(stress, bus, oracle, core, address, width):  # type: ignore[no-untyped-def]
    """RAM must show what the oracle says this core sees; returns what RAM shows."""
    got, wanted = ram_value(bus, address, width), sees(oracle, core, address, width)
    if got != wanted:
        fail(stress, rec.V_VALUE, core, address, wanted, got)
    return got


@njit
def held(stress, bus, core, address, width, state):  # type: ignore[no-untyped-def]
    """After an access the core's module holds the lines, for a write in M (in an L2 of one set the second may evict the first)."""
    states = states_of(bus)
    last = (address + width - 1) >> 6
    for line in range(address >> 6 if bus.l2.sets > 1 else last, last + 1):
        got = I64(states[line * bus.holders + place_of(bus, core).module])
        if got < state and not (state == S_ANY and fetches(bus, core, line)):
            fail(stress, rec.V_NOT_HELD, core, line << 6, state, got)


@njit
def fetches(bus, core, line):  # type: ignore[no-untyped-def]
    """Whether a store of this core is on its way to the line: a load then waits for its data, and leaves the states alone."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    found = False
    for place in range(buffer.count):
        found = found or stores[core * RING + (buffer.head + place) % RING].address >> 6 == line
    return found


@njit
def visible(stress, bus, oracle, core, place, at, releases):  # type: ignore[no-untyped-def]
    """The layer has drained a core's oldest entry: it must be its oldest store, in its time, and recorded if it unlocks."""
    entry = array_at(bus.stores, bus.cores * RING, STORE)[core * RING + place % RING]
    lock = oldest_lock(oracle, core)
    stress.drains += 1
    stress.touches += 1
    if entry.drain_at != at:
        fail(stress, rec.V_DRAIN_TIME, core, entry.address, entry.drain_at, at)
    verdict = drain(oracle, core, entry.address, entry.width)
    if verdict != WELL:
        fail(stress, rec.V_DRAIN_ORDER, core, entry.address, I64(0), I64(verdict))
        return releases
    if lock >= 0:
        stress.releases += 1
        record = array_at(bus.released.at, RELEASES, RELEASE)[releases % RELEASES]
        if record.lock != lock or record.core != core or record.cycle != at:
            fail(stress, rec.V_RELEASE, core, entry.address, lock, record.lock)
        releases += 1
    return releases


@njit
def note_buffers(stress, bus):  # type: ignore[no-untyped-def]
    """How full the buffers are before something may empty them; how many unlocking stores have been recorded."""
    buffers, before = array_at(bus.buffers, bus.cores, BUFFER), array_at(stress.counts_before, bus.cores, I64)
    for core in range(bus.cores):
        before[core] = buffers[core].count
    return I64(bus.released.count)


@njit
def emptied(stress, bus, oracle, releases):  # type: ignore[no-untyped-def]
    """Buffers were emptied before their stores were due: all that were in one became visible, in their order."""
    buffers, before = array_at(bus.buffers, bus.cores, BUFFER), array_at(stress.counts_before, bus.cores, I64)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    for core in range(bus.cores):
        if before[core] == buffers[core].count:
            before[core] = 0
        elif buffers[core].count != 0:
            fail(stress, rec.V_DRAIN_ORDER, core, NOWHERE, I64(0), buffers[core].count)
        for back in range(before[core], 0, -1):
            place = buffers[core].head + RING - back
            stress.forced_drains += 1
            releases = visible(stress, bus, oracle, I64(core), place, stores[core * RING + place % RING].drain_at, releases)
    for core in range(bus.cores):
        for back in range(before[core], 0, -1):
            check_line(stress, bus, oracle, stores[core * RING + (buffers[core].head + RING - back) % RING].address)
    if releases != bus.released.count:
        fail(stress, rec.V_RELEASE, NOBODY, NOWHERE, releases, bus.released.count)
