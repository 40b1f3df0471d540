"""The compiled loop: operations go to the memory layer in time order, and the oracle says what each one may see.

The layer's contract, which this file relies on and checks:
calls come in time order (the core with the smallest clock, ties by the lowest id); stores due at or before a call are
visible to it; stores due in the same cycle become visible in the order of core ids; at most one store of a core in a cycle.
"""

import numpy as np

from emu.memory.access import atomic, load, locked_store, peek, store
from emu.memory.records import BUFFER, BUS, RING, STORE
from emu.memory.store_buffer import drain_due, stores_visible_at
from emu.native import NEVER, array_at, entry, njit, signed
from emu.stress import records as rec
from emu.stress.check import check_all, check_line, fail
from emu.stress.judge import S_ANY, S_M, compare, held, ram_write, visible
from emu.stress.oracle import accept, gets_own, low, pending_bytes, write_at_once
from emu.stress.processor import has_code, issue_code_store, issue_fetch, issue_walk
from emu.stress.records import FIFO, I64, NOBODY, NOWHERE, OPERATION, ORACLE, STRESS

TIMELESS = I64(NEVER)
KEEPS = 40  # cycles for which a locked instruction keeps its line
ROOM = 16  # bytes of the oracle's queue that one operation can need, and some more


@njit
def let_drain(stress, bus, oracle, now):  # type: ignore[no-untyped-def]
    """Let every store that is due become visible, one cycle at a time; in a cycle the lowest core id comes first."""
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    before = array_at(stress.counts_before, bus.cores, I64)
    while bus.next_drain <= now and stress.violation == rec.V_NONE:
        at, releases = bus.next_drain, bus.released.count
        last = NOBODY
        stress.now = at
        for core in range(bus.cores):
            before[core] = buffers[core].count
        drain_due(bus, at)
        for core in range(bus.cores):
            if buffers[core].count != before[core]:
                last = I64(core)
                place = buffers[core].head + RING - 1
                releases = visible(stress, bus, oracle, core, place, at, releases)
                if buffers[core].count != before[core] - 1:
                    fail(stress, rec.V_DRAIN_ORDER, core, NOWHERE, before[core] - 1, buffers[core].count)
        if last < 0 and bus.next_drain > at:
            continue  # the store has lost its line and asks for it again
        if last < 0:
            fail(stress, rec.V_STUCK, NOBODY, NOWHERE, at, at)
            return
        if releases != bus.released.count:
            fail(stress, rec.V_RELEASE, last, NOWHERE, releases, bus.released.count)
        entry = array_at(bus.stores, bus.cores * RING, STORE)[last * RING + (buffers[last].head + RING - 1) % RING]
        held(stress, bus, last, entry.address, I64(entry.width), S_M)
        if stress.violation == rec.V_NONE:
            check_line(stress, bus, oracle, entry.address)


