"""How gdb finds the callers in a kernel that is without debugging information: .debug_frame, made of the kernel's code.

Sources: DWARF 5, 6.4 (Call Frame Information); struct pt_regs in arch/x86/include/asm/ptrace.h, where what an interrupt, an
exception or a system call has interrupted is kept.
"""

import re
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from emu.boot.hot.frame_rows import ROW, ROWS_MAX, RSP, rows_of
from emu.boot.hot.length import LONGEST
from emu.elf.elf_file import Load
from emu.elf.symbols import SymbolTable
from emu.native import address_of

RA, RBP = 16, 6  # numbers of registers in DWARF
ENTRY = ("__entry_text_start", "__entry_text_end")
SWITCHING = re.compile("sysvec_.*|common_interrupt|spurious_interrupt|do_softirq_own_stack")  # they go to another stack
HANDED_ON = b"\x48\x89\xe7"  # mov rdi, rsp: an entry calls its function with the address of pt_regs
PT_REGS = {15: 0, 14: 8, 13: 16, 12: 24, RBP: 32, 3: 40, 11: 48, 10: 56, 9: 64, 8: 72, 0: 80, 2: 88, 1: 96, 4: 104, 5: 112, RA: 128}
PT_REGS_RSP = 152
DEF_CFA, DEF_CFA_EXPRESSION, UNDEFINED, SAME_VALUE, EXPRESSION = 0x0C, 0x0F, 0x07, 0x08, 0x10
ADVANCE, ADVANCE_1, ADVANCE_2, ADVANCE_4, OFFSET = 0x40, 0x02, 0x03, 0x04, 0x80
BREG_RSP, DEREF = 0x70 + RSP, 0x06
DATA_ALIGN = 8  # the factor of offsets is -8
NO_PARENT = 0xFFFFFFFF
AT_FIRST = bytes((DEF_CFA, RSP, 8, OFFSET | RA, 1))  # of a function: the return address is on top of the stack
NO_CALLER = bytes((DEF_CFA, RSP, 8, UNDEFINED, RA))
CODE_MAX = 1 << 20  # of one function


def debug_frame(symbols: SymbolTable, functions: Iterator[tuple[int, int, str]], loads: Sequence[Load]) -> bytes:
    """The section, for functions by address, bytes and name."""
    plain, switching = (_common(augmentation, AT_FIRST) for augmentation in (b"", b"S"))
    made = bytearray(plain + switching + _common(b"S", NO_CALLER))
    of_switching, of_entry = len(plain), len(plain + switching)
    entry = _between(symbols, *ENTRY)
    rows = np.zeros(ROWS_MAX, ROW)
    done = None
    for address, size, name in functions:
        if address == done:
            continue  # another name of the same place
        done = address
        code = _code(loads, address, min(size, CODE_MAX))
        if code is None:
            continue
        if address in entry:
            made += _description(of_entry, address, size, _entry(code))
        else:
            count = rows_of(address_of(code), size, address_of(rows))
            made += _description(of_switching if SWITCHING.fullmatch(name) else 0, address, size, _body(rows[:count]))
    return bytes(made)


def _between(symbols: SymbolTable, first: str, last: str) -> range:
    """The addresses from one symbol to another; none if either is not there."""
    start, end = symbols.address(first), symbols.address(last)
    return range(0) if start is None or end is None else range(start, end)


def _code(loads: Sequence[Load], address: int, size: int) -> "np.ndarray[tuple[int], np.dtype[np.uint8]] | None":
    """The bytes of a function, with room behind them."""
    for load in loads:
        at = address - load.virtual
        if 0 <= at < len(load.data):
            found = load.data[at : at + size + LONGEST]
            return np.frombuffer(found.ljust(size + LONGEST, b"\xcc"), np.uint8)
    return None


def _common(augmentation: bytes, instructions: bytes) -> bytes:
    """A CIE, of version 1; by "S" gdb knows a frame whose caller was interrupted, or is on another stack."""
    body = b"\x01" + augmentation + b"\0" + _unsigned(1) + bytes((0x80 - DATA_ALIGN, RA)) + instructions
    return _entry_of(struct.pack("<I", NO_PARENT) + body)


def _description(parent: int, address: int, size: int, instructions: bytes) -> bytes:
    """A FDE."""
    return _entry_of(struct.pack("<IQQ", parent, address, size) + instructions)


def _entry_of(body: bytes) -> bytes:
    padded = body.ljust((len(body) + 4 + 7) // 8 * 8 - 4, b"\0")  # DW_CFA_nop
    return struct.pack("<I", len(padded)) + padded


def _body(rows: "np.ndarray[tuple[int], np.dtype[np.void]]") -> bytes:
    made, at, saved = bytearray(), 0, 0
    for row in rows:
        made += _advance(int(row["at"]) - at)
        at = int(row["at"])
        made += bytes((DEF_CFA, int(row["base"]))) + _unsigned(int(row["distance"]))
        if int(row["saved"]) != saved:
            saved = int(row["saved"])
            made += bytes((OFFSET | RBP,)) + _unsigned(saved // 8) if saved else bytes((SAME_VALUE, RBP))
    return bytes(made)


def _entry(code: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> bytes:
    """Of an entry of the kernel: no caller, until its frame is complete; then what was interrupted is the caller."""
    at = code.tobytes().find(HANDED_ON)
    if at < 0:
        return b""
    made = bytearray(_advance(at + len(HANDED_ON)))
    made += bytes((DEF_CFA_EXPRESSION,)) + _block(bytes((BREG_RSP,)) + _signed(PT_REGS_RSP) + bytes((DEREF,)))
    for register, offset in PT_REGS.items():
        made += bytes((EXPRESSION, register)) + _block(bytes((BREG_RSP,)) + _signed(offset))
    return bytes(made)


def _advance(distance: int) -> bytes:
    if distance < 0x40:
        return bytes((ADVANCE | distance,)) if distance else b""
    if distance < 0x100:
        return bytes((ADVANCE_1, distance))
    return struct.pack("<BH", ADVANCE_2, distance) if distance < 0x10000 else struct.pack("<BI", ADVANCE_4, distance)


def _block(content: bytes) -> bytes:
    return _unsigned(len(content)) + content


def _unsigned(value: int) -> bytes:
    """ULEB128."""
    made = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        made.append(low | 0x80 if value else low)
        if not value:
            return bytes(made)


def _signed(value: int) -> bytes:
    """SLEB128 of what is not negative: the last byte's highest bit says so."""
    made = bytearray()
    while value >= 0x40:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))
