"""One instruction: its addresses, its load, what it computes, its store, its registers, in this order.

Nothing has happened yet where it turns out that the instruction is left to Unicorn.
"""

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
    clip,
    compute,
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
from emu.engine.interpreter.operands import address_of, address_of_operand, set_flags, set_value, value_of
from emu.engine.interpreter.translation import NOT_HERE
from emu.engine.registers import R11, RAX, RBP, RCX, RDI, RDX, RFLAGS, RSI, RSP, registers_of
from emu.isa.operation import (
    ADD,
    ADDRESS,
    BIT_COMPLEMENT,
    BIT_TEST,
    CALL,
    COMPARE_EXCHANGE,
    DIRECTION_UP,
    DIVIDE_SIGNED,
    DOUBLE_LEFT,
    DOUBLE_RIGHT,
    EXCHANGE,
    EXCHANGE_ADD,
    FIRST_BIT,
    IMMEDIATE,
    INTERRUPTS_OFF,
    INTERRUPTS_ON,
    JUMP,
    JUMP_IF,
    LAST_BIT,
    LEAVE,
    LEFT,
    MEMORY,
    MOVE,
    MOVE_IF,
    MOVE_SIGNED,
    MOVE_STRING,
    MULTIPLY,
    NO_ACCESS,
    NOTHING,
    NOWHERE,
    POP,
    POP_FLAGS,
    PUSH,
    PUSH_FLAGS,
    REPEATS,
    RETURN,
    SELECTOR,
    SET_IF,
    SIGN_INTO_RDX,
    STORE_STRING,
    SWAP_BYTES,
    SWAP_GS,
    SYSTEM_RETURN,
    WIDE_MULTIPLY,
    WIDE_MULTIPLY_SIGNED,
    WIDEN,
    WRITE_MSR,
)
from emu.memory.records import BUS
from emu.memory.store_buffer import write_ram
from emu.native import array_at, inlined, njit, signed

FIRST_BASE, LAST_BASE = 0xC0000100, 0xC0000102  # MSRs: the base of FS, of GS, and what SWAPGS exchanges that with
SEGMENT_BYTES = 24  # of a segment in the state
OF_USER = 3 << 13  # DPL in a descriptor
RESTORED_FLAGS = 0x3C7FD7  # by SYSRET
USER_FLAGS = ARITHMETIC | DIRECTION | TF | NT | 0x240000  # that POPF changes, AC and ID among them,
SYSTEM_FLAGS = USER_FLAGS | IF | 0x3000  # and without a program's limits: IOPL


@inlined
def carry_out(machine, core, instruction, physical, load, store):  # type: ignore[no-untyped-def]
    """Carry out the instruction at `core.pc`, and go to the next one; False if it is left to Unicorn.

    `physical` says where in RAM a core may touch so many bytes, `load` what it sees there, `store` that it stores (RAM is written
    here, as Unicorn does it behind its hooks).
    """
    operation = instruction.operation
    kind, size = int(operation.kind), int(operation.size)
    registers = registers_of(core)
    following = core.pc + instruction.length
    if kind == LEFT or (kind >= STORE_STRING and not is_for_us(core, registers, operation)):
        return False
    if kind >= STORE_STRING and kind <= MOVE_STRING and operation.condition == REPEATS and registers[RCX] == 0:
        core.pc = following
        return True
    load_at, store_at = NOT_HERE, NOT_HERE
    if operation.load != NO_ACCESS:
        address = address_of(core, registers, operation, operation.load, following)
        if BIT_TEST <= kind <= BIT_COMPLEMENT and operation.source < MEMORY:
            address = signed(address + bytes_to_bit(registers, operation))
        load_at = physical(machine, core, address, int(operation.load_size), operation.load == operation.store)
        if load_at == NOT_HERE:
            return False
    if operation.store != NO_ACCESS:
        if operation.store == operation.load:
            store_at = load_at
        else:
            address = address_of(core, registers, operation, operation.store, following)
            store_at = physical(machine, core, address, size, True)
            if store_at == NOT_HERE:
                return False
    loaded = 0
    if load_at != NOT_HERE:
        loaded = int(load(machine, core, load_at, int(operation.load_size)))
    a, b = operands(registers, operation, loaded)
    core.pc = following
    result, destination = 0, int(operation.destination)
    if kind == MOVE:
        result = b
    elif ADD <= kind <= SWAP_BYTES:
        if kind == MULTIPLY and operation.condition != 0:
            a, b = b, clip(int(operation.immediate), size)
        result, flags = compute(kind, a, b, int(registers[RFLAGS]) & ARITHMETIC, size)
        set_flags(registers, flags)
    elif JUMP_IF <= kind <= LEAVE:
        result = go_or_stack(core, registers, operation, loaded, b, following)
    elif kind == ADDRESS:
        result = address_of_operand(core, registers, operation, following)
    elif kind == MOVE_SIGNED:
        result = widened(b, int(operation.source_size))
    else:
        result, destination = other(core, registers, operation, loaded, a, b)
    if store_at != NOT_HERE:
        result = clip(result, size)
        store(machine, core, store_at, size, result)
        write_ram(array_at(machine.bus, 1, BUS)[0], store_at, size, result)
    if destination < MEMORY:
        set_value(registers, destination, result, size)
    return True


