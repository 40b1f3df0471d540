"""Instructions counted by the block: how many each translated block has, and which of them need a hook of their own.

Unicorn says of a block where it begins and how many bytes it has. Its instructions are counted once, when it is translated or met,
and remembered by place; a block that is left in its middle is counted again, up to where it was left.
"""

from emu.boot.hot.frames import offset_of
from emu.boot.hot.length import LONGEST, decode, reads_to_write
from emu.boot.hot.records import (
    BLOCK,
    BLOCK_ENTRIES,
    CODE_BYTES,
    I64,
    PAGE,
    SITE_NONE,
    SITE_SEGMENT,
    SITES,
    STOP_SITE,
    STOP_USER,
    U8,
)
from emu.boot.hot.walk import FETCH, NOWHERE, translate
from emu.engine.env import CPL, CS64, HFLAGS, get32, linear_pc
from emu.engine.env import CS32 as HF_CS32
from emu.native import array_at, call, njit

SPREAD = 0x9E3779B1  # 2**32 / golden ratio, odd


@njit
def place_of(machine, core, pc):  # type: ignore[no-untyped-def]
    """What names the code at an address: the address itself in the kernel's half, else the physical one."""
    if pc < 0:
        return pc
    page = pc >> 12
    if page != core.code_page or core.code_generation != core.generation or core.flushing:
        core.code_page = page
        core.code_generation = core.generation
        core.code_frame = translate(machine, core, pc, FETCH, get32(core, HFLAGS) & CPL == 3)
    return core.code_frame | (pc & (PAGE - 1))


@njit
def slot_of_block(place, size):  # type: ignore[no-untyped-def]
    """Where a block is remembered."""
    return (((place + (size << 7)) * SPREAD) >> 16) & (BLOCK_ENTRIES - 1)


@njit
def copy_code(machine, core, pc, size):  # type: ignore[no-untyped-def]
    """Bytes of code, across pages, to where they can be decoded; returns how many there are."""
    code = array_at(core.code, CODE_BYTES, U8)
    user = get32(core, HFLAGS) & CPL == 3
    done = I64(0)
    while done < size:
        frame = translate(machine, core, pc + done, FETCH, user)
        offset = I64(-1) if frame == NOWHERE else offset_of(machine, frame)
        if offset < 0:
            break
        within = (pc + done) & (PAGE - 1)
        here = min(PAGE - within, size - done)
        ram = array_at(machine.ram + offset, PAGE, U8)
        for each in range(here):
            code[done + each] = ram[within + each]
        done += here
    return done


@njit
def bits_of(core):  # type: ignore[no-untyped-def]
    """16, 32 or 64: the kind of code segment."""
    hidden = get32(core, HFLAGS)
    return I64(64) if hidden & CS64 else I64(32) if hidden & HF_CS32 else I64(16)


@njit
def has_site(core, address):  # type: ignore[no-untyped-def]
    """Whether an address has its hook."""
    sites = array_at(core.sites, SITES, I64)
    at = (address ^ (address >> 10)) & (SITES - 1)
    while sites[at] != 0:
        if sites[at] == address:
            return True
        at = (at + 1) & (SITES - 1)
    return False


@njit
def instructions_before(machine, core, pc, size, end):  # type: ignore[no-untyped-def]
    """How many instructions of a block begin before the address `end`."""
    core.decodes += 1
    size = min(copy_code(machine, core, pc, size), end - pc)
    code = array_at(core.code, CODE_BYTES, U8)
    bits = bits_of(core)
    at, count = I64(0), I64(0)
    while at < size:
        length, _ = decode(code, at, bits)
        at += length
        count += 1
    return count


@njit
def examine(machine, core, pc, size):  # type: ignore[no-untyped-def]
    """Count a block's instructions; stop before it if it has one that needs a hook and has none yet."""
    core.decodes += 1
    copied = min(copy_code(machine, core, pc, size), CODE_BYTES - LONGEST)
    code = array_at(core.code, CODE_BYTES, U8)
    bits = bits_of(core)
    user = get32(core, HFLAGS) & CPL == 3
    at, count = I64(0), I64(0)
    while at < copied:
        length, kind = decode(code, at, bits)
        if kind != SITE_NONE and (kind == SITE_SEGMENT) == user and not has_site(core, pc + at):
            core.new_site = pc + at
            core.new_site_kind = kind
            stop(machine, core, I64(STOP_SITE))
        at += length
        count += 1
    if user and not machine.user_seen:
        stop(machine, core, I64(STOP_USER))
    return count


@njit
def stop(machine, core, reason):  # type: ignore[no-untyped-def]
    """Make Unicorn come back before the next block."""
    core.stop |= reason
    call(machine.emu_stop, core.uc, 0, 0, 0, 0)


@njit
def count_block(machine, core, pc, size):  # type: ignore[no-untyped-def]
    """How many instructions a block has that is about to be carried out."""
    place = place_of(machine, core, pc)
    entry = array_at(core.blocks, BLOCK_ENTRIES, BLOCK)[slot_of_block(place, size)]
    if entry.key == place and entry.what & 0xFFFF == size:
        return entry.what >> 16
    count = examine(machine, core, pc, size)
    if not core.stop:
        entry.key = place
        entry.what = (count << 16) | size
    return count


@njit
def note_translation(machine, core, pc, size, instructions):  # type: ignore[no-untyped-def]
    """Unicorn has translated a block: what was known of that place is old."""
    place = place_of(machine, core, pc)
    entry = array_at(core.blocks, BLOCK_ENTRIES, BLOCK)[slot_of_block(place, size)]
    if examine(machine, core, pc, size) != instructions:
        core.miscounted += 1
    entry.key = place
    entry.what = (instructions << 16) | size


@njit
def leave_block(machine, core):  # type: ignore[no-untyped-def]
    """The block was left at an instruction that did not retire: the rest of its instructions are not counted."""
    core.cut_end = 0
    pc = linear_pc(core)
    inside = pc - core.block_pc
    if inside < 0 or inside >= core.block_size or core.block_count == 0:
        return
    executed = I64(0) if inside == 0 else instructions_before(machine, core, core.block_pc, core.block_size, pc)
    core.count -= core.block_count - executed
    core.block_count = 0


@njit
def faults_as_write(machine, core):  # type: ignore[no-untyped-def]
    """Whether the instruction whose load has faulted is one that would have stored there."""
    copy_code(machine, core, linear_pc(core), I64(LONGEST))
    return reads_to_write(array_at(core.code, CODE_BYTES, U8), bits_of(core))
