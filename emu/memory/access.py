"""The one road to shared memory: access -> store buffer -> cache -> coherence -> cost.

Every data access of every core comes through `load`, `store` or `atomic`, in the order of `now`: what it sees and changes is as
of then. Its own time `at` may be later, when its address is known. `load` returns the cycles from there until the data can be
used, `store` those for which the buffer has no room, `atomic` those until the line is the core's own; `bus.met.cause` names what
took longest, 0 if that was an L1 hit.
"""

import numpy as np

from emu.memory.cache import not_here, place_of
from emu.memory.coherence import CAUSE_OF, FROM_L2, own_line, ownership, read_line
from emu.memory.flight import busy_cycles, start_transfer
from emu.memory.journal import WRITE, enter
from emu.memory.records import BUFFER, FOR_LOCKED, I64, NO_STORE
from emu.memory.store_buffer import arrives_for_store, drain_due, forward, line_came_first, push_store, read_ram, take_view
from emu.memory.tlb import translation_cycles
from emu.memory.watch import act
from emu.native import array_at, inlined, njit
from emu.trace.record import Cause

C_BUSY = int(Cause.LINE_BUSY)


@inlined
def load(bus, core, now, at, address, size):  # type: ignore[no-untyped-def]
    """A core loads, its access being made at `at`: RAM shows its view of the bytes when this returns; load-to-use cycles."""
    bus.met.cause = 0
    if bus.next_drain <= now:
        drain_due(bus, now)
    act(bus, core, now)
    delay = translation_cycles(bus, core, address)
    at += delay
    first, last = address >> 6, (address + size - 1) >> 6
    cycles, forwarded = I64(bus.latency.l1_hit), I64(-1)
    for line in range(first, last + 1):
        fetched = I64(-1)
        pending = array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0
        if pending:
            take_view(bus, core, line)
            if forwarded < 0 and array_at(bus.buffers, bus.cores, BUFFER)[core].count > 0:
                forwarded = forward(bus, core, at, address, size)
                fetched = arrives_for_store(bus, core, line, at)
        if forwarded < 0 and fetched < 0:
            absent = pending and not_here(bus, core, line)
            fetched = I64(read_line(bus, core, line, at))
            if absent:
                line_came_first(bus, core, line, at + fetched - bus.latency.l1_hit)
        if forwarded < 0:
            cycles = max(cycles, fetched)
    return delay + (cycles if forwarded < 0 else forwarded)


@njit
def peek(bus, core, now, address):  # type: ignore[no-untyped-def]
    """Make RAM show a line as a core sees it, at no cost: for a look at what a store is about to change."""
    if bus.next_drain <= now:
        drain_due(bus, now)
    if array_at(bus.line.pending, bus.lines, np.uint16)[address >> 6] > 0:
        take_view(bus, core, address >> 6)


@njit
def look(bus, core, address, size):  # type: ignore[no-untyped-def]
    """Make RAM show bytes as a core sees them, where no time passes: what `load` and `atomic` do beside taking time."""
    pending = array_at(bus.line.pending, bus.lines, np.uint16)
    for line in range(address >> 6, ((address + size - 1) >> 6) + 1):
        if pending[line] > 0:
            take_view(bus, core, line)


@inlined
def store(bus, core, now, at, address, size, value, lock, data_at, retires_at):  # type: ignore[no-untyped-def]
    """A core stores: the value enters its buffer; returns the cycles for which that has no room.

    Its address is known at `at`, its data at `data_at`; none sees it before it retires. `lock` is the lock that this store
    releases, or -1.
    """
    bus.met.cause = 0
    if bus.next_drain <= now:
        drain_due(bus, now)
    at += translation_cycles(bus, core, address)
    inside = 64 - (address & 63)
    if size <= inside:
        return push_store(bus, core, now, at, address, size, value, lock, data_at, retires_at)
    stall = 0  # a store across a line boundary enters byte by byte: others may see part of it
    for offset in range(size):
        byte = value >> (8 * offset)
        stall = push_store(bus, core, now, at, address + offset, 1, byte, -1, data_at, retires_at)
    return stall


@njit
def atomic(bus, core, now, address, size, keeps):  # type: ignore[no-untyped-def]
    """The load half of a locked instruction, this core's buffer being empty: the line is owned at once.

    It stays busy until it is here and for the `keeps` cycles that the instruction itself takes: nobody gets it in between.
    """
    bus.met.cause = 0
    if bus.next_drain <= now:
        drain_due(bus, now)
    act(bus, core, now)
    cycles = 0
    module = place_of(bus, core).module
    threads = bus.cores_per_module > bus.l1s_per_module  # another thread can keep a line of the same L1
    for line in range(address >> 6, ((address + size - 1) >> 6) + 1):
        if array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0:
            take_view(bus, core, line)
        source, need = ownership(bus, core, line, FOR_LOCKED)
        if need > 0:
            bus.met.cause = CAUSE_OF[source]
        if source > FROM_L2 or threads:
            busy = busy_cycles(bus, line, now)
            if busy > 0 and need == 0:
                bus.met.cause = C_BUSY
            need += busy
        own_line(bus, core, line, FOR_LOCKED, now, NO_STORE)
        start_transfer(bus, module, line, now, now + need + keeps)
        cycles = max(cycles, need)
    return cycles + translation_cycles(bus, core, address)


@njit
def locked_store(bus, core, address, size, value):  # type: ignore[no-untyped-def]
    """The store half of a locked instruction: visible at once, and RAM is left for the instruction itself to write."""
    if bus.journal.at != 0:
        enter(bus, WRITE, core, address, size, read_ram(bus, address, size), value, -1)
