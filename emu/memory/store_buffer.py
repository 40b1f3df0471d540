"""Store buffers: a store belongs to its core until it drains, in program order, at the cycle its line is owned.

RAM holds, for each line with stores pending, the view of one core (`line.viewer`): the values all cores agree on with that
core's own pending stores laid over them. When another core touches the line the view is changed: the stores of the old
viewer are taken back, youngest first, and those of the new one laid on, oldest first. Lines without pending stores look
the same to all. So x86-TSO costs something only where two cores meet on a line in flight.
"""

import numpy as np

from emu.memory.cache import NOBODY, not_here, place_of
from emu.memory.coherence import CAUSE_OF, own_line, ownership
from emu.memory.flight import busy_cycles
from emu.memory.journal import DRAIN, PUSH, enter
from emu.memory.records import BUFFER, BUS, FOR_STORE, I64, RELEASE, RELEASES, RING, STORE
from emu.memory.watch import act
from emu.native import NEVER, array_at, entry, njit
from emu.trace.record import Cause

C_FORWARD, C_FULL, C_BUSY = int(Cause.STORE_FORWARD), int(Cause.STORE_BUFFER_FULL), int(Cause.LINE_BUSY)


@njit
def read_ram(bus, address, size):  # type: ignore[no-untyped-def]
    """Little-endian unsigned value of 1, 2, 4 or 8 bytes of RAM (8 bytes: as a signed number)."""
    if size == 8:
        return array_at(bus.ram + address, 1, I64)[0]
    if size == 4:
        return I64(array_at(bus.ram + address, 1, np.uint32)[0])
    if size == 2:
        return I64(array_at(bus.ram + address, 1, np.uint16)[0])
    return I64(array_at(bus.ram + address, 1, np.uint8)[0])


@njit
def write_ram(bus, address, size, value):  # type: ignore[no-untyped-def]
    """Write the low `size` bytes of `value` to RAM."""
    if size == 8:
        array_at(bus.ram + address, 1, I64)[0] = value
    elif size == 4:
        array_at(bus.ram + address, 1, np.uint32)[0] = value & 0xFFFFFFFF
    elif size == 2:
        array_at(bus.ram + address, 1, np.uint16)[0] = value & 0xFFFF
    else:
        array_at(bus.ram + address, 1, np.uint8)[0] = value & 0xFF


@njit
def take_view(bus, core, line):  # type: ignore[no-untyped-def]
    """Make RAM show the line as `core` sees it."""
    viewers = array_at(bus.line.viewer, bus.lines, np.int16)
    viewer = viewers[line]
    if viewer == core:
        return
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    for back in range(buffers[viewer].count - 1, -1, -1):
        entry = stores[viewer * RING + (buffers[viewer].head + back) % RING]
        if entry.address >> 6 == line:
            write_ram(bus, entry.address, entry.width, entry.old)
    for forward in range(buffers[core].count):
        entry = stores[core * RING + (buffers[core].head + forward) % RING]
        if entry.address >> 6 == line:
            entry.old = read_ram(bus, entry.address, entry.width)
            write_ram(bus, entry.address, entry.width, entry.new)
    viewers[line] = core


