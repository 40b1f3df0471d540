"""What lies in a cache line, by its physical address: where the kernel put itself, and what it gave back since."""

import struct

import pytest

from emu.elf.symbols import from_names
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.slab_layout import DIRECT_MAP

IMAGE = 0xFFFFFFFF81000000
SYMBOLS = {
    "_text": IMAGE, "do_msgsnd": IMAGE + 0x400, "_etext": IMAGE + 0x1000, "__start_rodata": IMAGE + 0x200000,
    "page_offset_base": IMAGE + 0x200010, "tasklist_lock": IMAGE + 0x200040, "phys_base": IMAGE + 0x2000C0,
    "__init_begin": IMAGE + 0x300000, "__init_end": IMAGE + 0x400000, "__per_cpu_offset": IMAGE + 0x400040,
    "_end": IMAGE + 0x500000, "__per_cpu_start": 0, "runqueues": 0x400, "__per_cpu_end": 0x1000,
}  # fmt: skip
MOVED = {"page_offset_base": 0xFFFF9A0000000000, "phys_base": 0x5000000}


def places(bases: dict[str, int]) -> Places:
    words = {SYMBOLS[name]: value for name, value in bases.items()}
    per_cpu = bases.get("page_offset_base", DIRECT_MAP) + 0x8000000
    words[SYMBOLS["__per_cpu_offset"]] = per_cpu

    def read(address: int, size: int) -> bytes | None:
        return struct.pack("<Q", words[address]) if size == 8 and address in words else None

    return Places(from_names(list(SYMBOLS.values()), [name.encode() for name in SYMBOLS]), None, read, 1)


@pytest.mark.parametrize("bases", [{}, MOVED], ids=["in place", "moved"])
@pytest.mark.parametrize(
    ("in_image", "name"),
    [
        (0, "_text"),
        (0x440, "do_msgsnd+0x40"),
        (0x1040, None),  # behind the text, given back
        (0x200040, "tasklist_lock"),
        (0x200080, "tasklist_lock+0x40"),
        (0x300040, None),  # the init sections
        (0x400040, "__per_cpu_offset"),
        (0x500000, None),
        (-0x40, None),
    ],
)
def test_lines_of_the_image(bases: dict[str, int], in_image: int, name: str | None) -> None:
    found = places(bases).line(0x1000000 + bases.get("phys_base", 0) + in_image)
    assert name == (None if found is None else str(found))


@pytest.mark.parametrize("bases", [{}, MOVED], ids=["in place", "moved"])
def test_lines_of_a_cpus_area(bases: dict[str, int]) -> None:
    for physical, name in ((0x8000400, "runqueues"), (0x8000480, "runqueues+0x80"), (0x8001000, None)):
        found = places(bases).line(physical)
        assert name == (None if found is None else str(found))


def test_code_by_name() -> None:
    assert places({}).code(IMAGE + 0x49C) == "do_msgsnd+0x9c"
    assert places({}).code(0xFFFFFFFFC0000000) == "0xffffffffc0000000"
    assert places({}).has_symbols
