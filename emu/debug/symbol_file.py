"""What a debugger is given as the kernel's file: its own ELF file if that does, else one made of the symbols that are known.

Source: System V ABI, AMD64 supplement (ELF). Sections say where code and data are and hold nothing: debuggers read memory
from the machine. There is debugging information with nothing in it, as drgn takes no file without.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

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
TEXTS = {".text": ("_stext", "_etext"), ".init.text": ("_sinittext", "_einittext")}  # between these symbols there is code
NO_ABBREVIATIONS = b"\0"
Tables = Mapping[str, bytes]  # contents of sections for debuggers, by name
SIZE_MAX = 1 << 20  # of what has no next symbol near


def has_symbols(elf: Elf) -> bool:
    """Whether a file says gdb all by itself."""
    return bool(elf.section(".symtab"))


def has_types(elf: Elf) -> bool:
    """Whether a file says drgn all by itself."""
    return bool(elf.section(".debug_info"))


def made_file(elf: Elf, symbols: SymbolTable) -> bytes:
    """An ELF file with these symbols, and with what the kernel's own file says of callers."""
    texts = {name: _range(symbols, *each) for name, each in TEXTS.items()}
    functions = (each for each in _with_sizes(symbols) if any(each[0] in text for text in texts.values()))
    frames = debug_frame(elf, symbols, functions)
    tables = {".debug_frame": frames, ".debug_info": b"", ".debug_abbrev": NO_ABBREVIATIONS}
    return file_of(texts, list(_with_sizes(symbols)), tables)


def file_of(texts: Mapping[str, range], symbols: Sequence[tuple[int, int, str]], tables: Tables) -> bytes:
    """An ELF file: where code is, by the sections' names; address, bytes and name of each symbol; tables for debuggers."""
    data = max((text.stop for text in texts.values()), default=KERNEL_HALF)
    end = max((address for address, _, _ in symbols), default=data) + 1
    table, strings = _symbols(symbols, list(texts.values()))
    names = ("", *texts, ".data", *tables, ".symtab", ".strtab", ".shstrtab")
    contents = [*tables.values(), table, strings, b"\0".join(name.encode() for name in names) + b"\0"]
    at, offsets = HEADER.size, list[int]()
    for content in contents:
        offsets.append(at)
        at += len(content)
    made = [SECTION.pack(*(0,) * 10)]

    def add(kind: int, flags: int, address: int, offset: int, size: int, link: int = 0, info: int = 0, entry: int = 0) -> None:
        name = sum(len(each) + 1 for each in names[: len(made)])
        made.append(SECTION.pack(name, kind, flags, address, offset, size, link, info, 1, entry))

    for text in texts.values():
        add(NO_BITS, ALLOCATED | CODE, text.start, HEADER.size, len(text))
    add(NO_BITS, ALLOCATED | WRITABLE, data, HEADER.size, max(end - data, 1))
    for offset, content in zip(offsets, tables.values(), strict=False):
        add(PROGRAM, 0, 0, offset, len(content))
    add(SYMBOL_TABLE, 0, 0, offsets[-3], len(table), link=names.index(".strtab"), info=1, entry=SYMBOL.size)
    add(STRING_TABLE, 0, 0, offsets[-2], len(strings))
    add(STRING_TABLE, 0, 0, offsets[-1], len(contents[-1]))
    entry = next(iter(texts.values())).start
    header = HEADER.pack(
        IDENT, EXECUTABLE, X86_64, CURRENT, entry, 0, at, 0, HEADER.size, 0, 0, SECTION.size, len(names), len(names) - 1
    )
    return b"".join([header, *contents, *made])


def _range(symbols: SymbolTable, first: str, last: str) -> range:
    start, end = symbols.address(first), symbols.address(last)
    return range(KERNEL_HALF, KERNEL_HALF) if start is None or end is None or end < start else range(start, end)


def _symbols(symbols: Sequence[tuple[int, int, str]], texts: list[range]) -> tuple[bytes, bytes]:
    """The symbol table and its strings."""
    table, strings = bytearray(SYMBOL.size), bytearray(b"\0")
    for address, size, name in symbols:
        section = next((n for n, text in enumerate(texts, 1) if address in text), None)
        kind = OBJECT if section is None else FUNCTION
        if section is None:
            section = len(texts) + 1 if address >= KERNEL_HALF else ABSOLUTE  # per-CPU data: an offset
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
