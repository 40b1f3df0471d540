"""How gdb finds callers in a kernel without debugging information: by .debug_frame, made of its own unwind tables or its code."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from emu.boot.hot.frame_rows import ROW, ROWS_MAX, rows_of
from emu.boot.hot.length import LONGEST
from emu.debug import cfi
from emu.debug.cfi import RBP, RSP
from emu.debug.orc import interrupted, orc_tables
from emu.elf.elf_file import Elf, Load
from emu.elf.symbols import SymbolTable
from emu.native import address_of

ENTRY = ("__entry_text_start", "__entry_text_end")
SWITCHING = re.compile("sysvec_.*|common_interrupt|spurious_interrupt|do_softirq_own_stack")  # they go to another stack
HANDED_ON = b"\x48\x89\xe7"  # mov rdi, rsp: an entry calls its function with the address of pt_regs
CODE_MAX = 1 << 20  # of one function

Code = np.ndarray[tuple[int], np.dtype[np.uint8]]
Function = tuple[int, int, str]  # address, bytes, name


def debug_frame(elf: Elf, symbols: SymbolTable, functions: Iterator[Function]) -> bytes:
    """The section, for functions by their addresses."""
    plain, switching = (cfi.common(cfi.AT_FIRST, interrupts=each) for each in (False, True))
    made = bytearray(plain + switching + cfi.common(cfi.NO_CALLER, interrupts=True))
    of_switching, of_entry = len(plain), len(plain + switching)
    entry, orc = _between(symbols, *ENTRY), orc_tables(elf)
    rows, done = np.zeros(ROWS_MAX, ROW), None
    for address, size, name in functions:
        if address == done:
            continue  # another name of the same place
        done = address
        parent = of_switching if SWITCHING.fullmatch(name) else 0
        if orc is not None:
            body, interrupts = orc.instructions(address, size)
            made += cfi.description(of_switching if interrupts else parent, address, size, body)
        elif (code := _code(elf.loads, address, min(size, CODE_MAX))) is None:
            continue
        elif address in entry:
            made += cfi.description(of_entry, address, size, _entry(code))
        else:
            count = rows_of(address_of(code), size, address_of(rows))
            made += cfi.description(parent, address, size, _body(rows[:count]))
    return bytes(made)


def frames_of_code(loads: Sequence[Load], functions: Iterable[Function]) -> bytes:
    """The section for a program of which nothing is known but its code."""
    made = bytearray(cfi.common(cfi.AT_FIRST, interrupts=False))
    rows = np.zeros(ROWS_MAX, ROW)
    for address, size, _ in functions:
        if (code := _code(loads, address, size)) is not None:
            count = rows_of(address_of(code), size, address_of(rows))
            made += cfi.description(0, address, size, _body(rows[:count]))
    return bytes(made)


def _between(symbols: SymbolTable, first: str, last: str) -> range:
    """The addresses from one symbol to another; none if either is not there."""
    start, end = symbols.address(first), symbols.address(last)
    return range(0) if start is None or end is None else range(start, end)


def _code(loads: Sequence[Load], address: int, size: int) -> Code | None:
    """The bytes of a function, with room behind them."""
    for load in loads:
        at = address - load.virtual
        if 0 <= at < len(load.data):
            found = load.data[at : at + size + LONGEST]
            return np.frombuffer(found.ljust(size + LONGEST, b"\xcc"), np.uint8)
    return None


def _body(rows: "np.ndarray[tuple[int], np.dtype[np.void]]") -> bytes:
    made, at, saved = bytearray(), 0, 0
    for row in rows:
        made += cfi.advance(int(row["at"]) - at)
        at = int(row["at"])
        made += cfi.cfa(int(row["base"]), int(row["distance"]))
        if int(row["saved"]) != saved:
            saved = int(row["saved"])
            made += cfi.saved_below(RBP, saved) if saved else cfi.untouched(RBP)
    return bytes(made)


def _entry(code: Code) -> bytes:
    """Of an entry of the kernel: no caller, until its frame is complete; then what was interrupted is the caller."""
    at = code.tobytes().find(HANDED_ON)
    return b"" if at < 0 else cfi.advance(at + len(HANDED_ON)) + interrupted(RSP, 0)
