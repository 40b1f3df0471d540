"""The C callbacks that Unicorn calls for a core in full detail: the engine's, and what a real kernel needs around them."""

from ctypes import CFUNCTYPE, c_bool, c_int32, c_int64

from emu.boot.full.hot.across import load_across, store_across
from emu.boot.full.hot.lock_finder import WORD, find_lock
from emu.boot.full.hot.records import (
    FULL,
    GEAR,
    I64,
    PAGE,
    SP_RDPMC,
)
from emu.boot.full.hot.seqcount import note_load
from emu.boot.full.hot.text import change_code, fetches_from, store_code
from emu.boot.hot.code_pages import FALSE_ADDRESS
from emu.boot.hot.deliver import system_call
from emu.boot.hot.records import CORE as CPU
from emu.boot.hot.records import MACHINE as BOOT
from emu.boot.hot.records import U32
from emu.boot.hot.walk import (
    FETCH,
    NOWHERE,
    R_DIRTY,
    READ,
    WRITE,
    forbidden,
    reads_descriptor,
    rights_of,
    translate,
)
from emu.engine.access import load_access, store_access
from emu.engine.env import CPL, ERROR_CODE, HFLAGS, IS_INT, RAX, RCX, RDX, TSC_AUX, get32, get64, put64
from emu.engine.interpreter.arithmetic import clip
from emu.engine.records import (
    CORE,
    INSTRUCTION,
    LOCKED,
    MACHINE,
    ORDERED,
    STOP_EXCEPTION,
    STOP_HANDED_BACK,
)
from emu.engine.turn import stop
from emu.memory.processor import drain_own
from emu.memory.records import BUFFER, BUS, RING
from emu.native import array_at, hook, njit
from emu.trace.record import Cause

i64, i32 = c_int64, c_int32
CODE_HOOK = CFUNCTYPE(None, i64, i64, i32, i64)  # uc, address, size, user data
MEMORY_HOOK = CFUNCTYPE(None, i64, i32, i64, i32, i64, i64)  # uc, access type, address, size, value, user data
FILL_HOOK = CFUNCTYPE(c_bool, i64, i64, i32, i64, i64)  # uc, address, access, where to put the answer, user data
INTERRUPT_HOOK = CFUNCTYPE(None, i64, i32, i64)  # uc, vector, user data
INSTRUCTION_HOOK = CFUNCTYPE(c_int32, i64, i64)  # uc, user data; 1: it has been carried out
INVALID_HOOK = CFUNCTYPE(c_bool, i64, i64)  # uc, user data
MEM_WRITE, MEM_FETCH = 17, 18
INVALID_OPCODE, GENERAL_PROTECTION = 6, 13
WITH_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17
C_TLB, C_SIBLING, C_REMOTE = (int(each) for each in (Cause.TLB_MISS, Cause.SIBLING_LINE, Cause.REMOTE_LINE))
ROOM = 32  # stores that one instruction makes at most, between two looks at the ring