@njit
def issue_load(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """A load, or a look at the first line of the bytes: RAM shows the core's view afterwards."""
    address, width = operation.address, I64(operation.width)
    if operation.kind == rec.OP_LOOK:
        width = min(width, 64 - (address & 63))
        peek(bus, core, now, address)
        compare(stress, bus, oracle, core, address, width)
        return I64(0)
    stress.loads += 1
    stress.touches += ((address & 63) + width + 63) >> 6
    forwarded = gets_own(oracle, core, address, width)
    cycles = load(bus, core, now, now, address, width)
    compare(stress, bus, oracle, core, address, width)
    if forwarded:
        stress.forwards += 1
    else:
        held(stress, bus, core, address, width, S_ANY)
    return I64(cycles)


@njit
def issue_store(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """A store enters its core's buffer. One byte at the start of a line is an unlocking store: its drain is recorded."""
    address, width = operation.address, I64(operation.width)
    if has_code(stress, address, width):
        return issue_code_store(stress, bus, oracle, core, now, operation)
    lock = address >> 6 if width == 1 and address & 63 == 0 else I64(-1)
    stress.stores += 1
    cycles = store(bus, core, now, now, address, width, operation.value, lock, now, now)
    ram_write(bus, address, width, operation.value)
    if pending_bytes(oracle, core) + ROOM > FIFO:
        fail(stress, rec.V_STUCK, core, address, now, now)
        return I64(0)
    accept(oracle, core, address, width, operation.value, lock)
    stress.full_stalls += cycles > 0
    compare(stress, bus, oracle, core, address, width)
    return I64(cycles)


@njit
def issue_atomic(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """A locked instruction, its buffer being empty: it owns the lines, reads, and writes for all to see."""
    address, width = operation.address, I64(operation.width)
    stress.atomics += 1
    stress.touches += ((address & 63) + width + 63) >> 6
    if pending_bytes(oracle, core) > 0:
        fail(stress, rec.V_NOT_EMPTY, core, address, I64(0), pending_bytes(oracle, core))
    cycles = atomic(bus, core, now, address, width, KEEPS)
    old = compare(stress, bus, oracle, core, address, width)
    new = operation.value
    if operation.kind == rec.OP_ADD:
        new = signed(int(old) + int(operation.value))
    elif operation.kind == rec.OP_CMPXCHG:
        if old == low(operation.expected, width):
            stress.swapped += 1
        else:
            new = old  # x86 writes the old value back
    locked_store(bus, core, address, width, new)
    ram_write(bus, address, width, new)
    write_at_once(oracle, address, width, new)
    held(stress, bus, core, address, width, S_M)
    return I64(cycles)


@njit
def must_wait(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """Does an atomic have to wait for its core's stores? It becomes due again when they are said to be visible.

    That may be later than was said, by each store that asks for its line a second time.
    """
    waiting, due = array_at(stress.waiting, bus.cores, np.uint8), array_at(stress.due, bus.cores, I64)
    wait = max(stores_visible_at(bus, core) - now, 0)
    if wait == 0:
        waiting[core] = 0
        return False
    if waiting[core] >= ROOM + bus.buffer_depth:
        fail(stress, rec.V_NOT_EMPTY, core, operation.address, I64(0), pending_bytes(oracle, core))
    if wait < 0 or wait > stress.limit:
        fail(stress, rec.V_CYCLES, core, operation.address, stress.limit, wait)
    waiting[core] += 1
    due[core] = now + wait
    return True


@njit
def issue(stress, bus, oracle, core, now):  # type: ignore[no-untyped-def]
    """The next operation of a core, and what must hold after it."""
    following = array_at(stress.following, bus.cores, I64)
    order = array_at(stress.order, stress.operation_count, I64)
    operations = array_at(stress.operations_at, stress.operation_count, OPERATION)
    number = order[following[core]]
    operation = operations[number]
    kind, address = operation.kind, operation.address
    if rec.OP_XCHG <= kind <= rec.OP_CMPXCHG and must_wait(stress, bus, oracle, core, now, operation):
        return
    operation.time = now
    following[core] += 1
    stress.operations += 1
    if kind in (rec.OP_LOAD, rec.OP_LOOK):
        cycles = issue_load(stress, bus, oracle, core, now, operation)
    elif kind == rec.OP_STORE:
        cycles = issue_store(stress, bus, oracle, core, now, operation)
    elif kind in rec.OF_ENTRIES:
        cycles = issue_walk(stress, bus, oracle, core, now, operation)
    elif kind == rec.OP_FETCH:
        cycles = issue_fetch(stress, bus, oracle, core, operation)
    else:
        cycles = issue_atomic(stress, bus, oracle, core, now, operation)
    if cycles < 0 or cycles > stress.limit:
        fail(stress, rec.V_CYCLES, core, address, stress.limit, cycles)
    check_line(stress, bus, oracle, address)
    if (address & 63) + operation.width > 64:
        stress.crossings += 1
        check_line(stress, bus, oracle, address + operation.width - 1)
    if stress.operations % stress.period == 0:
        check_all(stress, bus, oracle)
    if stress.violation != rec.V_NONE:
        stress.failed_operation = number
    due = array_at(stress.due, bus.cores, I64)
    due[core] = NEVER
    if following[core] < array_at(stress.end, bus.cores, I64)[core]:
        coming = operations[order[following[core]]]
        due[core] = max(now + 1 + cycles + coming.gap, coming.time)


@entry
def drive(address: int) -> None:
    """Run the program of the `STRESS` record at a host address to its end, or to the first violation."""
    stress = array_at(address, 1, STRESS)[0]
    bus = array_at(stress.bus, 1, BUS)[0]
    oracle = array_at(stress.oracle, 1, ORACLE)[0]
    due = array_at(stress.due, bus.cores, I64)
    while stress.violation == rec.V_NONE:
        core, now = NOBODY, TIMELESS
        for each in range(bus.cores):
            if due[each] < now:
                core, now = I64(each), due[each]
        if core < 0:
            break
        let_drain(stress, bus, oracle, now)
        stress.now = now
        if stress.violation == rec.V_NONE:
            issue(stress, bus, oracle, core, now)
    while stress.violation == rec.V_NONE and bus.next_drain < NEVER:
        let_drain(stress, bus, oracle, bus.next_drain)
    if stress.violation == rec.V_NONE:
        check_all(stress, bus, oracle)