@njit
def drain_head(bus, core):  # type: ignore[no-untyped-def]
    """The oldest store of a core becomes visible to all: its line is owned and its value is everyone's."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    place = buffer.head % RING
    entry = array_at(bus.stores, bus.cores * RING, STORE)[core * RING + place]
    line = entry.address >> 6
    act(bus, NOBODY, entry.drain_at)
    take_view(bus, core, line)
    own_line(bus, core, line, FOR_STORE, entry.drain_at, place)
    array_at(bus.line.pending, bus.lines, np.uint16)[line] -= 1
    if bus.journal.at != 0:
        enter(bus, DRAIN, core, entry.address, entry.width, entry.old, entry.new, entry.lock)
    if entry.lock >= 0:
        release = array_at(bus.released.at, RELEASES, RELEASE)[bus.released.count % RELEASES]
        release.lock = entry.lock
        release.core = core
        release.cycle = entry.drain_at
        bus.released.count += 1
    buffer.head = (buffer.head + 1) % RING
    buffer.count -= 1


@njit
def drain_due(bus, now):  # type: ignore[no-untyped-def]
    """Drain, in time order, every store of every core whose time has come."""
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    while bus.next_drain <= now:
        first, earliest, second = -1, NEVER, NEVER
        for core in range(bus.cores):
            if buffers[core].count > 0:
                at = stores[core * RING + buffers[core].head % RING].drain_at
                if at < earliest:
                    second = earliest
                    first, earliest = core, at
                elif at < second:
                    second = at
        if earliest > now:
            bus.next_drain = earliest
            return
        if ask_again(bus, first):
            continue
        drain_head(bus, first)
        bus.next_drain = second
        if buffers[first].count > 0:
            bus.next_drain = min(second, stores[first * RING + buffers[first].head % RING].drain_at)


@entry
def drain_all(bus_address: int) -> None:
    """Make every store of every core visible; the run is over, so nobody's time matters."""
    drain_due(array_at(bus_address, 1, BUS)[0], NEVER - 1)


@njit
def ask_again(bus, core):  # type: ignore[no-untyped-def]
    """A module may lose a line between the request of a store and its turn: then the store waits for it once more."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    entry = stores[core * RING + buffer.head % RING]
    line = entry.address >> 6
    probed = array_at(bus.line.probed, bus.lines * bus.holders, I64)[line * bus.holders + place_of(bus, core).module]
    if probed <= entry.asked_at:
        return False
    _, need = ownership(bus, core, line, FOR_STORE)
    entry.asked_at = NEVER  # the store is first in its buffer now: it takes place as soon as its line is there
    if need == 0:
        return False
    bus.requests_lost += 1
    entry.owned_at = entry.drain_at + busy_cycles(bus, line, entry.drain_at) + need
    at = entry.owned_at
    for place in range(buffer.count):
        later = stores[core * RING + (buffer.head + place) % RING]
        later.drain_at = max(later.drain_at, at)
        at = later.drain_at + 1
    buffer.last_drain = at - 1
    return True


@njit
def stores_visible_at(bus, core):  # type: ignore[no-untyped-def]
    """When this core's stores will all be visible, as things stand: one may have to ask for its line again.

    0 if it has none, or if time brings them nowhere.
    """
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    return buffer.last_drain if buffer.count > 0 and buffer.last_drain < NEVER else I64(0)


@njit
def ready_time(bus, core, line, now):  # type: ignore[no-untyped-def]
    """When a store issued now will own its line; requests beyond `buffer_requests` in flight wait for older ones."""
    source, need = ownership(bus, core, line, FOR_STORE)
    bus.met.ownership_cycles = need
    bus.met.ownership_cause = CAUSE_OF[source]
    if need == 0:
        return now
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    start = now
    for back in range(1, buffer.count + 1):
        entry = stores[core * RING + (buffer.head + buffer.count - back) % RING]
        if entry.address >> 6 == line:
            bus.met.ownership_cycles = 0  # asked for already
            return entry.owned_at
        if back == bus.buffer_requests:
            start = max(start, entry.owned_at)
    return start + busy_cycles(bus, line, start) + need


@njit
def push_store(bus, core, now, at, address, size, value, lock, data_at, retires_at):  # type: ignore[no-untyped-def]
    """Put a store of one line into the buffer; returns the cycles from `now` until the buffer has room for it.

    Its line is asked for when it retires: the L1 is written through, and nothing speculative reaches the L2.

    RAM is left for the caller (the emulated instruction itself) to write.
    """
    line = address >> 6
    pending = array_at(bus.line.pending, bus.lines, np.uint16)
    if pending[line] == 0:
        array_at(bus.line.viewer, bus.lines, np.int16)[line] = core
    else:
        take_view(bus, core, line)
    owned = ready_time(bus, core, line, retires_at)
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    entry = stores[core * RING + (buffer.head + buffer.count) % RING]
    entry.address = address
    entry.width = size
    entry.old = read_ram(bus, address, size)
    entry.new = value
    entry.lock = lock
    entry.data_at = data_at
    entry.asked_at = retires_at
    entry.owned_at = owned
    entry.drain_at = max(owned, buffer.last_drain + 1, retires_at + 1, bus.first_drain)
    if bus.journal.at != 0:
        enter(bus, PUSH, core, address, size, entry.old, value, lock)
    pending[line] += 1
    buffer.last_drain = entry.drain_at
    buffer.count += 1
    if buffer.count == 1:
        bus.next_drain = min(bus.next_drain, entry.drain_at)
    if buffer.count <= bus.buffer_depth:
        bus.met.cause = 0
        return 0
    bus.met.cause = C_FULL
    frees = stores[core * RING + (buffer.head + buffer.count - 1 - bus.buffer_depth) % RING].drain_at
    return frees - now if frees > now else 0


@njit
def forward(bus, core, at, address, size):  # type: ignore[no-untyped-def]
    """A load at `at` meets this core's own pending stores: cycles until it has their data, or -1 if none overlaps it."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    for back in range(1, buffer.count + 1):
        entry = stores[core * RING + (buffer.head + buffer.count - back) % RING]
        if entry.address < address + size and address < entry.address + entry.width:
            bus.met.cause = C_FORWARD
            ready = max(entry.data_at + bus.latency.store_forward, at + bus.latency.l1_hit)
            if entry.address <= address and address + size <= entry.address + entry.width:
                return ready - at
            return max(ready, entry.drain_at + bus.latency.l1_hit) - at + bus.latency.store_forward_fail
    return -1


