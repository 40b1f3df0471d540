"""What must hold in every state of the memory layer, whatever the program: owners, places, buffers, and what RAM shows."""

import numpy as np

from emu.memory.cache import states_of
from emu.memory.coherence import BY_UPGRADE, FROM_MEMORY, FROM_MODULE, FROM_SIBLING
from emu.memory.moesi import LEVELS, Line
from emu.memory.records import BUFFER, RING, STORE
from emu.native import NEVER, array_at, njit
from emu.set_associative import count
from emu.stress import records as rec
from emu.stress.oracle import byte_index, byte_seen, pending_bytes
from emu.stress.records import I64, NOBODY, NOWHERE

S_I, S_E, S_O, S_M = int(Line.I), int(Line.E), int(Line.O), int(Line.M)


@njit
def fail(stress, violation, core, address, wanted, got):  # type: ignore[no-untyped-def]
    """Remember the first violation."""
    if stress.violation == rec.V_NONE:
        stress.violation = violation
        stress.failed_core = core
        stress.failed_address = address
        stress.wanted = wanted
        stress.got = got


@njit
def check_owners(stress, bus, line):  # type: ignore[no-untyped-def]
    """At most one module or L3 in M or E, and then alone; at most one in O."""
    states = states_of(bus)
    exclusive = owned = held = 0
    for holder in range(bus.holders):
        state = states[line * bus.holders + holder]
        held += state != S_I
        exclusive += state in (S_M, S_E)
        owned += state == S_O
    if exclusive > 1 or (exclusive == 1 and held > 1) or owned > 1:
        fail(stress, rec.V_WRITERS, NOBODY, line << 6, owned, exclusive)


@njit
def check_places(stress, bus, line):  # type: ignore[no-untyped-def]
    """A line is in an L2 or L3 where its state says so and in no other one, and in no L1 above an L2 without it."""
    states = states_of(bus)
    for holder in range(bus.holders):
        held = 1 if states[line * bus.holders + holder] != S_I else 0
        found = count(bus.l2, holder, line, line) if holder < bus.modules else count(bus.l3, holder - bus.modules, line, line)
        if found != held:
            fail(stress, rec.V_PLACES, holder * bus.cores_per_module, line << 6, I64(held), I64(found))
    for l1 in range(bus.l1s):
        held = 1 if states[line * bus.holders + l1 // bus.l1s_per_module] != S_I else 0
        found = count(bus.l1, l1, line, line)
        if found > held:
            fail(stress, rec.V_PLACES, l1, line << 6, I64(held), I64(found))


@njit
def check_pending(stress, bus, oracle, line, slot):  # type: ignore[no-untyped-def]
    """A line is marked as pending exactly when some core has a store in flight to it."""
    marked = I64(array_at(bus.line.pending, bus.lines, np.uint16)[line])
    pending = I64(array_at(oracle.slot_pending, oracle.slots, np.int32)[slot])
    if (marked > 0) != (pending > 0):
        fail(stress, rec.V_PENDING, NOBODY, line << 6, pending, marked)


@njit
def check_line(stress, bus, oracle, address):  # type: ignore[no-untyped-def]
    """The checks of one line, after an operation or a drain has touched it."""
    line = address >> 6
    check_owners(stress, bus, line)
    check_places(stress, bus, line)
    check_pending(stress, bus, oracle, line, byte_index(oracle, address) >> 6)


@njit
def check_shown(stress, bus, oracle, line, slot):  # type: ignore[no-untyped-def]
    """RAM shows the line as its viewer sees it; with nothing pending that is what all cores agree on."""
    viewer = I64(array_at(bus.line.viewer, bus.lines, np.int16)[line])
    ram = array_at(bus.ram, bus.ram_bytes, np.uint8)
    for offset in range(64):
        wanted = byte_seen(oracle, viewer, slot * 64 + offset)
        if ram[line * 64 + offset] != wanted:
            fail(stress, rec.V_MEMORY, viewer, line * 64 + offset, wanted, I64(ram[line * 64 + offset]))


@njit
def check_buffers(stress, bus, oracle):  # type: ignore[no-untyped-def]
    """Each buffer holds the bytes that are in flight, oldest first in time, and `next_drain` is the earliest drain."""
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    earliest = I64(NEVER)
    for core in range(bus.cores):
        held, before = 0, stress.now
        for place in range(buffers[core].count):
            entry = stores[core * RING + (buffers[core].head + place) % RING]
            held += entry.width
            if entry.drain_at <= before:
                fail(stress, rec.V_BUFFER, core, entry.address, before + 1, entry.drain_at)
            before = entry.drain_at
        if held != pending_bytes(oracle, core):
            fail(stress, rec.V_BUFFER, core, NOWHERE, pending_bytes(oracle, core), held)
        if buffers[core].count > 0:
            earliest = min(earliest, stores[core * RING + buffers[core].head % RING].drain_at)
    if bus.next_drain != earliest:
        fail(stress, rec.V_NEXT_DRAIN, NOBODY, NOWHERE, earliest, bus.next_drain)


@njit
def check_pending_stores(stress, bus, line):  # type: ignore[no-untyped-def]
    """`line.pending` is the number of buffer entries of the line."""
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    found = 0
    for core in range(bus.cores):
        for place in range(buffers[core].count):
            found += stores[core * RING + (buffers[core].head + place) % RING].address >> 6 == line
    marked = I64(array_at(bus.line.pending, bus.lines, np.uint16)[line])
    if found != marked:
        fail(stress, rec.V_PENDING, NOBODY, line << 6, I64(found), marked)


@njit
def check_counters(stress, bus):  # type: ignore[no-untyped-def]
    """An access to a line, or a drain, is at most one transfer, upgrade or read; what cannot be needs no counting."""
    within = bus.transactions[FROM_SIBLING]
    upgraded = across = I64(0)
    for level in range(LEVELS):
        across += bus.transactions[FROM_MODULE + level]
        upgraded += bus.transactions[BY_UPGRADE + level]
    moved = within + across + upgraded + bus.transactions[FROM_MEMORY]
    if moved > stress.touches:
        fail(stress, rec.V_COUNTERS, NOBODY, NOWHERE, stress.touches, moved)
    if bus.write_backs > across + bus.transactions[FROM_MEMORY]:
        fail(stress, rec.V_COUNTERS, NOBODY, NOWHERE, across + bus.transactions[FROM_MEMORY], bus.write_backs)
    if bus.modules == 1 and across + upgraded > 0:
        fail(stress, rec.V_COUNTERS, NOBODY, NOWHERE, I64(0), across + upgraded)
    if bus.l1s_per_module == 1 and within > 0:
        fail(stress, rec.V_COUNTERS, NOBODY, NOWHERE, I64(0), within)


@njit
def check_all(stress, bus, oracle):  # type: ignore[no-untyped-def]
    """Every check of every line that the program touches."""
    stress.full_checks += 1
    lines = array_at(stress.slot_lines, oracle.slots, I64)
    for slot in range(oracle.slots):
        line = lines[slot]
        check_line(stress, bus, oracle, line << 6)
        check_shown(stress, bus, oracle, line, slot)
        if array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0:
            check_pending_stores(stress, bus, line)
    check_buffers(stress, bus, oracle)
    check_counters(stress, bus)
