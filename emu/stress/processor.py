"""Operations of the processor itself: page walks, fetches of code, stores to code. None of them waits for a buffer."""

import numpy as np

from emu.memory.processor import drain_frame, store_at_once, walk_load, walk_write
from emu.native import array_at, njit, signed
from emu.stress import records as rec
from emu.stress.check import fail
from emu.stress.judge import S_ANY, S_M, compare, emptied, held, note_buffers, ram_write
from emu.stress.oracle import pending_bytes, write_at_once
from emu.stress.records import I64


@njit
def has_code(stress, address, width):  # type: ignore[no-untyped-def]
    """Whether code has been fetched from a frame of these bytes, and no second store has come since."""
    code = array_at(stress.code, stress.frames, np.uint8)
    return code[address >> 12] != 0 or code[(address + width - 1) >> 12] != 0


@njit
def issue_walk(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """A page walk loads an entry, whatever is in the buffer; a mark sets bits of it then, for all to see."""
    address, width = operation.address, I64(operation.width)
    stress.walks += 1
    stress.touches += 1
    cycles = walk_load(bus, core, now, address)
    word = compare(stress, bus, oracle, core, address, width)
    held(stress, bus, core, address, width, S_ANY)
    if operation.kind == rec.OP_MARK:
        stress.marks += 1
        stress.touches += 1
        releases, marked = note_buffers(stress, bus), signed(int(word) | int(operation.value))
        walk_write(bus, core, now, address, marked)
        emptied(stress, bus, oracle, releases)
        write_at_once(oracle, address, width, marked)
        compare(stress, bus, oracle, core, address, width)
        held(stress, bus, core, address, width, S_M)
    return I64(cycles)


@njit
def issue_fetch(stress, bus, oracle, core, operation):  # type: ignore[no-untyped-def]
    """A core fetches code: nothing in its frames is pending any more, and all cores see the same bytes."""
    first, last = operation.address >> 12, (operation.address + operation.width - 1) >> 12
    code, lines = array_at(stress.code, stress.frames, np.uint8), array_at(stress.slot_lines, oracle.slots, I64)
    stress.fetches += 1
    releases = note_buffers(stress, bus)
    for frame in range(first, last + 1):
        drain_frame(bus, frame)
        code[frame] = rec.FETCHED
    emptied(stress, bus, oracle, releases)
    for slot in range(oracle.slots):
        pending = I64(array_at(oracle.slot_pending, oracle.slots, np.int32)[slot])
        if first <= lines[slot] >> 6 <= last and pending > 0:
            fail(stress, rec.V_FETCH, core, lines[slot] << 6, I64(0), pending)
    for each in range(bus.cores):
        compare(stress, bus, oracle, I64(each), operation.address, I64(operation.width))
    return I64(0)


@njit
def issue_code_store(stress, bus, oracle, core, now, operation):  # type: ignore[no-untyped-def]
    """A store into a frame that has code is visible at once; the second one without a fetch makes it a frame like any other."""
    address, width = operation.address, I64(operation.width)
    code = array_at(stress.code, stress.frames, np.uint8)
    stress.code_stores += 1
    stress.touches += ((address & 63) + width + 63) >> 6
    releases = note_buffers(stress, bus)
    store_at_once(bus, core, now, address, width)
    ram_write(bus, address, width, operation.value)
    emptied(stress, bus, oracle, releases)
    if pending_bytes(oracle, core) > 0:  # it would overtake them
        fail(stress, rec.V_NOT_EMPTY, core, address, I64(0), pending_bytes(oracle, core))
    write_at_once(oracle, address, width, operation.value)
    for frame in range(address >> 12, ((address + width - 1) >> 12) + 1):
        if code[frame] != 0:
            code[frame] -= 1
    compare(stress, bus, oracle, core, address, width)
    held(stress, bus, core, address, width, S_M)
    return I64(0)
