"""One instruction: its addresses, its load, what it computes, its store, its registers, in this order.

Nothing has happened yet where it turns out that the instruction is left to Unicorn.
"""

from emu.engine.env import ARITHMETIC, TF
from emu.engine.interpreter.arithmetic import clip, compute, holds, widened
from emu.engine.interpreter.operands import address_of, address_of_operand, set_flags, set_value, value_of
from emu.engine.interpreter.rarer import is_for_us, other
from emu.engine.interpreter.translation import NOT_HERE
from emu.engine.registers import RBP, RCX, RFLAGS, RSP, registers_of
from emu.isa import operation as op
from emu.memory.records import BUS
from emu.memory.store_buffer import write_ram
from emu.native import array_at, inlined, njit, signed


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
    if kind == op.LEFT or registers[RFLAGS] & TF or (kind >= op.STORE_STRING and not is_for_us(core, registers, operation)):
        return False
    if op.STORE_STRING <= kind <= op.MOVE_STRING and operation.condition == op.REPEATS and registers[RCX] == 0:
        core.pc = following
        return True
    load_at, store_at = NOT_HERE, NOT_HERE
    if operation.load != op.NO_ACCESS:
        address = address_of(core, registers, operation, operation.load, following)
        if op.BIT_TEST <= kind <= op.BIT_COMPLEMENT and operation.source < op.MEMORY:
            address = signed(address + bytes_to_bit(registers, operation))
        load_at = physical(machine, core, address, int(operation.load_size), operation.load == operation.store)
        if load_at == NOT_HERE:
            return False
    if operation.store != op.NO_ACCESS:
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
    if kind == op.MOVE:
        result = b
    elif op.ADD <= kind <= op.SWAP_BYTES:
        if kind == op.MULTIPLY and operation.condition != 0:
            a, b = b, clip(int(operation.immediate), size)
        result, flags = compute(kind, a, b, int(registers[RFLAGS]) & ARITHMETIC, size)
        set_flags(registers, flags)
    elif op.JUMP_IF <= kind <= op.LEAVE:
        result = go_or_stack(core, registers, operation, loaded, b, following)
    elif kind == op.ADDRESS:
        result = address_of_operand(core, registers, operation, following)
    elif kind == op.MOVE_SIGNED:
        result = widened(b, int(operation.source_size))
    else:
        result, destination = other(core, registers, operation, loaded, a, b)
    if store_at != NOT_HERE:
        result = clip(result, size)
        store(machine, core, store_at, size, result)
        write_ram(array_at(machine.bus, 1, BUS)[0], store_at, size, result)
    if destination < op.MEMORY:
        set_value(registers, destination, result, size)
    return True


@inlined
def operands(registers, operation, loaded):  # type: ignore[no-untyped-def]
    """The values of the target, as it is, and of the source."""
    a = b = loaded
    if operation.target < op.MEMORY:
        a = value_of(registers, int(operation.target), int(operation.size))
    if operation.source < op.MEMORY:
        b = value_of(registers, int(operation.source), int(operation.source_size))
    elif operation.source == op.IMMEDIATE:
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
    if kind == op.JUMP_IF:
        if holds(int(operation.condition), int(registers[RFLAGS])):
            core.pc = signed(following + int(operation.immediate))
    elif kind == op.JUMP:
        core.pc = signed(following + int(operation.immediate)) if operation.source == op.IMMEDIATE else b
    elif kind == op.CALL:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        core.pc = signed(following + int(operation.immediate)) if operation.source == op.IMMEDIATE else b
        return following
    elif kind == op.RETURN:
        registers[RSP] = signed(int(registers[RSP]) + 8 + int(operation.immediate))
        core.pc = loaded
    elif kind == op.PUSH:
        registers[RSP] = signed(int(registers[RSP]) - 8)
        return b
    elif kind == op.POP:
        registers[RSP] = signed(int(registers[RSP]) + 8)
    else:  # op.LEAVE
        registers[RSP] = signed(int(registers[RBP]) + 8)
        registers[RBP] = loaded
    return loaded
