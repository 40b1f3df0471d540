"""Which slab object lies at a physical address: by the struct page of its slab and the kernel's list of caches."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from emu.boot.tasks import Read
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.subjects.kernel.slab_layout import PAGE_STRUCT_BYTES, TAIL, VMEMMAP, Words, slab_layout
from emu.units import PAGE_BYTES

VMEMMAP_BYTES = 1 << 40


@dataclass(frozen=True, slots=True)
class Cache:
    """A slab cache: how far apart its objects are, their own bytes, what stands before each, whether several caches became it."""

    name: str
    size: int
    object_size: int
    pad: int
    merged: bool


class Slabs:
    """The slabs of a running kernel."""

    def __init__(self, symbols: SymbolTable, types: StructTypes | None, read: Read) -> None:
        """`symbols` at the addresses at which the kernel runs."""
        self._words, self._head = Words(read), symbols.address("slab_caches")
        self._layout = slab_layout(symbols, types, self._words)
        self.page_bytes = PAGE_STRUCT_BYTES if self._layout is None else self._layout.page_bytes
        self.vmemmap = self._words.base(symbols, "vmemmap_base", VMEMMAP)

    def object_at(self, physical: int) -> tuple[Cache, int] | None:
        """The cache whose slab has this address and how far it is into its object; None in no slab or between objects."""
        if self._layout is None:
            return None
        page = self.vmemmap + physical // PAGE_BYTES * self.page_bytes
        head = self._words.number(page + self._layout.compound_head)
        if head is None:
            return None
        page = head - TAIL if head & TAIL else page
        cache = self._caches.get(self._words.number(page + self._layout.slab_cache) or 0)
        if cache is None:
            return None
        first = (page - self.vmemmap) // self.page_bytes * PAGE_BYTES
        offset = (physical - first) % cache.size - cache.pad
        return (cache, offset) if 0 <= offset < cache.object_size else None

    @cached_property
    def _caches(self) -> Mapping[int, Cache]:
        """All caches, by the address of their structure."""
        layout, found = self._layout, dict[int, Cache]()
        if layout is None:
            return found
        for node in self._words.nodes(self._head):
            address = node - layout.list_node
            name = self._words.text(self._words.number(address + layout.name))
            size, own = (self._words.number(address + at, 4) for at in (layout.size, layout.object_size))
            pad, count = (0 if at is None else self._words.number(address + at, 4) for at in (layout.red_left_pad, layout.refcount))
            if name is not None and size and own and pad is not None and count is not None:
                found[address] = Cache(name, size, own, pad, merged=1 < count < 1 << 31)
        return found
