"""What gdb is given as the file of a program of ours: its routines, callers by its code, and which line each instruction is of.

Source: DWARF 3, 6.2 (line number information) and 7.5 (debugging information).
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import pairwise

from emu.debug.call_frames import frames_of_code
from emu.debug.cfi import signed, unsigned
from emu.debug.symbol_file import file_of
from emu.elf.elf_file import Load
from emu.image import Image, Segment

VERSION = 3
STANDARD = bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))  # operands of the standard opcodes
LINE_BASE, LINE_RANGE = -5, 14  # of the special opcodes, which nobody uses here
COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE = b"\x01", b"\x02", b"\x03", b"\x04"
SET_ADDRESS, END_SEQUENCE = b"\x00\x09\x02", b"\x00\x01\x01"
# DW_TAG_compile_unit without children: stmt_list, name, comp_dir, language, low_pc, high_pc.
ABBREVIATIONS = bytes((1, 0x11, 0, 0x10, 6, 0x03, 8, 0x1B, 8, 0x13, 5, 0x11, 1, 0x12, 1, 0, 0, 0))
ASSEMBLER = 0x8001  # DW_LANG_Mips_Assembler


def image_file(image: Image) -> bytes:
    """An ELF file with an image's symbols."""
    texts = {".text": image.text} | ({".user.text": image.user_text} if image.user_text.data else {})
    loads = [Load(each.physical, each.virtual, each.data, len(each.data)) for each in texts.values()]
    functions = [(each.address, each.size, each.name) for each in image.routines]
    objects = [(image.symbols[name], size, name) for name, size in image.globals.items()]
    info, lines = bytearray(), bytearray()
    for segment in texts.values():
        info += _unit(segment, image.variant, len(lines))
        lines += _lines(image, segment)
    tables = {
        ".debug_frame": frames_of_code(loads, functions),
        ".debug_info": bytes(info),
        ".debug_abbrev": ABBREVIATIONS,
        ".debug_line": bytes(lines),
    }
    return file_of({name: _addresses(each) for name, each in texts.items()}, [*functions, *objects], tables)


def _addresses(segment: Segment) -> range:
    return range(segment.virtual, segment.virtual + len(segment.data))


def _unit(segment: Segment, name: str, lines_at: int) -> bytes:
    """What says of a text where its lines are."""
    where = _addresses(segment)
    entry = struct.pack("<BI", 1, lines_at) + name.encode() + b"\0/\0" + struct.pack("<HQQ", ASSEMBLER, where.start, where.stop)
    body = struct.pack("<HIB", VERSION, 0, 8) + entry
    return struct.pack("<I", len(body)) + body


def _lines(image: Image, segment: Segment) -> bytes:
    """The line table of a text."""
    known = {at: image.lines[at] for at in sorted(image.lines) if at in _addresses(segment)}
    files = {name: number for number, name in enumerate(dict.fromkeys(name for name, _ in known.values()), 1)}
    header = struct.pack("<BBbBB", 1, 1, LINE_BASE, LINE_RANGE, len(STANDARD) + 1) + STANDARD + b"\0"
    header += b"".join(name.encode() + b"\0\0\0\0" for name in files) + b"\0"
    body = struct.pack("<HI", VERSION, len(header)) + header + b"".join(_sequences(image, known, files))
    return struct.pack("<I", len(body)) + body


def _sequences(image: Image, known: Mapping[int, tuple[str, int]], files: Mapping[str, int]) -> Iterator[bytes]:
    """Each routine is a sequence of its own: it begins at file 1, line 1."""
    for routine in image.routines:
        end = routine.address + routine.size
        places = [at for at in range(routine.address, end) if at in known]
        if not places:
            continue
        line = 1
        yield SET_ADDRESS + struct.pack("<Q", places[0])
        for at, following in pairwise((*places, end)):
            name, number = known[at]
            yield SET_FILE + unsigned(files[name]) + ADVANCE_LINE + signed(number - line) + COPY
            yield ADVANCE_PC + unsigned(following - at)
            line = number
        yield END_SEQUENCE