@njit
def arrives_for_store(bus, core, line, at):  # type: ignore[no-untyped-def]
    """Cycles until a load has its data from a line that an own pending store has asked for; -1 if none has."""
    if not not_here(bus, core, line):
        return I64(-1)
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    for place in range(buffer.count):
        entry = stores[core * RING + (buffer.head + place) % RING]
        if entry.address >> 6 == line and entry.asked_at <= at:
            bus.met.cause = C_BUSY
            return bus.latency.l1_hit + max(entry.owned_at - at, 0)
    return I64(-1)


@njit
def line_came_first(bus, core, line, arrives_at):  # type: ignore[no-untyped-def]
    """A load has brought a line that own stores behind have yet to ask for: they need less now, and may drain earlier."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    drained, found = I64(0), False
    for place in range(buffer.count):
        entry = stores[core * RING + (buffer.head + place) % RING]
        if entry.address >> 6 == line and entry.asked_at != NEVER:
            _, need = ownership(bus, core, line, FOR_STORE)
            entry.owned_at = max(entry.asked_at, arrives_at) + need
            found = True
        if found:
            may_leave = max(drained + 1, entry.asked_at + 1 if entry.asked_at != NEVER else 0, bus.first_drain)
            entry.drain_at = max(entry.owned_at, may_leave)
        drained = entry.drain_at
    if found:
        buffer.last_drain = drained
        bus.next_drain = min(bus.next_drain, stores[core * RING + buffer.head % RING].drain_at)


@njit
def withdraw(bus, core, count):  # type: ignore[no-untyped-def]
    """Take the youngest stores of a core out of its buffer: they turned out not to happen, and RAM was never written."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    for _ in range(count):
        buffer.count -= 1
        entry = stores[core * RING + (buffer.head + buffer.count) % RING]
        array_at(bus.line.pending, bus.lines, np.uint16)[entry.address >> 6] -= 1
    if buffer.count > 0:
        buffer.last_drain = stores[core * RING + (buffer.head + buffer.count - 1) % RING].drain_at
    else:
        buffer.last_drain = 0
