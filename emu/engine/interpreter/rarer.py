"""Operations that are rarer than those of `carry_out`, and those of which it is looked first whether they are done here."""

from emu.engine.env import (
    ARITHMETIC,
    CODE_64,
    CPL,
    CS,
    DIRECTION,
    ES,
    HFLAGS,
    IF,
    KERNEL_GS_BASE,
    NT,
    RF,
    SS,
    STACK,
    STAR,
    TF,
    VM,
    get32,
    get64,
    put32,
    put64,
    put_segment,
)
from emu.engine.env import FS as FS_AT
from emu.engine.env import GS as GS_AT
from emu.engine.interpreter.arithmetic import (
    ZF,
    added,
    divided,
    dividend,
    divides,
    double_shifted,
    first_bit,
    holds,
    last_bit,
    multiplied_wide,
    of_result,
    subtracted,
    widened,
)
from emu.engine.interpreter.operands import set_flags, set_value, value_of
from emu.engine.registers import R11, RAX, RCX, RDI, RDX, RFLAGS, RSI, RSP
from emu.isa import operation as op
from emu.native import njit, signed

FIRST_BASE, LAST_BASE = 0xC0000100, 0xC0000102  # MSRs: the base of FS, of GS, and what SWAPGS exchanges that with
SEGMENT_BYTES = 24  # of a segment in the state
OF_USER = 3 << 13  # DPL in a descriptor
RESTORED_FLAGS = 0x3C7FD7  # by SYSRET
USER_FLAGS = ARITHMETIC | DIRECTION | TF | NT | 0x240000  # that POPF changes, AC and ID among them,
SYSTEM_FLAGS = USER_FLAGS | IF | 0x3000  # and without a program's limits: IOPL


@njit
def is_for_us(core, registers, operation):  # type: ignore[no-untyped-def]
    """Whether an instruction that could raise an exception, or do more than is done here, will not."""
    kind, size = int(operation.kind), int(operation.size)
    if kind <= op.MOVE_STRING:
        return True
    if kind <= op.DIVIDE_SIGNED:
        divisor = value_of(registers, int(operation.source), size)
        return divides(kind, value_of(registers, RAX, size), value_of(registers, RDX, size), divisor, size)
    if get32(core, HFLAGS) & CPL != 0:
        return False
    if kind == op.SYSTEM_RETURN:
        return registers[RCX] >> 47 == 0
    return kind != op.WRITE_MSR or FIRST_BASE <= registers[RCX] & 0xFFFFFFFF <= LAST_BASE


@njit
def other(core, registers, operation, loaded, a, b):  # type: ignore[no-untyped-def]
    """The rarer operations: result and destination."""
    kind, size, flags = int(operation.kind), int(operation.size), int(registers[RFLAGS])
    destination = int(operation.destination)
    if kind == op.EXCHANGE:
        set_value(registers, int(operation.source), a, size)
        return b, destination
    if kind == op.EXCHANGE_ADD:
        set_value(registers, int(operation.source), a, size)
        result, flags = added(a, b, 0, size)
        set_flags(registers, flags)
        return result, destination
    if kind == op.COMPARE_EXCHANGE:
        flags = subtracted(value_of(registers, RAX, size), a, 0, size)[1]
        set_flags(registers, flags)
        if flags & ZF:
            return b, destination
        set_value(registers, RAX, a, size)
        return a, destination if destination == op.MEMORY else op.NOWHERE
    if kind == op.MOVE_IF:
        return b if holds(int(operation.condition), flags) else a, destination
    if kind == op.SET_IF:
        return (1 if holds(int(operation.condition), flags) else 0), destination
    if kind in (op.DOUBLE_LEFT, op.DOUBLE_RIGHT):
        count = int(registers[RCX]) & 0xFF if operation.condition != 0 else int(operation.immediate)
        result, flags = double_shifted(kind, a, b, count, flags & ARITHMETIC, size)
        set_flags(registers, flags)
        return result, destination
    if kind in (op.FIRST_BIT, op.LAST_BIT):
        set_flags(registers, of_result(b, size))
        if b == 0:
            return 0, op.NOWHERE
        return first_bit(b) if kind == op.FIRST_BIT else last_bit(b), destination
    if kind == op.WIDEN:
        set_value(registers, RAX, widened(value_of(registers, RAX, size >> 1), size >> 1), size)
    elif kind == op.SIGN_INTO_RDX:
        set_value(registers, RDX, widened(value_of(registers, RAX, size), size) >> 63, size)
    elif kind in (op.STORE_STRING, op.MOVE_STRING):
        return next_element(core, registers, operation, loaded), destination
    elif kind == op.PUSH_FLAGS:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        return flags & ~(VM | RF), destination
    elif kind == op.POP_FLAGS:
        registers[RSP] = signed(int(registers[RSP]) + 8)
        changed = SYSTEM_FLAGS if get32(core, HFLAGS) & CPL == 0 else USER_FLAGS
        registers[RFLAGS] = (flags & ~changed) | (loaded & changed) | 2
    elif kind in (op.WIDE_MULTIPLY, op.WIDE_MULTIPLY_SIGNED):
        low, high, flags = multiplied_wide(kind, value_of(registers, RAX, size), b, size)
        set_flags(registers, flags)
        set_value(registers, RAX, low, size)
        set_value(registers, RDX, high, size)
    elif kind == op.SELECTOR:
        return get32(core, ES + SEGMENT_BYTES * int(operation.condition)), destination
    elif kind == op.DIRECTION_UP:
        registers[RFLAGS] = flags & ~DIRECTION
    elif kind != op.NOTHING:
        return system(core, registers, operation, b), op.NOWHERE
    return 0, op.NOWHERE


