"""The one way to deliver an exception or an interrupt, and system calls.

Source: Intel SDM volume 3, 6.12 and 6.14 (interrupts in 64-bit mode), 6.15 (#DF); volume 2, SYSCALL.
"""

from emu.boot.hot.code_pages import may_write
from emu.boot.hot.frames import PLAIN, offset_of, read_word, write_word
from emu.boot.hot.records import DEAD, HALTED, I64, PAGE, U8, WAIT_FOR_SIPI
from emu.boot.hot.walk import FETCH, NOT_CANONICAL, NOWHERE, READ, WRITE, translate
from emu.engine.env import (
    ADDSEG,
    CODE_64,
    CPL,
    CR2,
    CS,
    CS32,
    CS64,
    EFLAGS,
    EIP,
    FMASK,
    HFLAGS,
    IDT,
    IF,
    INHIBIT_IRQ,
    IS_INT,
    LMA,
    LSTAR,
    NT,
    OLD_EXCEPTION,
    R11,
    RCX,
    RF,
    RSP,
    SS,
    SS32,
    STACK,
    STAR,
    TF,
    TR,
    VM,
    get32,
    get64,
    get_flags,
    put32,
    put64,
    put_flags,
    put_segment,
)
from emu.native import array_at, njit

DEBUG, NMI, DOUBLE_FAULT, SEGMENT_NOT_PRESENT, STACK_FAULT, GENERAL_PROTECTION, PAGE_FAULT = 1, 2, 8, 11, 12, 13, 14
WITH_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17
NO_CODE = -1
CONTRIBUTORY = 1 << 0 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13
INTERRUPT_GATE, TRAP_GATE = 14, 15
DELIVERED, FAULTED = 0, 1


@njit
def takes_interrupt(core):  # type: ignore[no-untyped-def]
    """Whether something waits for this core that it takes now."""
    if core.status == WAIT_FOR_SIPI:
        return False
    if core.nmi and not core.nmi_blocked:
        return True
    if not core.irq or core.status == DEAD:
        return False
    return get64(core, EFLAGS) & IF != 0 and (core.status == HALTED or get32(core, HFLAGS) & INHIBIT_IRQ == 0)


@njit
def load_word(machine, core, address):  # type: ignore[no-untyped-def]
    """Eight bytes that the processor itself reads, across pages if need be; `core.fault` says that it could not."""
    at = translate(machine, core, address, READ, False)
    if at == NOWHERE:
        core.fault = 1
        put64(core, CR2, address)
        return I64(0)
    within = address & (PAGE - 1)
    if within <= PAGE - 8:
        return read_word(machine, core, at | within)
    next_page = (address | (PAGE - 1)) + 1
    beyond = translate(machine, core, next_page, READ, False)
    if beyond == NOWHERE:
        core.fault = 1
        put64(core, CR2, next_page)
        return I64(0)
    here = PAGE - within  # bytes
    low = read_word(machine, core, at | (PAGE - 8)) >> (8 * (8 - here))
    mask = (I64(1) << (8 * here)) - 1
    return (low & mask) | (read_word(machine, core, beyond) << (8 * here))


@njit
def push(machine, core, address, value):  # type: ignore[no-untyped-def]
    """One word of the frame; the frame is aligned, so no word crosses a page."""
    if core.fault:
        return
    at = translate(machine, core, address, WRITE, False)
    if at == NOWHERE:
        core.fault = 1
        put64(core, CR2, address)
        return
    may_write(machine, core, at, True, False)
    write_word(machine, core, at | (address & (PAGE - 1)), value, PLAIN)