@inlined
def operands(registers, operation, loaded):  # type: ignore[no-untyped-def]
    """The values of the target, as it is, and of the source."""
    a = b = loaded
    if operation.target < MEMORY:
        a = value_of(registers, int(operation.target), int(operation.size))
    if operation.source < MEMORY:
        b = value_of(registers, int(operation.source), int(operation.source_size))
    elif operation.source == IMMEDIATE:
        b = clip(int(operation.immediate), int(operation.size))
    return a, b


@njit
def bytes_to_bit(registers, operation):  # type: ignore[no-untyped-def]
    """How far from its operand in memory a bit is that a register numbers: in steps of the operand."""
    size = int(operation.source_size)
    return widened(value_of(registers, int(operation.source), size), size) // (8 * size) * size


@inlined
def go_or_stack(core, registers, operation, loaded, b, following):  # type: ignore[no-untyped-def]
    """A branch is taken, or not, the stack pointer moves; the result is what is stored below the stack, or a register gets."""
    kind = operation.kind
    if kind == JUMP_IF:
        if holds(int(operation.condition), int(registers[RFLAGS])):
            core.pc = signed(following + int(operation.immediate))
    elif kind == JUMP:
        core.pc = signed(following + int(operation.immediate)) if operation.source == IMMEDIATE else b
    elif kind == CALL:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        core.pc = signed(following + int(operation.immediate)) if operation.source == IMMEDIATE else b
        return following
    elif kind == RETURN:
        registers[RSP] = signed(int(registers[RSP]) + 8 + int(operation.immediate))
        core.pc = loaded
    elif kind == PUSH:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        return b
    elif kind == POP:
        registers[RSP] = signed(int(registers[RSP]) + 8)
    else:  # LEAVE
        registers[RSP] = signed(int(registers[RBP]) + 8)
        registers[RBP] = loaded
    return loaded


@njit
def is_for_us(core, registers, operation):  # type: ignore[no-untyped-def]
    """Whether an instruction that could raise an exception, or do more than is done here, will not."""
    kind, size = int(operation.kind), int(operation.size)
    if kind <= MOVE_STRING:
        return True
    if kind <= DIVIDE_SIGNED:
        divisor = value_of(registers, int(operation.source), size)
        return divides(kind, value_of(registers, RAX, size), value_of(registers, RDX, size), divisor, size)
    if get32(core, HFLAGS) & CPL != 0:
        return False
    if kind == SYSTEM_RETURN:
        return registers[RCX] >> 47 == 0
    return kind != WRITE_MSR or FIRST_BASE <= registers[RCX] & 0xFFFFFFFF <= LAST_BASE