@njit
def system(core, registers, operation, b):  # type: ignore[no-untyped-def]
    """What `is_for_us` has looked at."""
    kind, size, flags = int(operation.kind), int(operation.size), int(registers[RFLAGS])
    if kind <= op.DIVIDE_SIGNED:
        whole = dividend(kind, value_of(registers, RAX, size), value_of(registers, RDX, size), size)
        quotient, remainder = divided(kind, whole, b, size)
        set_value(registers, RAX, quotient, size)
        set_value(registers, RDX, remainder, size)
    elif kind == op.INTERRUPTS_OFF:
        registers[RFLAGS] = flags & ~IF
    elif kind == op.INTERRUPTS_ON:
        registers[RFLAGS] = flags | IF
    elif kind == op.SWAP_GS:
        base = get64(core, GS_AT + 8)
        put64(core, GS_AT + 8, get64(core, KERNEL_GS_BASE))
        put64(core, KERNEL_GS_BASE, base)
    elif kind == op.WRITE_MSR:
        value = signed((int(registers[RDX]) << 32) | (int(registers[RAX]) & 0xFFFFFFFF))
        number = int(registers[RCX]) & 0xFFFFFFFF
        put64(core, FS_AT + 8 if number == FIRST_BASE else GS_AT + 8 if number < LAST_BASE else KERNEL_GS_BASE, value)
    else:
        return_to_user(core, registers)
    return 0


@njit
def return_to_user(core, registers):  # type: ignore[no-untyped-def]
    """SYSRET to 64-bit code."""
    selectors = get64(core, STAR) >> 48 & 0xFFFF
    put_segment(core, CS, selectors + 16 | CPL, CODE_64 | OF_USER)
    put_segment(core, SS, selectors + 8 | CPL, STACK | OF_USER)
    put32(core, HFLAGS, get32(core, HFLAGS) | CPL)
    registers[RFLAGS] = (int(registers[R11]) & RESTORED_FLAGS) | 2
    core.pc = registers[RCX]


@njit
def next_element(core, registers, operation, loaded):  # type: ignore[no-untyped-def]
    """A string instruction does one element; the result is what it stores. One that repeats itself comes back once more."""
    size = int(operation.size)
    step = -size if registers[RFLAGS] & DIRECTION else size
    result = value_of(registers, RAX, size)
    registers[RDI] = signed(int(registers[RDI]) + step)
    if operation.kind == op.MOVE_STRING:
        result = loaded
        registers[RSI] = signed(int(registers[RSI]) + step)
    if operation.condition == op.REPEATS:
        registers[RCX] = signed(int(registers[RCX]) - 1)
        core.pc = core.current_pc
    return result
