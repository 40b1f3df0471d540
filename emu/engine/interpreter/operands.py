"""Operands: values in registers, and the addresses of those in memory."""

from emu.engine.env import ARITHMETIC, FS, GS, get64
from emu.engine.interpreter.arithmetic import clip
from emu.engine.registers import RBP, RDI, RFLAGS, RSI, RSP
from emu.isa import operation as op
from emu.native import inlined, signed


@inlined
def value_of(registers, place, size):  # type: ignore[no-untyped-def]
    """The value of a register, as `arithmetic` has values."""
    if place >= op.HIGH:
        return int(registers[place - op.HIGH]) >> 8 & 0xFF
    return clip(int(registers[place]), size)


@inlined
def set_value(registers, place, value, size):  # type: ignore[no-untyped-def]
    """Write a register: 4 bytes clear the upper half, 2 and 1 leave the rest."""
    if size == 8:
        registers[place] = value
    elif size == 4:
        registers[place] = value & 0xFFFFFFFF
    else:
        shift = 8 if place >= op.HIGH else 0
        mask = ((1 << (8 * size)) - 1) << shift
        place &= op.HIGH - 1
        registers[place] = (int(registers[place]) & ~mask) | (value << shift & mask)


@inlined
def address_of_operand(core, registers, operation, following):  # type: ignore[no-untyped-def]
    """The virtual address of the operand in memory; `following` is that of the next instruction."""
    address = int(operation.displacement)
    if operation.base < op.INSTRUCTION_POINTER:
        address = signed(address + int(registers[operation.base]))
    elif operation.base == op.INSTRUCTION_POINTER:
        address = signed(address + following)
    if operation.index != op.NO_REGISTER:
        address = signed(address + (int(registers[operation.index]) << int(operation.scale)))
    if operation.segment != op.FLAT:
        address = signed(address + get64(core, (FS if operation.segment == op.FS else GS) + 8))
    return address


@inlined
def address_of(core, registers, operation, access, following):  # type: ignore[no-untyped-def]
    """The virtual address of what an operation loads or stores."""
    if access == op.AT_OPERAND:
        return address_of_operand(core, registers, operation, following)
    if access == op.AT_STACK:
        return int(registers[RSP])
    if access == op.BELOW_STACK:
        return signed(int(registers[RSP]) - 8)
    if access == op.AT_FRAME:
        return int(registers[RBP])
    if access == op.AT_RSI:
        return int(registers[RSI])
    return int(registers[RDI])  # AT_RDI


@inlined
def set_flags(registers, flags):  # type: ignore[no-untyped-def]
    """The arithmetic flags become these; all others stay."""
    registers[RFLAGS] = (int(registers[RFLAGS]) & ~ARITHMETIC) | flags
