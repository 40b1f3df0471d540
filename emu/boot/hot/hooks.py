"""The C callbacks that Unicorn calls: blocks, page fills, exceptions, system calls, the clock, single addresses."""

from ctypes import CFUNCTYPE, c_bool, c_int32, c_int64

from emu.boot.hot.blocks import count_block, leave_block, note_translation, stop
from emu.boot.hot.code_pages import FALSE_ADDRESS, FLUSH_TLB
from emu.boot.hot.deliver import DEBUG, GENERAL_PROTECTION, WITH_CODE, deliver, system_call, takes_interrupt
from emu.boot.hot.frames import offset_of
from emu.boot.hot.msr import is_native
from emu.boot.hot.records import (
    CORE,
    EVENT_CODE,
    EVENT_DEVICE,
    I64,
    MACHINE,
    STOP_CALL,
    STOP_CODE,
    STOP_EVENT,
    STOP_LIMIT,
    STOP_MARK,
    STOP_MSR,
    STOP_SHUTDOWN,
    U8,
    U16,
    U32,
)
from emu.boot.hot.walk import FETCH, NOWHERE, READ, WRITE, fill, forget, translate
from emu.engine.env import EIP, ERROR_CODE, IS_INT, RAX, RCX, RDX, TSC_AUX, get32, get64, put64
from emu.native import array_at, call, hook, inlined, njit

i64, i32 = c_int64, c_int32
BLOCK_HOOK = CFUNCTYPE(None, i64, i64, i32, i64)  # uc, address, size, user data
CODE_HOOK = BLOCK_HOOK
EDGE_HOOK = CFUNCTYPE(None, i64, i64, i64, i64)  # uc, this block, the one before, user data
FILL_HOOK = CFUNCTYPE(c_bool, i64, i64, i32, i64, i64)  # uc, address, access, where to put the answer, user data
INTERRUPT_HOOK = CFUNCTYPE(None, i64, i32, i64)  # uc, vector, user data
INSTRUCTION_HOOK = CFUNCTYPE(c_int32, i64, i64)  # uc, user data; 1: it has been carried out
INVALID_HOOK = CFUNCTYPE(c_bool, i64, i64)  # uc, user data
MEM_WRITE, MEM_FETCH = 17, 18
INVALID_OPCODE = 6


