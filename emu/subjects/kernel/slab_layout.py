"""Where the members of struct page and struct kmem_cache lie: by BTF or DWARF, or by looking at what a running kernel has there.

Sources: include/linux/slub_def.h, mm/slab.h, include/linux/mm_types.h of Linux. What is found by looking rests on values that are
known: the cache of caches, which is in itself; the caches kmalloc-N, whose objects have N bytes (their size, then
their own size, are the first such numbers); the two that never merge.
"""

import re
from dataclasses import dataclass

from emu.boot.tasks import Read
from emu.elf.members import Member
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.units import PAGE_BYTES

VMEMMAP = 0xFFFFEA0000000000  # of the struct pages, with 4-level paging and without KASLR: Documentation/x86/x86_64/mm.rst
DIRECT_MAP = 0xFFFF888000000000  # of all memory
NAME_BYTES_MAX = 64
CACHES_MAX = 4096
TAIL = 1  # bit of compound_head: the rest is the address of the first page's
PAGE_STRUCT_BYTES = 64
COMPOUND_HEAD = 8
CACHE_BYTES = 512  # of struct kmem_cache that are looked at
NEVER_MERGED = 0xFFFFFFFF  # refcount of the first two caches
_KMALLOC = re.compile(r"kmalloc-(\d+)(k?)")


@dataclass(frozen=True, slots=True)
class SlabLayout:
    """Bytes from the start of each structure; a member that is not known is None."""

    page_bytes: int
    compound_head: int
    slab_cache: int  # in struct page, or struct slab, which lies over it
    list_node: int  # in struct kmem_cache, like those that follow; nodes point to nodes
    name: int
    size: int  # from object to object
    object_size: int
    refcount: int | None  # above 1: caches that have become one
    red_left_pad: int | None


class Words:
    """Numbers and strings of a kernel's memory."""

    def __init__(self, read: Read) -> None:
        """`read` gives kernel memory, None where nothing is mapped."""
        self._read = read

    def number(self, address: int, size: int = 8) -> int | None:
        """A number; None where nothing is mapped."""
        content = self._read(address, size)
        return None if content is None else int.from_bytes(content, "little")

    def text(self, address: int | None) -> str | None:
        """The string that begins there."""
        content = None if address is None else self._read(address, NAME_BYTES_MAX)
        return None if content is None else content.split(b"\0")[0].decode("utf-8", "replace")

    def base(self, symbols: SymbolTable, variable: str, default: int) -> int:
        """A number that a kernel which chooses its addresses keeps in a variable."""
        address = symbols.address(variable)
        return (None if address is None else self.number(address)) or default

    def nodes(self, head: int | None) -> list[int]:
        """The nodes of a circular list, its head apart."""
        found, at = list[int](), None if head is None else self.number(head)
        while at is not None and at != head and len(found) < CACHES_MAX:
            found.append(at)
            at = self.number(at)
        return found


def slab_layout(symbols: SymbolTable, types: StructTypes | None, words: Words) -> SlabLayout | None:
    """That of a kernel; None where neither types nor memory tell it."""
    return _by_looking(symbols, words) if types is None else _by_types(types)


def _by_types(types: StructTypes) -> SlabLayout | None:
    def member(struct: str, name: str) -> int | None:
        found: Member | None = types.member(struct, name)
        return None if found is None else found.offset

    cache = {name: member("kmem_cache", name) for name in ("list", "name", "size", "object_size")}
    head, owner = member("page", "compound_head"), member("slab", "slab_cache")
    owner = member("page", "slab_cache") if owner is None else owner  # before 5.17
    # With SLAB, gone since 6.8, a slab does not say where its objects begin.
    if head is None or owner is None or None in cache.values() or member("kmem_cache", "cpu_cache") is not None:
        return None
    node, name, size, object_size = (each for each in cache.values() if each is not None)
    extra = member("kmem_cache", "refcount"), member("kmem_cache", "red_left_pad")
    return SlabLayout(types.size("page") or PAGE_STRUCT_BYTES, head, owner, node, name, size, object_size, *extra)


def _by_looking(symbols: SymbolTable, words: Words) -> SlabLayout | None:
    variable = symbols.address("kmem_cache")
    cache = None if variable is None else words.number(variable)
    if cache is None:
        return None
    nodes = words.nodes(symbols.address("slab_caches"))
    owner, node = _owner(symbols, words, cache), _node(words, cache, nodes)
    if owner is None or node is None:
        return None
    caches = {each - node: words.text(words.number(each - 8)) for each in nodes}
    numbers = range(8, node - 8, 4)
    sizes = [at for at in numbers if _are_kmalloc_sizes(words, caches, at)]
    counts = [at for at in numbers if _are_counts(words, caches, at)]
    if len(sizes) < 2 or sizes[1] - sizes[0] != 4:
        return None
    refcount = counts[0] if len(counts) == 1 else None
    return SlabLayout(PAGE_STRUCT_BYTES, COMPOUND_HEAD, owner, node, node - 8, sizes[0], sizes[1], refcount, None)


def _owner(symbols: SymbolTable, words: Words, cache: int) -> int | None:
    """Where a struct page points to the cache of its slab: that of the cache of caches does so to itself."""
    physical = cache - words.base(symbols, "page_offset_base", DIRECT_MAP)
    page = words.base(symbols, "vmemmap_base", VMEMMAP) + physical // PAGE_BYTES * PAGE_STRUCT_BYTES
    head = words.number(page + COMPOUND_HEAD) or 0
    page = head - TAIL if head & TAIL else page
    return next((at for at in range(8, PAGE_STRUCT_BYTES, 8) if words.number(page + at) == cache), None)


def _node(words: Words, cache: int, nodes: list[int]) -> int | None:
    """Where a cache is on the list of all: behind its name."""
    near = [node - cache for node in nodes if 8 < node - cache < CACHE_BYTES]
    found = [at for at in near if words.text(words.number(cache + at - 8)) == "kmem_cache"]
    return found[0] if len(found) == 1 else None


def _are_kmalloc_sizes(words: Words, caches: dict[int, str | None], at: int) -> bool:
    """Whether all caches kmalloc-N have N there."""
    known = {cache: match for cache, name in caches.items() if name and (match := _KMALLOC.fullmatch(name))}
    return bool(known) and all(
        words.number(cache + at, 4) == int(match[1]) * (1024 if match[2] else 1) for cache, match in known.items()
    )


def _are_counts(words: Words, caches: dict[int, str | None], at: int) -> bool:
    """Whether the first two caches have -1 there, and all others that or how many they are."""
    first = [cache for cache, name in caches.items() if name in ("kmem_cache", "kmem_cache_node")]
    counts = {cache: words.number(cache + at, 4) or 0 for cache in caches}
    return all(counts[cache] == NEVER_MERGED for cache in first) and all(
        count == NEVER_MERGED or 0 < count < CACHES_MAX for count in counts.values()
    )