@hook(CODE_HOOK)
def on_code(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each instruction: one was left to Unicorn, the next one is not."""
    core = array_at(user, 1, CORE)[0]
    if core.left != 0:
        core.left = 0
        return
    core.pc = address
    stop(array_at(core.machine, 1, MACHINE)[0], core, STOP_HANDED_BACK)


@hook(MEMORY_HOOK)
def on_load(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each load of Unicorn's."""
    core = array_at(user, 1, CORE)[0]
    if core.current >= 0:
        load_in_detail(array_at(core.machine, 1, MACHINE)[0], core, address, I64(size))


@njit
def load_in_detail(machine, core, address, size):  # type: ignore[no-untyped-def]
    """A load of the instruction in flight: what it sees, if that lies in one page."""
    full = array_at(core.companion, 1, FULL)[0]
    if full.road_cycles != 0:
        walked(core, full)
    if not array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits & ORDERED:
        full.unordered += 1
    gear = array_at(full.gear, 1, GEAR)[0]
    if (address & (PAGE - 1)) + size > PAGE and address >> 12 < gear.frames:
        boot, bus = array_at(gear.boot, 1, BOOT)[0], array_at(machine.bus, 1, BUS)[0]
        load_across(gear, boot, bus, machine, full, core, array_at(full.cpu, 1, CPU)[0], address, size)
        return I64(0)
    seen = load_access(machine, core, address, size)
    note_load(gear, machine, full, core, address, size, core.access.value)
    bus = array_at(machine.bus, 1, BUS)[0]
    if bus.met.cause == C_SIBLING or bus.met.cause == C_REMOTE:
        note_move(gear, bus, address)
    return seen


@njit
def note_move(gear, bus, address):  # type: ignore[no-untyped-def]
    """A line has come from another core."""
    if address >> 6 < bus.lines:
        array_at(gear.line_moves, bus.lines, U32)[address >> 6] += U32(1)


@njit
def walked(core, full):  # type: ignore[no-untyped-def]
    """The access of the instruction in flight has had to wait for page walks."""
    core.start += full.road_cycles
    core.data_at = max(core.data_at, core.start)
    full.road_cycles = 0


@hook(MEMORY_HOOK)
def on_store(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each store of Unicorn's."""
    core = array_at(user, 1, CORE)[0]
    if core.current >= 0:
        store_in_detail(array_at(core.machine, 1, MACHINE)[0], core, address, I64(size), clip(value, I64(size)))


@njit
def store_in_detail(machine, core, address, size, value):  # type: ignore[no-untyped-def]
    """A store of the instruction in flight."""
    full = array_at(core.companion, 1, FULL)[0]
    gear = array_at(full.gear, 1, GEAR)[0]
    if full.road_cycles != 0:
        walked(core, full)
    frame = address >> 12
    if frame >= gear.frames:
        store_access(machine, core, address, size, value)
        return
    traits = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits
    if not traits & ORDERED:
        full.unordered += 1
    bus = array_at(machine.bus, 1, BUS)[0]
    if array_at(bus.buffers, bus.cores, BUFFER)[core.index].count > RING - ROOM:
        full.forced_drains += drain_own(bus, core.index)
    if (address & (PAGE - 1)) + size > PAGE:
        boot, cpu = array_at(gear.boot, 1, BOOT)[0], array_at(full.cpu, 1, CPU)[0]
        store_across(gear, boot, bus, machine, full, core, cpu, address, size, value)
    elif array_at(gear.frame_slots, gear.frames, I64)[frame] != 0:
        boot, cpu = array_at(gear.boot, 1, BOOT)[0], array_at(full.cpu, 1, CPU)[0]
        if not traits & LOCKED:
            store_code(machine, bus, full, core, address, size)
        change_code(gear, boot, full, cpu, address, size)
    else:
        if traits & LOCKED and size == WORD and core.current_pc < 0:
            find_lock(gear, machine, full, core, bus, traits, address, value)
        bus.met.ownership_cycles = 0
        store_access(machine, core, address, size, value)
        if bus.met.ownership_cycles > 0 and (bus.met.ownership_cause == C_SIBLING or bus.met.ownership_cause == C_REMOTE):
            note_move(gear, bus, address)


@njit
def fill(machine, core, full, address, access):  # type: ignore[no-untyped-def]
    """What Unicorn's TLB is to hold of a page: its physical address (or NOWHERE), and the rights in `cpu.scratch[1]`.

    A page is executable only for a fetch, and then not writable: so each fetch from another frame is seen.
    """
    gear = array_at(full.gear, 1, GEAR)[0]
    cpu, boot = array_at(full.cpu, 1, CPU)[0], array_at(gear.boot, 1, BOOT)[0]
    cpu.fills += 1
    user = get32(cpu, HFLAGS) & CPL == 3
    if user and access == READ and reads_descriptor(cpu, address):
        user = False
    frame = translate(boot, cpu, address, access, user)
    if frame == NOWHERE:
        cpu.fault = 1
        cpu.fault_access = access
        return frame
    if frame >> 12 >= gear.frames:
        cpu.scratch[1] = 3
        return frame
    allowed = I64(1)
    if access == FETCH:
        allowed |= 4
        fetches_from(gear, boot, array_at(machine.bus, 1, BUS)[0], full, cpu, frame >> 12)
    elif rights_of(cpu, address) & R_DIRTY and not forbidden(boot, cpu, rights_of(cpu, address), I64(WRITE), user):
        allowed |= 2
    cpu.scratch[1] = allowed | (2 if access == WRITE else 0)
    return frame


@hook(FILL_HOOK)
def on_fill(uc, address, access, answer, user):  # type: ignore[no-untyped-def]
    """Unicorn's TLB lacks a page (struct uc_tlb_entry: u64 address, u32 rights)."""
    core = array_at(user, 1, CORE)[0]
    out = array_at(answer, 1, I64)
    rights = array_at(answer + 8, 1, U32)
    if (address >> 48) & 0xFFFF == FALSE_ADDRESS:
        out[0] = address & 0xFFFFFFFFF000
        rights[0] = 7
        return True
    full = array_at(core.companion, 1, FULL)[0]
    kind = WRITE if access == MEM_WRITE else FETCH if access == MEM_FETCH else READ
    frame = fill(array_at(core.machine, 1, MACHINE)[0], core, full, address, I64(kind))
    if frame == NOWHERE:
        return False
    out[0] = frame
    rights[0] = array_at(full.cpu, 1, CPU)[0].scratch[1]
    return True


@njit
def raise_exception(core, vector, code, software):  # type: ignore[no-untyped-def]
    """The instruction in flight raises an exception: the core stops, and it is delivered from there."""
    full = array_at(core.companion, 1, FULL)[0]
    full.exceptions += 1
    full.exception = vector
    full.exception_code = code
    full.software = software
    stop(array_at(core.machine, 1, MACHINE)[0], core, STOP_EXCEPTION)


@hook(INTERRUPT_HOOK)
def on_exception(uc, vector, user):  # type: ignore[no-untyped-def]
    """An exception or `int n` of the guest."""
    core = array_at(user, 1, CORE)[0]
    cpu = array_at(array_at(core.companion, 1, FULL)[0].cpu, 1, CPU)[0]
    software = I64(get32(cpu, IS_INT) != 0)
    code = get32(cpu, ERROR_CODE) if (WITH_CODE >> vector) & 1 and not software else I64(-1)
    raise_exception(core, I64(vector), code, software)


@hook(INVALID_HOOK)
def on_invalid(uc, user):  # type: ignore[no-untyped-def]
    """An instruction that Unicorn does not know: RDPMC, which nobody may carry out here, or #UD."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if core.current >= 0 and array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].special == SP_RDPMC:
        raise_exception(core, I64(GENERAL_PROTECTION), I64(0), I64(0))
    else:
        raise_exception(core, I64(INVALID_OPCODE), I64(-1), I64(0))
    return True


@hook(INSTRUCTION_HOOK)
def on_syscall(uc, user):  # type: ignore[no-untyped-def]
    """SYSCALL."""
    core = array_at(user, 1, CORE)[0]
    full = array_at(core.companion, 1, FULL)[0]
    boot = array_at(array_at(full.gear, 1, GEAR)[0].boot, 1, BOOT)[0]
    system_call(boot, array_at(full.cpu, 1, CPU)[0])
    return 0


@njit
def put_clock(core, cpu):  # type: ignore[no-untyped-def]
    """The time stamp counter into EDX:EAX: the devices' clock, when the instruction in flight starts."""
    gear = array_at(array_at(core.companion, 1, FULL)[0].gear, 1, GEAR)[0]
    now = gear.ticks_base + max(core.start, core.clock) * 1000 // gear.megahertz
    put64(cpu, RAX, now & 0xFFFFFFFF)
    put64(cpu, RDX, now >> 32)


@hook(INSTRUCTION_HOOK)
def on_rdtsc(uc, user):  # type: ignore[no-untyped-def]
    """RDTSC."""
    core = array_at(user, 1, CORE)[0]
    put_clock(core, array_at(array_at(core.companion, 1, FULL)[0].cpu, 1, CPU)[0])
    return 1


@hook(INSTRUCTION_HOOK)
def on_rdtscp(uc, user):  # type: ignore[no-untyped-def]
    """RDTSCP."""
    core = array_at(user, 1, CORE)[0]
    cpu = array_at(array_at(core.companion, 1, FULL)[0].cpu, 1, CPU)[0]
    put_clock(core, cpu)
    put64(cpu, RCX, get64(cpu, TSC_AUX) & 0xFFFFFFFF)
    return 1
