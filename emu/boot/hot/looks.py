"""What a debugger waits for: places in code, in front of which a core stops, and memory, whose accesses are written down.

They change nothing of the guest. A block with a place inside it is cut there, and goes on as if it had not been; an access stops
its core at the end of the block, too late: whoever runs the machine goes back to where it was.
"""

from ctypes import CFUNCTYPE, c_int32, c_int64

import numpy as np

from emu.boot.hot.blocks import instructions_before, stop
from emu.boot.hot.frames import offset_of
from emu.boot.hot.hooks import BLOCK_HOOK, enter_block
from emu.boot.hot.records import CORE, EVENT_DEVICE, I64, MACHINE, STOP_LIMIT, STOP_LOOK, U8, U64
from emu.engine.env import linear_pc
from emu.native import NEVER, array_at, hook, njit

i64, i32 = c_int64, c_int32
MEMORY_HOOK = CFUNCTYPE(None, i64, i32, i64, i32, i64, i64)  # uc, access type, physical address, size, value, user data
PLACES_MAX, WATCHES_MAX, ACCESSES_MAX = 1 << 10, 64, 1 << 12
ON_CHANGE, ON_READ, ON_ACCESS, ON_TRANSFER = range(4)  # WATCH.kind

WATCH = np.dtype(
    [
        ("kind", I64),
        ("address", I64),  # physical
        ("size", I64),
        ("holders", U64),  # of a line: bit n: core n has touched it since another one has stored there
    ]
)
ACCESS = np.dtype(
    [
        ("watch", I64),
        ("pc", I64),  # of the instruction
        ("count", I64),  # that its core has retired when it is done
        ("address", I64),  # physical
        ("writes", I64),
        ("holders", U64),  # who had the line
    ]
)
LOOKS = np.dtype(
    [
        ("armed", I64),  # whether anything stops
        ("places", I64),  # host address of I64[PLACES_MAX]: addresses of instructions
        ("place_count", I64),
        ("watches", I64),  # host address of WATCH[WATCHES_MAX]
        ("watch_count", I64),
        ("accesses", I64),  # host address of ACCESS[ACCESSES_MAX]
        ("access_count", I64),  # since it was armed or cleared
        ("core", I64),  # that was stopped
        ("at_place", I64),  # in front of a place
    ]
)
LOOKER = np.dtype(
    [
        ("looks", I64),
        ("core", I64),  # host address of CORE
        ("passes_pc", I64),  # the instruction that the core was stopped in front of last,
        ("passes_count", I64),  # and its count then: now it goes on
    ]
)


@hook(BLOCK_HOOK)
def on_block(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each block, in place of the machine's own hook."""
    looker = array_at(user, 1, LOOKER)[0]
    looks = array_at(looker.looks, 1, LOOKS)[0]
    core = array_at(looker.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    enter_block(machine, core, address, I64(size))
    if core.stop or looks.armed == 0 or looks.place_count == 0:
        return
    before = core.count - core.block_count
    place = first_place(looks, looker, address, I64(size), before)
    if place == NEVER:
        return
    inside = I64(0) if place == address else instructions_before(machine, core, address, I64(size), place)
    if inside < core.block_count:
        core.next_block = core.block_count
        core.count = before
        core.block_count = 0
        core.part = inside
        if inside == 0:
            looks.core = core.index
            looks.at_place = 1
        stop(machine, core, I64(STOP_LIMIT if inside else STOP_LOOK))


@njit
def first_place(looks, looker, address, size, count):  # type: ignore[no-untyped-def]
    """The first place in a block, NEVER if there is none; not the one that its core has been stopped in front of."""
    places = array_at(looks.places, PLACES_MAX, I64)
    first = I64(NEVER)
    for each in range(looks.place_count):
        place = places[each]
        passes = place == address and looker.passes_pc == address and looker.passes_count == count
        if address <= place < address + size and not passes and (first == NEVER or place < first):
            first = place
    return first


@njit
def changes(machine, address, size, value):  # type: ignore[no-untyped-def]
    """Whether a store makes another value of what is there."""
    offset = offset_of(machine, address)
    if offset < 0 or size > 8:
        return True
    ram = array_at(machine.ram + offset, 8, U8)
    changed = False
    for each in range(size):
        changed = changed or ram[each] != (value >> (8 * each)) & 0xFF
    return changed


@njit
def moves(watch, me, write):  # type: ignore[no-untyped-def]
    """Whether an access takes a line from other cores, or gets a copy from them."""
    mine = U64(1) << U64(me)
    others = watch.holders & ~mine
    moved = others != U64(0) and (write or watch.holders & mine == U64(0))
    watch.holders = mine if write else watch.holders | mine
    return moved


@njit
def matters(machine, core, watch, address, size, value, write):  # type: ignore[no-untyped-def]
    """Whether an access is one that a watch is for."""
    if watch.kind == ON_TRANSFER:
        return moves(watch, core.index, write)
    if watch.kind == ON_CHANGE:
        return write and changes(machine, address, size, value)
    return watch.kind == ON_ACCESS or not write


@njit
def note(user, address, size, value, write):  # type: ignore[no-untyped-def]
    """A core is about to touch memory: what is watched is written down."""
    looker = array_at(user, 1, LOOKER)[0]
    looks = array_at(looker.looks, 1, LOOKS)[0]
    core = array_at(looker.core, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    watches = array_at(looks.watches, WATCHES_MAX, WATCH)
    for each in range(looks.watch_count):
        watch = watches[each]
        if address + size <= watch.address or address >= watch.address + watch.size:
            continue
        holders = watch.holders
        if matters(machine, core, watch, address, size, value, write) and looks.armed and looks.access_count < ACCESSES_MAX:
            access = array_at(looks.accesses, ACCESSES_MAX, ACCESS)[looks.access_count]
            looks.access_count += 1
            looks.core = core.index
            access.watch = each
            access.pc = linear_pc(core)
            access.count = retired(machine, core) + 1
            access.address = address
            access.writes = 1 if write else 0
            access.holders = holders
            core.event |= EVENT_DEVICE
            machine.finished = 1


@njit
def retired(machine, core):  # type: ignore[no-untyped-def]
    """How many instructions a core has retired that is in the middle of a block."""
    pc = linear_pc(core)
    before = I64(0) if pc == core.block_pc else instructions_before(machine, core, core.block_pc, core.block_size, pc)
    return core.count - core.block_count + before


@hook(MEMORY_HOOK)
def on_load(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each load, while memory is watched."""
    note(user, address, I64(size), value, False)


@hook(MEMORY_HOOK)
def on_store(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each store, while memory is watched."""
    note(user, address, I64(size), value, True)