@njit
def other(core, registers, operation, loaded, a, b):  # type: ignore[no-untyped-def]
    """The rarer operations: result and destination."""
    kind, size, flags = int(operation.kind), int(operation.size), int(registers[RFLAGS])
    destination = int(operation.destination)
    if kind == EXCHANGE:
        set_value(registers, int(operation.source), a, size)
        return b, destination
    if kind == EXCHANGE_ADD:
        set_value(registers, int(operation.source), a, size)
        result, flags = added(a, b, 0, size)
        set_flags(registers, flags)
        return result, destination
    if kind == COMPARE_EXCHANGE:
        flags = subtracted(value_of(registers, RAX, size), a, 0, size)[1]
        set_flags(registers, flags)
        if flags & ZF:
            return b, destination
        set_value(registers, RAX, a, size)
        return a, destination if destination == MEMORY else NOWHERE
    if kind == MOVE_IF:
        return b if holds(int(operation.condition), flags) else a, destination
    if kind == SET_IF:
        return (1 if holds(int(operation.condition), flags) else 0), destination
    if kind in (DOUBLE_LEFT, DOUBLE_RIGHT):
        count = int(registers[RCX]) & 0xFF if operation.condition != 0 else int(operation.immediate)
        result, flags = double_shifted(kind, a, b, count, flags & ARITHMETIC, size)
        set_flags(registers, flags)
        return result, destination
    if kind in (FIRST_BIT, LAST_BIT):
        set_flags(registers, of_result(b, size))
        if b == 0:
            return 0, NOWHERE
        return first_bit(b) if kind == FIRST_BIT else last_bit(b), destination
    if kind == WIDEN:
        set_value(registers, RAX, widened(value_of(registers, RAX, size >> 1), size >> 1), size)
    elif kind == SIGN_INTO_RDX:
        set_value(registers, RDX, widened(value_of(registers, RAX, size), size) >> 63, size)
    elif kind in (STORE_STRING, MOVE_STRING):
        return next_element(core, registers, operation, loaded), destination
    elif kind == PUSH_FLAGS:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        return flags & ~(VM | RF), destination
    elif kind == POP_FLAGS:
        registers[RSP] = signed(int(registers[RSP]) + 8)
        changed = SYSTEM_FLAGS if get32(core, HFLAGS) & CPL == 0 else USER_FLAGS
        registers[RFLAGS] = (flags & ~changed) | (loaded & changed) | 2
    elif kind in (WIDE_MULTIPLY, WIDE_MULTIPLY_SIGNED):
        low, high, flags = multiplied_wide(kind, value_of(registers, RAX, size), b, size)
        set_flags(registers, flags)
        set_value(registers, RAX, low, size)
        set_value(registers, RDX, high, size)
    elif kind == SELECTOR:
        return get32(core, ES + SEGMENT_BYTES * int(operation.condition)), destination
    elif kind == DIRECTION_UP:
        registers[RFLAGS] = flags & ~DIRECTION
    elif kind != NOTHING:
        return system(core, registers, operation, b), NOWHERE
    return 0, NOWHERE


@njit
def system(core, registers, operation, b):  # type: ignore[no-untyped-def]
    """What `is_for_us` has looked at."""
    kind, size, flags = int(operation.kind), int(operation.size), int(registers[RFLAGS])
    if kind <= DIVIDE_SIGNED:
        whole = dividend(kind, value_of(registers, RAX, size), value_of(registers, RDX, size), size)
        quotient, remainder = divided(kind, whole, b, size)
        set_value(registers, RAX, quotient, size)
        set_value(registers, RDX, remainder, size)
    elif kind == INTERRUPTS_OFF:
        registers[RFLAGS] = flags & ~IF
    elif kind == INTERRUPTS_ON:
        registers[RFLAGS] = flags | IF
    elif kind == SWAP_GS:
        base = get64(core, GS_AT + 8)
        put64(core, GS_AT + 8, get64(core, KERNEL_GS_BASE))
        put64(core, KERNEL_GS_BASE, base)
    elif kind == WRITE_MSR:
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
    if operation.kind == MOVE_STRING:
        result = loaded
        registers[RSI] = signed(int(registers[RSI]) + step)
    if operation.condition == REPEATS:
        registers[RCX] = signed(int(registers[RCX]) - 1)
        core.pc = core.current_pc
    return result
