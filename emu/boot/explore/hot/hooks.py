"""The C callbacks of a core that is explored, beside those of the fast gear: each instruction, each load, each store."""

from ctypes import CFUNCTYPE, c_int32, c_int64

from emu.boot.explore.hot.buffer import drain_all, push
from emu.boot.explore.hot.events import choose_core, note_event, note_read, pause
from emu.boot.explore.hot.kind import LOCKED, PAUSE, PLAIN, kind_of
from emu.boot.explore.hot.records import AGENT, EXPLORE, I64, PAGE, STOP_TURN, STORE, U8, U64
from emu.boot.explore.hot.sharing import is_shared, learn, meet_owner, own
from emu.boot.hot.blocks import stop
from emu.boot.hot.frames import offset_of
from emu.boot.hot.records import CORE, MACHINE
from emu.memory.store_buffer import write_ram
from emu.native import array_at, call, hook, njit

i64, i32 = c_int64, c_int32
CODE_HOOK = CFUNCTYPE(None, i64, i64, i32, i64)  # uc, address, size, user data
MEMORY_HOOK = CFUNCTYPE(None, i64, i32, i64, i32, i64, i64)  # uc, access type, address, size, value, user data
ROAD = CFUNCTYPE(c_int32, i64, i64, i64, i64, i64)


@hook(CODE_HOOK)
def on_code(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each instruction: behind an event somebody else may go on; fences and locked instructions drain the buffer."""
    agent = array_at(user, 1, AGENT)[0]
    cpu = array_at(agent.cpu, 1, CORE)[0]
    if cpu.stop:
        return
    explore = array_at(agent.explore, 1, EXPLORE)[0]
    machine = array_at(explore.machine, 1, MACHINE)[0]
    agent.pc = address
    if agent.event != 0:
        agent.event = 0
        explore.chosen = choose_core(explore)
        if explore.chosen != agent.index:
            stop(machine, cpu, I64(STOP_TURN))
            return
    kind = kind_of(machine, cpu, agent, address)
    agent.locked = 1 if kind == LOCKED else 0
    if kind == PAUSE:
        pause(explore, agent)
    elif kind != PLAIN:
        drain_all(explore, agent)


@hook(MEMORY_HOOK)
def on_load(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each load."""
    agent = array_at(user, 1, AGENT)[0]
    explore = array_at(agent.explore, 1, EXPLORE)[0]
    if address >> 12 >= explore.frames:
        return
    size = I64(size)
    if explore.learning != 0:
        learn(explore, agent.index, address, size, False)
    if is_shared(explore, address, size):
        note_read(explore, agent, address, size)
    else:
        meet_owner(explore, agent.index, address, size)


@hook(MEMORY_HOOK)
def on_store(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each store."""
    agent = array_at(user, 1, AGENT)[0]
    explore = array_at(agent.explore, 1, EXPLORE)[0]
    frame = address >> 12
    if frame >= explore.frames:
        return
    size = I64(size)
    array_at(explore.dirty, explore.frames, U8)[frame] = U8(1)
    across = (address & (PAGE - 1)) + size > PAGE
    if across:
        call(explore.across, agent.index, address, size, 0, 0)
    if explore.learning != 0:
        learn(explore, agent.index, address, size, True)
    if is_shared(explore, address, size):
        store_shared(explore, agent, address, size, value, across)
    else:
        meet_owner(explore, agent.index, address, size)
        own(explore, agent.index, address, size)


@njit
def store_shared(explore, agent, address, size, value, across):  # type: ignore[no-untyped-def]
    """A store to a shared word waits in the buffer, unless it is a locked one, one of code, or one that is not whole."""
    machine = array_at(explore.machine, 1, MACHINE)[0]
    is_code = array_at(machine.code_pages, explore.frames, U64)[address >> 12] != U64(0)
    odd = size != 1 and size != 2 and size != 4 and size != 8
    if agent.locked != 0 or across or is_code or odd:
        drain_all(explore, agent)
        explore.changes += 1
    else:
        push(explore, agent, address, size, value)
    agent.era += 1
    agent.stale_reads = 0
    note_event(explore, agent, address, size, value, I64(STORE))


@hook(ROAD)
def on_road_write(companion, address, value, how, unused):  # type: ignore[no-untyped-def]
    """Write eight bytes for the processor itself: a page table's, or a frame of an exception."""
    agent = array_at(companion, 1, AGENT)[0]
    explore = array_at(agent.explore, 1, EXPLORE)[0]
    drain_all(explore, agent)
    offset = offset_of(array_at(explore.machine, 1, MACHINE)[0], address)
    array_at(explore.dirty, explore.frames, U8)[offset >> 12] = U8(1)
    write_ram(explore, offset, I64(8), value)
    explore.changes += 1
    return 0
