"""Call frame information: the instructions and entries of .debug_frame. Source: DWARF 5, 6.4, and 7.7 (expressions)."""

import struct

RA, RBP, RSP = 16, 6, 7  # numbers of registers in DWARF
DATA_ALIGN = 8  # the factor of offsets is -8
NO_PARENT = 0xFFFFFFFF
NOTHING_MORE = b"\0"  # bytes that "z" announces
ADVANCE, OFFSET, RESTORE = 0x40, 0x80, 0xC0
ADVANCE_1, ADVANCE_2, ADVANCE_4, UNDEFINED, SAME_VALUE, DEF_CFA, DEF_CFA_EXPRESSION, EXPRESSION = 2, 3, 4, 7, 8, 0x0C, 0x0F, 0x10
DEREF, PLUS_UCONST, BREG = 0x06, 0x23, 0x70


def advance(distance: int) -> bytes:
    """What follows holds from so many bytes further on."""
    if distance < 0x40:
        return bytes((ADVANCE | distance,)) if distance else b""
    if distance < 0x100:
        return bytes((ADVANCE_1, distance))
    return struct.pack("<BH", ADVANCE_2, distance) if distance < 0x10000 else struct.pack("<BI", ADVANCE_4, distance)


def cfa(register: int, distance: int) -> bytes:
    """The caller's frame begins there."""
    if distance < 0:
        return cfa_by(at(register, distance))
    return bytes((DEF_CFA, register)) + unsigned(distance)


def cfa_by(expression: bytes) -> bytes:
    """The caller's frame begins where an expression says."""
    return bytes((DEF_CFA_EXPRESSION,)) + unsigned(len(expression)) + expression


def saved_below(register: int, distance: int) -> bytes:
    """A register of the caller is so far below its frame."""
    return bytes((OFFSET | register,)) + unsigned(distance // DATA_ALIGN)


def saved_by(register: int, expression: bytes) -> bytes:
    """It is where an expression says."""
    return bytes((EXPRESSION, register)) + unsigned(len(expression)) + expression


def untouched(register: int) -> bytes:
    """It is as it was."""
    return bytes((SAME_VALUE, register))


def as_at_first(register: int) -> bytes:
    """It is where it was at the function's first instruction."""
    return bytes((RESTORE | register,))


def at(register: int, distance: int) -> bytes:
    """The expression of a place by a register."""
    return bytes((BREG + register,)) + signed(distance)


def common(instructions: bytes, *, interrupts: bool) -> bytes:
    """A CIE, of version 1; `interrupts`: the caller was interrupted, or is on another stack."""
    header = b"\x01" + (b"zS\0" if interrupts else b"z\0") + unsigned(1) + signed(-DATA_ALIGN) + bytes((RA,)) + NOTHING_MORE
    return _entry(struct.pack("<I", NO_PARENT) + header + instructions)


def description(parent: int, address: int, size: int, instructions: bytes) -> bytes:
    """A FDE; `parent` is the place of its CIE in the section."""
    return _entry(struct.pack("<IQQ", parent, address, size) + NOTHING_MORE + instructions)


def _entry(body: bytes) -> bytes:
    padded = body.ljust((len(body) + 4 + 7) // 8 * 8 - 4, b"\0")  # DW_CFA_nop
    return struct.pack("<I", len(padded)) + padded


def unsigned(value: int) -> bytes:
    """ULEB128."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def signed(value: int) -> bytes:
    """SLEB128: bit 6 of the last byte is the sign."""
    made = bytearray()
    while not -0x40 <= value < 0x40:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value & 0x7F))


AT_FIRST = cfa(RSP, 8) + saved_below(RA, 8)  # of a function: the return address is on top of the stack
NO_CALLER = cfa(RSP, 8) + bytes((UNDEFINED, RA))