@hook(BLOCK_HOOK)
def on_block(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each block."""
    core = array_at(user, 1, CORE)[0]
    enter_block(array_at(core.machine, 1, MACHINE)[0], core, address, I64(size))


@inlined
def enter_block(machine, core, address, size):  # type: ignore[no-untyped-def]
    """A block is about to be carried out: its instructions are counted, unless this turn has not room for all of them."""
    if core.unblock:
        core.unblock = 0
        core.nmi_blocked = 0
    if core.cut_end <= core.count:
        if core.event:
            core.stop |= (STOP_EVENT if core.event & EVENT_DEVICE else 0) | (STOP_CODE if core.event & EVENT_CODE else 0)
            core.event = 0
        elif (core.irq or core.nmi) and takes_interrupt(core):
            core.stop |= STOP_EVENT
    if core.stop:
        call(machine.emu_stop, core.uc, 0, 0, 0, 0)
        return
    if core.flushing:
        core.flushing = 0
        forget(core)
        call(machine.uc_ctl, core.uc, FLUSH_TLB, 0, 0, 0)
    core.supervisor_reads = 0
    count = count_block(machine, core, address, size)
    if core.stop:
        return
    if core.count + count > core.limit:
        core.next_block = count
        stop(machine, core, I64(STOP_LIMIT))
        return
    core.block_pc = address
    core.block_size = size
    core.block_count = count
    core.count += count


@hook(EDGE_HOOK)
def on_translation(uc, block, before, user):  # type: ignore[no-untyped-def]
    """Unicorn has translated a block (struct uc_tb: u64 address, u16 instructions, u16 bytes)."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    sizes = array_at(block + 8, 2, U16)
    note_translation(machine, core, array_at(block, 1, I64)[0], I64(sizes[1]), I64(sizes[0]))


@hook(FILL_HOOK)
def on_fill(uc, address, access, answer, user):  # type: ignore[no-untyped-def]
    """Unicorn's TLB lacks a page (struct uc_tlb_entry: u64 address, u32 rights)."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    out = array_at(answer, 1, I64)
    rights = array_at(answer + 8, 1, U32)
    if (address >> 48) & 0xFFFF == FALSE_ADDRESS:
        out[0] = address & 0xFFFFFFFFF000
        rights[0] = 7
        return True
    kind = WRITE if access == MEM_WRITE else FETCH if access == MEM_FETCH else READ
    frame = fill(machine, core, address, I64(kind))
    if frame == NOWHERE:
        return False
    out[0] = frame
    rights[0] = core.scratch[1]
    return True


@njit
def raise_in_hook(machine, core, vector, code, software):  # type: ignore[no-untyped-def]
    """Deliver an exception while Unicorn waits for the hook; it goes on at the handler."""
    core.exceptions += 1
    if not deliver(machine, core, vector, code, software):
        stop(machine, core, I64(STOP_SHUTDOWN))


@hook(INTERRUPT_HOOK)
def on_exception(uc, vector, user):  # type: ignore[no-untyped-def]
    """An exception or `int n` of the guest."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    software = get32(core, IS_INT) != 0
    if vector != DEBUG and not software:
        leave_block(machine, core)
    code = get32(core, ERROR_CODE) if (WITH_CODE >> vector) & 1 and not software else I64(-1)
    raise_in_hook(machine, core, I64(vector), code, software)


@njit
def bytes_at(machine, core, address, first, second):  # type: ignore[no-untyped-def]
    """Whether the instruction at an address begins with two bytes."""
    found = I64(0)
    for each in range(2):
        frame = translate(machine, core, address + each, FETCH, False)
        offset = I64(-1) if frame == NOWHERE else offset_of(machine, frame)
        if offset < 0:
            return False
        found = found << 8 | array_at(machine.ram + offset + ((address + each) & 0xFFF), 1, U8)[0]
    return found == first << 8 | second


@hook(INVALID_HOOK)
def on_invalid(uc, user):  # type: ignore[no-untyped-def]
    """An instruction that Unicorn does not know: an m5op, RDPMC (which no program may carry out here), or #UD."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    leave_block(machine, core)
    pc = get64(core, EIP)
    if bytes_at(machine, core, pc, 0x0F, 0x04):
        stop(machine, core, I64(STOP_CALL))
    elif bytes_at(machine, core, pc, 0x0F, 0x33):
        raise_in_hook(machine, core, I64(GENERAL_PROTECTION), I64(0), False)
    else:
        raise_in_hook(machine, core, I64(INVALID_OPCODE), I64(-1), False)
    return True


@hook(INSTRUCTION_HOOK)
def on_syscall(uc, user):  # type: ignore[no-untyped-def]
    """SYSCALL."""
    core = array_at(user, 1, CORE)[0]
    system_call(array_at(core.machine, 1, MACHINE)[0], core)
    return 0


@njit
def put_clock(machine, core):  # type: ignore[no-untyped-def]
    """The time stamp counter into EDX:EAX: the machine's clock, one for all cores, at the end of the block."""
    now = machine.now + max(core.count, core.cut_end) - core.turn_start
    put64(core, RAX, now & 0xFFFFFFFF)
    put64(core, RDX, now >> 32)


@hook(INSTRUCTION_HOOK)
def on_rdtsc(uc, user):  # type: ignore[no-untyped-def]
    """RDTSC."""
    core = array_at(user, 1, CORE)[0]
    put_clock(array_at(core.machine, 1, MACHINE)[0], core)
    return 1


@hook(INSTRUCTION_HOOK)
def on_rdtscp(uc, user):  # type: ignore[no-untyped-def]
    """RDTSCP."""
    core = array_at(user, 1, CORE)[0]
    put_clock(array_at(core.machine, 1, MACHINE)[0], core)
    put64(core, RCX, get64(core, TSC_AUX) & 0xFFFFFFFF)
    return 1


@hook(CODE_HOOK)
def on_site(uc, address, size, user):  # type: ignore[no-untyped-def]
    """In front of an instruction that changes what the TLB may hold: nothing is kept until the next block."""
    core = array_at(user, 1, CORE)[0]
    core.flushing = 1
    forget(core)


@hook(CODE_HOOK)
def on_iret(uc, address, size, user):  # type: ignore[no-untyped-def]
    """In front of IRET: it ends the blocking of NMIs."""
    core = array_at(user, 1, CORE)[0]
    core.unblock = 1


@hook(CODE_HOOK)
def on_segment(uc, address, size, user):  # type: ignore[no-untyped-def]
    """In front of an instruction that reads a descriptor table as supervisor."""
    array_at(user, 1, CORE)[0].supervisor_reads = 1


@hook(CODE_HOOK)
def on_msr(uc, address, size, user):  # type: ignore[no-untyped-def]
    """In front of RDMSR or WRMSR: an MSR that is not there raises #GP."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if not is_native(get64(core, RCX) & 0xFFFFFFFF):
        leave_block(machine, core)
        stop(machine, core, I64(STOP_MSR))


@hook(CODE_HOOK)
def on_mark(uc, address, size, user):  # type: ignore[no-untyped-def]
    """In front of the marked symbol."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    machine.mark_left -= 1
    if machine.mark_left == 0:
        leave_block(machine, core)
        stop(machine, core, I64(STOP_MARK))
