"""Code of a real kernel: decoded when it is first executed, by physical page, and again when it has changed.

A frame from which code was fetched has a slot for each of its bytes, with the number of an INSTRUCTION record or 0. Nothing in
such a frame is ever pending in a store buffer: the first fetch drains what is, and a store there is visible at once.
"""

from emu.boot.full.hot.records import I32, I64, PAGE, U64
from emu.boot.hot.code_pages import frames_of, may_write, note_fetch
from emu.boot.hot.walk import FETCH, NOWHERE, translate
from emu.engine.env import CPL, HFLAGS, get32
from emu.engine.trace_lines import note_lines
from emu.memory.processor import drain_frame, store_at_once
from emu.native import array_at, call, njit

LONGEST = 15  # bytes of an instruction


@njit
def fetches_from(gear, boot, bus, full, cpu, frame):  # type: ignore[no-untyped-def]
    """A core fetches from a frame: from now on stores there are seen by it."""
    if frames_of(boot, boot.code_pages)[frame] & cpu.bit == U64(0):
        note_fetch(boot, cpu, frame << 12)
        full.forced_drains += drain_frame(bus, frame)
    slots = array_at(gear.frame_slots, gear.frames, I64)
    if slots[frame] == 0:
        call(gear.add_slots, cpu.index, frame, 0, 0, 0)
    return slots[frame]


@njit
def enter_page(gear, boot, bus, full, core, cpu, pc):  # type: ignore[no-untyped-def]
    """The core comes to another page of code, or to the same one by another translation; False if that is no RAM."""
    full.page_changes += 1
    frame = translate(boot, cpu, pc, FETCH, get32(cpu, HFLAGS) & CPL == 3)
    if frame == NOWHERE or frame >> 12 >= gear.frames:
        return False
    core.text_slots = fetches_from(gear, boot, bus, full, cpu, frame >> 12)
    full.text_page = pc >> 12
    full.text_generation = cpu.generation
    return True


@njit
def find_text(gear, boot, bus, full, core, cpu, pc):  # type: ignore[no-untyped-def]
    """See to it that the instruction at a virtual address has a record; False if that is not possible."""
    here = pc >> 12 == full.text_page and full.text_generation == cpu.generation
    if not here and not enter_page(gear, boot, bus, full, core, cpu, pc):
        return False
    if array_at(core.text_slots, PAGE, I32)[pc & (PAGE - 1)] != 0:
        return True
    full.decodes += 1
    return call(gear.decode, core.index, pc, 0, 0, 0) != 0


@njit
def forget_records(gear, address, size):  # type: ignore[no-untyped-def]
    """Bytes of code change: no instruction that has one of them keeps its record."""
    slots = array_at(gear.frame_slots, gear.frames, I64)
    for byte in range(max(address - LONGEST + 1, 0), address + size):
        if slots[byte >> 12] != 0:
            array_at(slots[byte >> 12], PAGE, I32)[byte & (PAGE - 1)] = 0


@njit
def change_code(gear, boot, full, cpu, address, size):  # type: ignore[no-untyped-def]
    """A core stores into a frame that has code: records go, and the translations of all cores that have fetched from there.

    A frame from which nobody has fetched since the last such store is code no longer.
    """
    full.code_stores += 1
    frame = address >> 12
    if frames_of(boot, boot.code_pages)[frame] == U64(0):
        slots = array_at(gear.frame_slots, gear.frames, I64)
        array_at(slots[frame], PAGE, I32)[:] = 0
        slots[frame] = 0
        return
    forget_records(gear, address, size)
    may_write(boot, cpu, frame << 12, True, False)


@njit
def store_code(machine, bus, full, core, address, size):  # type: ignore[no-untyped-def]
    """A store into a frame that has code is visible at once."""
    full.forced_drains += store_at_once(bus, core.index, core.clock, address, size)
    note_lines(machine, core, address, size, False)