@njit
def through_gate(machine, core, vector, code, software):  # type: ignore[no-untyped-def]
    """Go to the handler of a vector; DELIVERED, or FAULTED with the next exception in `core.vector` and `core.fault_code`."""
    hidden = get32(core, HFLAGS)
    level = hidden & CPL
    core.fault = 0
    gate = get64(core, IDT + 8) + 16 * vector
    low = high = I64(0)
    if 16 * vector + 15 <= get32(core, IDT + 16):
        low, high = load_word(machine, core, gate), load_word(machine, core, gate + 8)
    kind = (low >> 40) & 31
    if core.fault:
        core.vector = PAGE_FAULT
        return FAULTED
    if (kind != INTERRUPT_GATE and kind != TRAP_GATE) or (software and ((low >> 45) & 3) < level):
        core.vector = GENERAL_PROTECTION
        core.fault_code = 8 * vector + (2 if software else 3)
        return FAULTED
    if not (low >> 47) & 1:
        core.vector = SEGMENT_NOT_PRESENT
        core.fault_code = 8 * vector + (2 if software else 3)
        return FAULTED
    stack = get64(core, RSP)
    top = stack
    task = get64(core, TR + 8)
    if (low >> 32) & 7:
        top = load_word(machine, core, task + 36 + 8 * (((low >> 32) & 7) - 1))
    elif level:
        top = load_word(machine, core, task + 4)
    frame = (top & ~15) - 40
    push(machine, core, frame + 32, get32(core, SS))
    push(machine, core, frame + 24, stack)
    flags = get_flags(machine, core)
    push(machine, core, frame + 16, flags)
    push(machine, core, frame + 8, get32(core, CS))
    push(machine, core, frame, get64(core, EIP))
    if code != NO_CODE and (WITH_CODE >> vector) & 1:
        frame -= 8
        push(machine, core, frame, code)
    if core.fault:
        core.vector = PAGE_FAULT
        if core.fault_code == NOT_CANONICAL:
            core.vector, core.fault_code = STACK_FAULT, 0
        return FAULTED
    put64(core, RSP, frame)
    put64(core, EIP, (high << 32) | ((low >> 32) & 0xFFFF0000) | (low & 0xFFFF))
    put64(core, EFLAGS, get64(core, EFLAGS) & ~I64(TF | RF | NT | VM | (IF if kind == INTERRUPT_GATE else 0)))
    put_segment(core, CS, (low >> 16) & 0xFFFC, CODE_64)
    if level:
        put_segment(core, SS, I64(0), STACK)
    enter_ring_0(core, hidden)
    return DELIVERED


@njit
def enter_ring_0(core, hidden):  # type: ignore[no-untyped-def]
    """The privilege level as QEMU keeps it, and the end of the exception as far as Unicorn is concerned."""
    put32(core, HFLAGS, (hidden & ~(CPL | INHIBIT_IRQ | ADDSEG)) | CS32 | SS32 | CS64)
    put32(core, OLD_EXCEPTION, I64(-1))
    put32(core, IS_INT, I64(0))


@njit
def software_length(machine, core):  # type: ignore[no-untyped-def]
    """Bytes of the INT3 or INT n that RIP stands behind."""
    address = get64(core, EIP) - 2
    frame = translate(machine, core, address, FETCH, get32(core, HFLAGS) & CPL == 3)
    offset = I64(-1) if frame == NOWHERE else offset_of(machine, frame)
    if offset < 0:
        return I64(1)
    opcode = array_at(machine.ram + offset + (address & (PAGE - 1)), 1, U8)[0]
    return I64(2) if opcode == 0xCD else I64(1)


@njit
def deliver(machine, core, vector, code, software):  # type: ignore[no-untyped-def]
    """Deliver, and what delivering raises: a second fault, a double fault. False: a triple fault, or no long mode."""
    core.vector = vector
    if not get32(core, HFLAGS) & LMA:
        return False
    if through_gate(machine, core, vector, code, software) == DELIVERED:
        return True
    second = core.vector
    if software:  # a fault of INT itself: it has not retired
        core.count -= 1
        put64(core, EIP, get64(core, EIP) - software_length(machine, core))
    if vector == DOUBLE_FAULT:
        return False
    doubled = (vector == PAGE_FAULT and (second == PAGE_FAULT or (CONTRIBUTORY >> second) & 1)) or (
        (CONTRIBUTORY >> vector) & 1 and (CONTRIBUTORY >> second) & 1
    )
    if not doubled and through_gate(machine, core, second, core.fault_code, False) == DELIVERED:
        return True
    core.vector = DOUBLE_FAULT
    return through_gate(machine, core, I64(DOUBLE_FAULT), I64(0), False) == DELIVERED


@njit
def system_call(machine, core):  # type: ignore[no-untyped-def]
    """SYSCALL from 64-bit code; Unicorn adds the length of the instruction to RIP when this is done."""
    core.system_calls += 1
    flags = get_flags(machine, core)
    put64(core, RCX, get64(core, EIP) + 2)
    put64(core, R11, flags)
    put_flags(core, flags & ~(get64(core, FMASK) | RF))
    selector = (get64(core, STAR) >> 32) & 0xFFFC
    put_segment(core, CS, selector, CODE_64)
    put_segment(core, SS, selector + 8, STACK)
    enter_ring_0(core, get32(core, HFLAGS))
    put64(core, EIP, get64(core, LSTAR) - 2)
