"""What makes two states the same, and how a core gets from one to another: hashes of 128 bits, contexts, buffers."""

import numpy as np

from emu.engine.core_parts import VECTORS
from emu.engine.env import CS, FS, GS, SS, TSC_AUX, XMM, XMM_BYTES, get32, get64
from emu.engine.records import CORE, RUNNING
from emu.engine.registers import RFLAGS, registers_of
from emu.explore.records import VISIT
from emu.memory.journal import DRAIN as DRAINED
from emu.memory.journal import WRITE
from emu.memory.records import BUFFER, BUS, CHANGE, RING, STORE
from emu.memory.store_buffer import read_ram
from emu.native import NEVER, array_at, entry, mix, njit, signed

I64 = np.int64
GENERAL_REGISTERS = VECTOR_REGISTERS = 16
STATE_WORDS = (TSC_AUX + 8) // 8  # of CPUX86State, from its beginning on: all that instructions change
SEED = 0x5851F42D4C957F2D  # Knuth's MMIX multiplier: any odd constant would do


@njit
def copy_words(target, source, words):  # type: ignore[no-untyped-def]
    """Copy 64-bit words between host addresses."""
    to, source_words = array_at(target, words, I64), array_at(source, words, I64)
    for index in range(words):
        to[index] = source_words[index]


@njit
def save(core, target):  # type: ignore[no-untyped-def]
    """Copy a core's state to `target`, a host address."""
    copy_words(target, core.env, STATE_WORDS)


@njit
def restore(core, source):  # type: ignore[no-untyped-def]
    """Give a core the state at `source`, a host address."""
    copy_words(core.env, source, STATE_WORDS)


@njit
def byte_hash(address, value, half):  # type: ignore[no-untyped-def]
    """Share of one byte of memory in the hash; the sum over all bytes does not depend on their order."""
    return mix(mix(SEED + half, address), value)


@njit
def hash_change(search, address, old, new, width):  # type: ignore[no-untyped-def]
    """Bytes of memory have changed for all cores."""
    for index in range(width):
        before, after = (old >> (8 * index)) & 0xFF, (new >> (8 * index)) & 0xFF
        if before != after:
            for half in range(2):
                gone, come = byte_hash(address + index, before, half), byte_hash(address + index, after, half)
                search.memory_hash[half] = signed(int(search.memory_hash[half]) + come - gone)


@njit
def hash_journal(search, bus, since):  # type: ignore[no-untyped-def]
    """Take what became visible to all since the journal had `since` entries into the hash of memory."""
    for index in range(since, bus.journal.count):
        change = array_at(bus.journal.at, bus.journal.capacity, CHANGE)[index]
        if change.kind == DRAINED or change.kind == WRITE:
            hash_change(search, change.address, change.old, change.new, change.width)


@njit
def hash_core(search, machine, core):  # type: ignore[no-untyped-def]
    """Hash registers, buffer and interrupt state of one core."""
    registers = registers_of(core)
    bus = array_at(machine.bus, 1, BUS)[0]
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core.index]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    hashes = array_at(search.hashes, 2 * search.core_count, I64)
    for half in range(2):
        value = mix(SEED + half, core.pc)
        for index in range(GENERAL_REGISTERS):
            value = mix(value, registers[index])
        value = mix(value, registers[RFLAGS])
        if search.devices != 0:
            value = mix(mix(mix(mix(value, get32(core, CS)), get32(core, SS)), get64(core, FS + 8)), get64(core, GS + 8))
        if search.vectors != 0:
            value = hash_vectors(core, value)
        for index in range(buffer.count):
            entry = stores[core.index * RING + (buffer.head + index) % RING]
            value = mix(mix(mix(value, entry.address), entry.width), entry.new)
        if search.devices != 0:
            value = hash_devices(core, value)
        hashes[2 * core.index + half] = value


@njit
def hash_vectors(core, value):  # type: ignore[no-untyped-def]
    """Vector registers."""
    for index in range(VECTOR_REGISTERS):
        for half in range(2):
            value = mix(value, get64(core, XMM + XMM_BYTES * index + 8 * half))
    return value


@njit
def hash_devices(core, value):  # type: ignore[no-untyped-def]
    """Halted or not, interrupts pending and in service."""
    value = mix(mix(mix(mix(value, core.status), core.irq.shadow), core.irq.in_service), core.irq.icr_high)
    if core.irq.at != NEVER:
        for vector in range(VECTORS):
            if core.irq.arrival[vector] != NEVER:
                value = mix(value, vector)
    return value


@njit
def number_of(search):  # type: ignore[no-untyped-def]
    """Number of the state where the search stands; a new one becomes the next, `search.states`."""
    hashes = array_at(search.hashes, 2 * search.core_count, I64)
    low, high = search.memory_hash[0], search.memory_hash[1]
    for core in range(search.core_count):
        low, high = mix(low, hashes[2 * core]), mix(high, hashes[2 * core + 1])
    if low == 0 and high == 0:
        low = 1
    return insert(search.visited, search.visited_capacity, low, high, search.states)


@njit
def insert(table_at, capacity, low, high, state):  # type: ignore[no-untyped-def]
    """Put the hash of a state into the table with its number, or return the number that it has there."""
    table = array_at(table_at, capacity, VISIT)
    slot = low & (capacity - 1)
    while table[slot].low != 0 or table[slot].high != 0:
        if table[slot].low == low and table[slot].high == high:
            return table[slot].state
        slot = (slot + 1) & (capacity - 1)
    table[slot].low = low
    table[slot].high = high
    table[slot].state = state
    return state


@entry
def rehash(old_at: int, old_capacity: int, new_at: int, new_capacity: int) -> None:
    """Move the visited states to a larger table."""
    old = array_at(old_at, old_capacity, VISIT)
    for slot in range(old_capacity):
        if old[slot].low != 0 or old[slot].high != 0:
            insert(new_at, new_capacity, old[slot].low, old[slot].high, old[slot].state)


@njit
def at_end(search, machine, core):  # type: ignore[no-untyped-def]
    """Whether a core is where it is done: at its end, and the two words are equal that tell so of its task."""
    if core.pc != array_at(search.ends, search.core_count, I64)[core.index]:
        return False
    who = core.task if search.devices != 0 else core.index
    told = array_at(search.told, 2 * who + 2, I64)
    one, other = told[2 * who], told[2 * who + 1]
    bus = array_at(machine.bus, 1, BUS)[0]
    return one == 0 or read_ram(bus, one, 8) == read_ram(bus, other, 8)


@njit
def is_done(search, machine):  # type: ignore[no-untyped-def]
    """Whether every core is at its end, with nothing left to drain."""
    bus = array_at(machine.bus, 1, BUS)[0]
    cores = array_at(machine.cores, machine.core_count, CORE)
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    for index in range(search.core_count):
        if cores[index].status != RUNNING or buffers[index].count > 0 or not at_end(search, machine, cores[index]):
            return False
    return True
