"""What a debugger is given as the kernel's file: its own ELF file if that does, else one made of the symbols that are known.

Source: System V ABI, AMD64 supplement (ELF). Sections say where code and data are and hold nothing: debuggers read memory
from the machine. There is debugging information with nothing in it, as drgn takes no file without.
"""

import struct
from collections.abc import Iterator

from emu.debug.call_frames import debug_frame
from emu.elf.elf_file import Elf
from emu.elf.kernel_file import KERNEL_HALF
from emu.elf.symbols import SymbolTable

HEADER, SECTION, SYMBOL = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ")
IDENT = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
EXECUTABLE, X86_64, CURRENT = 2, 62, 1
PROGRAM, SYMBOL_TABLE, STRING_TABLE, NO_BITS = 1, 2, 3, 8
ALLOCATED, WRITABLE, CODE = 2, 1, 4
OBJECT, FUNCTION = 1, 2
ABSOLUTE = 0xFFF1
GLOBAL = 1 << 4
TEXTS = (("_stext", "_etext"), ("_sinittext", "_einittext"))  # between these symbols there is code
NAMES = (
    "", ".text", ".init.text", ".data", ".debug_frame", ".debug_info", ".debug_abbrev", ".symtab", ".strtab", ".shstrtab",
)  # fmt: skip
NO_ABBREVIATIONS = b"\0"
TEXT_SECTIONS, DATA_SECTION = (1, 2), 3
SIZE_MAX = 1 << 20  # of what has no next symbol near


def has_symbols(elf: Elf) -> bool:
    """Whether a file says gdb all by itself."""
    return bool(elf.section(".symtab"))


def has_types(elf: Elf) -> bool:
    """Whether a file says drgn all by itself."""
    return bool(elf.section(".debug_info"))


def made_file(elf: Elf, symbols: SymbolTable) -> bytes:
    """An ELF file with these symbols, and with what the kernel's own file says of callers."""
    texts = [_range(symbols, *each) for each in TEXTS]
    table, strings = _symbols(symbols, texts)
    functions = (each for each in _with_sizes(symbols) if any(start <= each[0] < end for start, end in texts))
    frames = debug_frame(elf, symbols, functions)
    name_bytes = b"\0".join(name.encode() for name in NAMES) + b"\0"
    parts = [frames, NO_ABBREVIATIONS, table, strings, name_bytes]
    offsets, at = [], HEADER.size
    for part in parts:
        offsets.append(at)
        at += len(part)
    sections = [SECTION.pack(*(0,) * 10)]
    for name, (start, end) in zip(NAMES[1:3], texts, strict=True):
        sections.append(_section(name, NO_BITS, ALLOCATED | CODE, start, HEADER.size, end - start))
    data = max((end for _, end in texts), default=KERNEL_HALF)
    last = max((address for address, _ in symbols), default=data)
    sections.append(_section(".data", NO_BITS, ALLOCATED | WRITABLE, data, HEADER.size, max(last - data, 0) + 1))
    sections.append(_section(".debug_frame", PROGRAM, 0, 0, offsets[0], len(frames)))
    sections.append(_section(".debug_info", PROGRAM, 0, 0, offsets[1], 0))
    sections.append(_section(".debug_abbrev", PROGRAM, 0, 0, offsets[1], len(NO_ABBREVIATIONS)))
    sections.append(
        _section(".symtab", SYMBOL_TABLE, 0, 0, offsets[2], len(table), link=NAMES.index(".strtab"), info=1, entry=SYMBOL.size)
    )
    sections.append(_section(".strtab", STRING_TABLE, 0, 0, offsets[3], len(strings)))
    sections.append(_section(".shstrtab", STRING_TABLE, 0, 0, offsets[4], len(name_bytes)))
    header = HEADER.pack(
        IDENT, EXECUTABLE, X86_64, CURRENT, texts[0][0], 0, at, 0, HEADER.size, 0, 0, SECTION.size, len(NAMES), len(NAMES) - 1
    )
    return b"".join([header, *parts, *sections])


def _range(symbols: SymbolTable, first: str, last: str) -> tuple[int, int]:
    start, end = symbols.address(first), symbols.address(last)
    return (KERNEL_HALF, KERNEL_HALF) if start is None or end is None or end < start else (start, end)


def _symbols(symbols: SymbolTable, texts: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    """The symbol table and its strings."""
    table, strings = bytearray(SYMBOL.size), bytearray(b"\0")
    for address, size, name in _with_sizes(symbols):
        section = next((n for n, (start, end) in zip(TEXT_SECTIONS, texts, strict=True) if start <= address < end), None)
        kind = OBJECT if section is None else FUNCTION
        if section is None:
            section = DATA_SECTION if address >= KERNEL_HALF else ABSOLUTE  # per-CPU data: an offset
        table += SYMBOL.pack(len(strings), GLOBAL | kind, 0, section, address, size)
        strings += name.encode() + b"\0"
    return bytes(table), bytes(strings)


def _with_sizes(symbols: SymbolTable) -> Iterator[tuple[int, int, str]]:
    """Address, bytes up to the next symbol, and name of each."""
    known = list(symbols)
    following = [0] * len(known)
    after = known[-1][0] if known else 0
    for index in range(len(known) - 1, -1, -1):
        address = known[index][0]
        if index + 1 < len(known) and known[index + 1][0] != address:
            after = known[index + 1][0]
        following[index] = after
    for (address, name), after in zip(known, following, strict=True):
        yield address, after - address if after - address < SIZE_MAX else 0, name


def _section(
    name: str, kind: int, flags: int, address: int, offset: int, size: int, *, link: int = 0, info: int = 0, entry: int = 0
) -> bytes:
    at = sum(len(each) + 1 for each in NAMES[: NAMES.index(name)])
    return SECTION.pack(at, kind, flags, address, offset, size, link, info, 1, entry)
