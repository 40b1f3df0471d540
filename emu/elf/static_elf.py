"""A static program as an ELF file, written byte for byte: header, program headers, segments. No sections."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 0x1000
READ, WRITE, EXECUTE = 4, 2, 1  # p_flags
_HEADER_BYTES, _PROGRAM_HEADER_BYTES = 64, 56
_ET_EXEC, _EM_X86_64, _PT_LOAD = 2, 62, 1


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes at a page of the program's memory, with what may be done there."""

    virtual: int
    data: bytes
    flags: int


def static_elf(entry: int, parts: Sequence[Part]) -> bytes:
    """The file; the same parts give the same bytes."""
    header = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)  # 64 bits, little-endian, version 1
    header += struct.pack("<HHIQQQ", _ET_EXEC, _EM_X86_64, 1, entry, _HEADER_BYTES, 0)
    header += struct.pack("<IHHHHHH", 0, _HEADER_BYTES, _PROGRAM_HEADER_BYTES, len(parts), 64, 0, 0)
    at, body = PAGE, b""
    for part in parts:
        size = len(part.data)
        header += struct.pack("<IIQQQQQQ", _PT_LOAD, part.flags, at + len(body), part.virtual, part.virtual, size, size, PAGE)
        body += part.data + bytes(-size % PAGE)
    return header.ljust(PAGE, b"\0") + body
