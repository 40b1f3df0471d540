"""Records of the trace for lines that move: by whom they were asked for, and what became of that.

A line that a store moves does so when that drains. Its record stands where the store was made: a place is kept for it there, and
filled in, or left out, once the store has drained. `Machine.take_trace` gives no records behind a place that is kept.
"""

import numpy as np

from emu.engine.records import CORE, MACHINE
from emu.engine.trace import trace_event
from emu.memory.records import BUFFER, BUS, MOVE, NO_STORE, RING
from emu.native import array_at, entry, njit
from emu.trace.record import TRACE_DTYPE, Cause, Kind

LINE = 64  # bytes
STORE_PENDING, LINE_STAYED = -1, -2  # in the place of a Transfer: a store may still move its line, or has not
C_SIBLING, C_UPGRADE = int(Cause.SIBLING_LINE), int(Cause.UPGRADE)
K_TRANSFER = int(Kind.LINE_TRANSFER)


@njit
def note_moves(machine, bus, cores, address, size):  # type: ignore[no-untyped-def]
    """Trace the lines that have moved since the last look: for the access that has just been made, if any, and for stores."""
    while machine.tracing.moves_seen < bus.moves.count and machine.tracing.count < machine.tracing.capacity:
        move = array_at(bus.moves.at, bus.moves.room, MOVE)[machine.tracing.moves_seen % bus.moves.room]
        machine.tracing.moves_seen += 1
        transfer = move.cause - C_SIBLING if C_SIBLING <= move.cause <= C_UPGRADE else LINE_STAYED
        if move.store == NO_STORE:
            begin = max(address, move.line * LINE)
            end = min(address + size, (move.line + 1) * LINE)
            note_transfer(machine, cores[move.core], transfer, begin, end - begin, move.cycles)
        elif not fill_place(machine, move, transfer):
            note_transfer(machine, cores[move.core], transfer, move.line * LINE, 0, move.cycles)


@njit
def fill_place(machine, move, transfer):  # type: ignore[no-untyped-def]
    """A store has drained: whether what became of its line stands where the store was made, or is nothing."""
    asked = array_at(machine.tracing.asked, machine.core_count * RING, np.int64)
    place = move.core * RING + move.store
    kept = asked[place] - 1
    asked[place] = 0
    if kept < 0:
        return transfer == LINE_STAYED
    record = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[kept]
    if transfer == LINE_STAYED:
        if record.detail == STORE_PENDING:
            record.detail = LINE_STAYED
        return True
    if record.detail >= 0:  # by another store of the same instruction
        return False
    record.detail = transfer
    record.value = move.cycles
    return True


@njit
def note_transfer(machine, core, transfer, address, size, cycles):  # type: ignore[no-untyped-def]
    """Trace a line that an access moves, and its bytes there: the instruction's, or the processor's own in front of one."""
    trace_event(machine, core, K_TRANSFER, core.clock, transfer, address, cycles)
    record = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[machine.tracing.count - 1]
    record["size"] = size
    if core.current < 0:
        record.pc = core.pc


@njit
def keep_place(machine, bus, core, address, size, stores, younger):  # type: ignore[no-untyped-def]
    """An access has put so many stores of one line into the buffer, and `younger` ones behind them: any may move the line."""
    asked = array_at(machine.tracing.asked, machine.core_count * RING, np.int64)
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core.index]
    note_transfer(machine, core, STORE_PENDING, address, size, 0)
    for back in range(younger + 1, younger + stores + 1):
        place = core.index * RING + (buffer.head + buffer.count - back) % RING
        if asked[place] > 0:  # the store that was here was taken back
            array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[asked[place] - 1].detail = LINE_STAYED
        asked[place] = machine.tracing.count


@njit
def note_store(machine, bus, core, address, size):  # type: ignore[no-untyped-def]
    """A store has entered the buffer: in one piece, or byte by byte if it reaches into a second line."""
    inside = LINE - (address & (LINE - 1))
    if size <= inside:
        keep_place(machine, bus, core, address, size, 1, 0)
    else:
        keep_place(machine, bus, core, address, inside, inside, size - inside)
        keep_place(machine, bus, core, address + inside, size - inside, size - inside, 0)


@njit
def note_lines(machine, core, address, size, stores):  # type: ignore[no-untyped-def]
    """What lines have done for an access that has just been made, a store or none, and before it."""
    if machine.tracing.at == 0:
        return
    bus = array_at(machine.bus, 1, BUS)[0]
    if machine.tracing.moves_seen != bus.moves.count:
        note_moves(machine, bus, array_at(machine.cores, machine.core_count, CORE), address, size)
    if stores:
        note_store(machine, bus, core, address, size)


@entry
def close_part(machine_address: int, last: bool) -> int:
    """Bring the first records of a trace to their end: up to where; `machine.tracing.kept` of them are left, side by side.

    What lines have done that no access has looked for is traced. The part ends in front of the first place of which nothing
    is known yet; the `last` time such places stay empty.
    """
    machine = array_at(machine_address, 1, MACHINE)[0]
    note_lines(machine, array_at(machine.cores, machine.core_count, CORE)[0], 0, 0, False)
    records = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)
    kept, end = 0, machine.tracing.count
    for place in range(machine.tracing.count):
        detail = records[place].detail if records[place].kind == K_TRANSFER else 0
        if detail == STORE_PENDING and not last:
            end = place
            break
        if detail != STORE_PENDING and detail != LINE_STAYED:
            if kept != place:
                records[kept] = records[place]
            kept += 1
    machine.tracing.kept = kept
    return end  # type: ignore[no-any-return]
