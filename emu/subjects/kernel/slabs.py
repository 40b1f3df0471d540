"""Which slab object lies at a physical address: by the struct page of its slab and the kernel's list of caches.

Sources: mm/slab.h, include/linux/slub_def.h, include/linux/mm_types.h of Linux. Where their members lie, BTF or DWARF say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from emu.boot.tasks import Read
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.units import PAGE_BYTES

VMEMMAP = 0xFFFFEA0000000000  # of the struct pages, with 4-level paging and without KASLR: Documentation/x86/x86_64/mm.rst
VMEMMAP_BYTES = 1 << 40
NAME_BYTES_MAX = 64
CACHES_MAX = 4096
TAIL = 1  # bit of compound_head: the rest is the address of the first page's


@dataclass(frozen=True, slots=True)
class Cache:
    """A slab cache: how far apart its objects are, their own bytes, and what stands before each."""

    name: str
    size: int
    object_size: int
    pad: int


class Slabs:
    """The slabs of a running kernel."""

    def __init__(self, symbols: SymbolTable, types: StructTypes, read: Read) -> None:
        """`symbols` at the addresses at which the kernel runs."""
        self._symbols, self._types, self._read = symbols, types, read
        self.page_bytes = types.size("page") or 64
        base = symbols.address("vmemmap_base")
        self.vmemmap = (None if base is None else self._number(base, 8)) or VMEMMAP
        self._head = types.member("page", "compound_head")
        self._cache = types.member("slab", "slab_cache") or types.member("page", "slab_cache")  # since 5.17, and before

    def object_at(self, physical: int) -> tuple[Cache, int] | None:
        """The cache whose slab has this address and how far it is into its object; None in no slab or between objects."""
        if self._head is None or self._cache is None:
            return None
        page = self.vmemmap + physical // PAGE_BYTES * self.page_bytes
        head = self._number(page + self._head.offset, 8)
        if head is None:
            return None
        page = head - TAIL if head & TAIL else page
        cache = self._caches.get(self._number(page + self._cache.offset, 8) or 0)
        if cache is None:
            return None
        first = (page - self.vmemmap) // self.page_bytes * PAGE_BYTES
        offset = (physical - first) % cache.size - cache.pad
        return (cache, offset) if 0 <= offset < cache.object_size else None

    @property
    def _has_colours(self) -> bool:
        """Whether this is SLAB, gone since 6.8: where its objects begin, their slab does not say."""
        return self._types.member("kmem_cache", "cpu_cache") is not None

    @cached_property
    def _caches(self) -> Mapping[int, Cache]:
        """All caches, by the address of their structure."""
        members = {name: self._types.member("kmem_cache", name) for name in ("list", "name", "size", "object_size", "red_left_pad")}
        listed, name, size, object_size, pad = members.values()
        head = self._symbols.address("slab_caches")
        if head is None or listed is None or name is None or size is None or object_size is None or self._has_colours:
            return {}
        found, at = dict[int, Cache](), self._number(head, 8)
        for _ in range(CACHES_MAX):
            if at is None or at == head:
                break
            address = at - listed.offset
            text = self._text(self._number(address + name.offset, 8))
            each, own = (self._number(address + member.offset, member.size) for member in (size, object_size))
            before = 0 if pad is None else self._number(address + pad.offset, pad.size)
            if text is not None and each and own and before is not None:
                found[address] = Cache(text, each, own, before)
            at = self._number(at, 8)
        return found

    def _number(self, address: int, size: int) -> int | None:
        content = self._read(address, size)
        return None if content is None else int.from_bytes(content, "little")

    def _text(self, address: int | None) -> str | None:
        content = None if address is None else self._read(address, NAME_BYTES_MAX)
        return None if content is None else content.split(b"\0")[0].decode("utf-8", "replace")
