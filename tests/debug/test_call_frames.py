"""What gdb is told of callers: read back by pyelftools, for the small kernel's code and for unwind tables of our own."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elftools.dwarf.callframe import CallFrameInfo
from elftools.dwarf.structs import DWARFStructs
from elftools.elf.elffile import ELFFile

from emu.debug import cfi
from emu.debug.boot_run import guest_names
from emu.debug.orc import ENTRY, Orc
from emu.elf.kernel_file import read_kernel
from emu.elf.symbols import SymbolTable

START = 0xFFFFFFFF81000000


@pytest.fixture(scope="module")
def frames(vmlinux: Path, shared: Path) -> dict[int, Any]:
    """Tables by function of the small kernel, which has frame pointers."""
    names = guest_names(read_kernel(vmlinux), shared / "System.map-small-wakeq")
    assert names.file is not None
    entries = ELFFile(io.BytesIO(names.file())).get_dwarf_info().CFI_entries()
    return {entry["initial_location"]: entry for entry in entries if "initial_location" in entry.header}


def rows(entry: Any) -> list[tuple[int, int, int, int | None]]:
    """Offset, register and distance of the caller's frame, and where RBP is kept below it."""
    return [
        (line["pc"] - entry["initial_location"], line["cfa"].reg, line["cfa"].offset, line[6].arg if 6 in line else None)
        for line in entry.get_decoded().table
    ]


def test_a_function_with_a_frame_pointer(frames: dict[int, Any], symbols: SymbolTable) -> None:
    """push rbp; mov rbp, rsp; ...; pop rbp; ret, and what stands behind it has a frame again."""
    found = rows(frames[symbols.address("do_msgsnd") or 0])
    assert found[:3] == [(0, 7, 8, None), (1, 7, 16, -16), (4, 6, 16, -16)]
    assert (found[3][1:3], found[4][1:3]) == ((7, 8), (6, 16))


def test_a_function_whose_frame_is_begun_late_has_none_before(frames: dict[int, Any], symbols: SymbolTable) -> None:
    """default_idle_call returns before it pushes RBP, if there is something to do."""
    assert rows(frames[symbols.address("default_idle_call") or 0])[:3] == [(0, 7, 8, None), (0x18, 7, 16, -16), (0x1B, 6, 16, -16)]


def orc(*entries: tuple[int, int, int, int, int, int], first_type: int = 0) -> Orc:
    """Tables of (offset, register, distance, register of RBP, its distance, type)."""
    places = np.array([START - 2**64 + each[0] for each in entries])
    table = np.array([(sp, bp, by | bp_by << 4 | kind << 8) for _, by, sp, bp_by, bp, kind in entries], ENTRY)
    return Orc(places, table, first_type)


def decoded(tables: Orc, size: int) -> tuple[list[Any], bool]:
    body, interrupts = tables.instructions(START, size)
    plain = cfi.common(cfi.AT_FIRST, interrupts=False)
    content = plain + cfi.description(0, START, size, body)
    structs = DWARFStructs(little_endian=True, dwarf_format=32, address_size=8)
    info = CallFrameInfo(io.BytesIO(content), len(content), 0, structs)
    return next(each for each in info.get_entries() if "initial_location" in each.header).get_decoded().table, interrupts


@pytest.mark.parametrize("first_type", [0, 2])
def test_calls(first_type: int) -> None:
    """RSP + 8; a push of RBP; RBP + 16 with RBP on the stack; R10."""
    wanted = [(0, 5, 8, 0, 0), (1, 5, 16, 1, -16), (4, 4, 16, 1, -16), (9, 6, 8, 0, 0)]
    table, interrupts = decoded(orc(*((*each, first_type) for each in wanted), first_type=first_type), 0x20)
    assert [(line["cfa"].reg, line["cfa"].offset) for line in table] == [(7, 8), (7, 16), (6, 16), (10, 8)]
    assert [line["pc"] - START for line in table] == [0, 1, 4, 9]
    assert [line[6].arg for line in table if 6 in line and line[6].type == "OFFSET"] == [-16, -16]
    assert not interrupts


def test_what_was_interrupted_is_the_caller_and_then_no_longer() -> None:
    table, interrupts = decoded(orc((0, 5, 0, 0, 0, 1), (4, 5, 8, 0, 0, 2), (8, 5, 8, 0, 0, 0), (12, 0, 0, 0, 0, 0)), 0x20)
    assert interrupts
    assert table[0]["cfa"].expr == [0x77, *(0x98, 0x01), 0x06]  # the word at RSP + 152
    assert table[0][16].arg == [0x77, *(0x80, 0x01)] and table[0][3].arg == [0x77, 0x28]
    assert table[1]["cfa"].expr == [0x77, 0x20, 0x06] and table[1][16].arg == [0x77, 0x08]
    assert (table[2]["cfa"].reg, table[2]["cfa"].offset, table[2][16].arg) == (7, 8, -8) and 3 not in table[2]
    assert table[3][16].type == "UNDEFINED"


def test_a_table_that_begins_behind_the_function_says_nothing_of_it() -> None:
    assert orc((64, 5, 8, 0, 0, 0)).instructions(START, 16) == (b"", False)
