"""Where the members of slabs lie, found in memory that was made by hand, at offsets of no real kernel."""

import struct

import pytest

from emu.elf.symbols import SymbolTable, from_names
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.slab_layout import DIRECT_MAP, VMEMMAP, SlabLayout, Words, slab_layout
from emu.subjects.kernel.slabs import Slabs

DATA = 0xFFFFFFFF81800000
SYMBOLS = {"kmem_cache": DATA, "slab_caches": DATA + 0x40, "_end": DATA + 0x1000}
SIZE, OBJECT_SIZE, REFCOUNT, NAME, LIST = 40, 44, 72, 96, 104
OWNER = 32
# Size, object size, refcount; a slab of each but the first, whose slab is page 16, at page 32, 33, ...
CACHES = {
    "kmem_cache": (256, 224, -1), "kmem_cache_node": (64, 64, -1), "kmalloc-64": (64, 64, -1), "kmalloc-8k": (8192, 8192, -1),
    "task_struct": (3072, 3000, 1), "filp": (256, 250, 3),
}  # fmt: skip


class Memory:
    """Words of a kernel's memory."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}
        self.word(DATA, cache(0))
        at = SYMBOLS["slab_caches"]
        for place, (name, (size, object_size, refcount)) in enumerate(CACHES.items()):
            address, text = cache(place), DATA + 0x100 + 0x80 * place
            for offset in range(0, LIST, 8):
                self.word(address + offset, 0xDEAD)
            self.word(address + SIZE, object_size << 32 | size)
            self.word(address + 80, object_size << 32 | 7)  # inuse
            self.word(address + REFCOUNT, refcount & 0xFFFFFFFF)
            self.word(address + NAME, text)
            for index, word in enumerate(struct.unpack("<9Q", name.encode().ljust(72, b"\0"))):
                self.word(text + 8 * index, word)
            self.word(at, address + LIST)
            at = address + LIST
            self.page(32 + place if place else 16, address)
        self.word(at, SYMBOLS["slab_caches"])

    def word(self, address: int, value: int) -> None:
        self.words[address] = value

    def page(self, number: int, owner: int) -> None:
        """A struct page, whose other words point to no cache."""
        for offset in range(0, 64, 8):
            self.word(VMEMMAP + 64 * number + offset, owner if offset == OWNER else 0x100)

    def read(self, address: int, size: int) -> bytes | None:
        start = address & ~7
        found = [self.words.get(at) for at in range(start, address + size, 8)]
        return None if None in found else struct.pack(f"<{len(found)}Q", *found)[address - start :][:size]


def cache(place: int) -> int:
    return DIRECT_MAP + 0x10000 + 0x100 * place


def table(*without: str) -> SymbolTable:
    there = {name: address for name, address in SYMBOLS.items() if name not in without}
    return from_names(list(there.values()), [name.encode() for name in there])


def test_all_members_are_found() -> None:
    found = slab_layout(table(), None, Words(Memory().read))
    assert found == SlabLayout(64, 8, OWNER, LIST, NAME, SIZE, OBJECT_SIZE, REFCOUNT, None)


@pytest.mark.parametrize(
    ("physical", "name", "mixed"),
    [
        (0x22040, "kmalloc-64", True),
        (0x24000 + 0x10, "task_struct+0x10", False),
        (0x24000 + 3010, None, None),  # between two
        (0x25000 + 0x140, "filp+0x40", True),  # three caches have become one
        (0x90000, None, None),
    ],
)
def test_objects_by_what_was_found(physical: int, name: str | None, mixed: bool | None) -> None:
    found = Places(table(), None, Memory().read, 1).line(physical)
    assert (None if found is None else (str(found), found.mixed)) == (None if name is None else (name, mixed))


@pytest.mark.parametrize("without", ["kmem_cache", "slab_caches"])
def test_without_symbols_nothing_is_found(without: str) -> None:
    memory = Memory()
    assert slab_layout(table(without), None, Words(memory.read)) is None
    assert Slabs(table(without), None, memory.read).object_at(0x24000) is None


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (cache(2) + SIZE, 63 << 32 | 63),  # kmalloc-64 with objects of 63 bytes
        (VMEMMAP + 64 * 16 + OWNER, 0x100),  # the cache of caches lies in no slab of its own
        (cache(0) + NAME, DATA + 0x180),  # and has another name
        (DATA, 0x77),
    ],
)
def test_what_does_not_fit_is_not_guessed(address: int, value: int) -> None:
    memory = Memory()
    memory.word(address, value)
    assert slab_layout(table(), None, Words(memory.read)) is None


def test_a_list_without_end_ends() -> None:
    memory = Memory()
    memory.word(cache(5) + LIST, cache(4) + LIST)  # the head is never met again
    assert slab_layout(table(), None, Words(memory.read)) is not None
