"""SLUB's kmalloc caches, 8 to 8192 bytes: one frozen slab a core in each, the others on the node's partial list.

The slabs of kmalloc-64, where small objects live, are partly used, as after some time of running: a core's own slab has few
objects left, so it turns to the node now and then. There is no page allocator behind the caches: they are given as many
slabs as the subject can need, whatever other cores keep, and an allocation that finds none ends the run (`new_slab.S`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from emu.errors import InternalError, UserError
from emu.guest.held import Held, total
from emu.guest.paging import LARGE_PAGE, PAGE
from emu.guest.ram import RAM_BYTES, RAM_BYTES_MAX, direct
from emu.guest.record import Kernel, Record

OBJECT_BYTES = 64
FREE_ON_CPU_SLAB = 8  # of 64: measured 0.02 to 0.26 visits to the slow path a message of 8 bytes
SPARE_SLABS = 2  # on the node's list, whatever the workload
SLAB_BYTES_USUAL = 16 << 20  # there is room for so many beside all else in RAM of the usual size
PG_SLAB = 0x80
TAIL = 1  # in compound_head: the rest is the address of the head's struct page
FROZEN = 0x8000
MIN_PARTIAL = 0x1000  # more than there are slabs: empty ones stay
CMPXCHG_DOUBLE = 0x40000000  # __CMPXCHG_DOUBLE: free list and counters change in one cmpxchg16b


@dataclass(frozen=True, slots=True)
class Kind:
    """One cache: its place in kmalloc_caches, and how its slabs are."""

    index: int
    object_bytes: int
    pages: int  # of a slab: calculate_order of Linux 4.8 on four cores, mm/slub.c
    cpu_partial: int  # objects a core keeps on partial slabs: kmem_cache_open, mm/slub.c

    @property
    def objects(self) -> int:
        """Objects of a slab."""
        return self.pages * PAGE // self.object_bytes

    @property
    def field(self) -> str:
        """Its struct kmem_cache_cpu in each core's per-CPU area."""
        return f"kmalloc_{self.object_bytes}"

    @property
    def name(self) -> str:
        """What Linux calls it."""
        return f"kmalloc-{self.object_bytes}"

    @property
    def free_at_start(self) -> int:
        """Free objects of each core's own slab when the run begins."""
        return FREE_ON_CPU_SLAB if self.object_bytes == OBJECT_BYTES else self.objects

    def needed(self, cores: int, held: Held) -> int:
        """Slabs of no core without which an allocation might find none, however the cores share objects among them.

        A core takes a new slab when all objects of those that it has are allocated. It has then allocated each object of its
        last one, which is why what is ever allocated is a bound. A slab that was full and into which another core frees is that
        one's, at most `cpu_partial` + 1 of them beside its own: if every other core keeps so many, and all other slabs are full,
        one more suffices.
        """
        if held.at_once <= self.free_at_start:
            return 0
        first = cores if self.free_at_start < self.objects else 0  # what is left of a core's own slab may be used up once
        if held.at_once <= self.objects:
            return first
        full = held.at_once + cores * (self.objects - self.free_at_start)
        out_of_reach = (cores - 1) * (self.cpu_partial + 2)
        whatever_others_keep = full // self.objects + 1 + out_of_reach - cores
        return whatever_others_keep if held.ever is None else min(whatever_others_keep, first + held.ever // self.objects)


KINDS = (
    Kind(6, 64, 1, 30),  # first: its place in memory does not depend on the others
    Kind(3, 8, 1, 30),
    Kind(4, 16, 1, 30),
    Kind(5, 32, 1, 30),
    Kind(1, 96, 1, 30),
    Kind(7, 128, 1, 30),
    Kind(2, 192, 1, 30),
    Kind(8, 256, 1, 13),
    Kind(9, 512, 2, 13),
    Kind(10, 1024, 4, 6),
    Kind(11, 2048, 8, 6),
    Kind(12, 4096, 8, 2),
    Kind(13, 8192, 8, 2),
)


@dataclass(frozen=True, slots=True)
class Slab:
    """One slab: its struct page and its objects."""

    name: str
    page: Record
    physical: int  # of the first object
    objects: int
    object_bytes: int

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return self.objects * self.object_bytes


def slab_counts(cores: int, usual: Sequence[int], held: Iterable[Held] = ()) -> list[int]:
    """How many slabs each of `KINDS` has: one a core, and so many of no core or what is held needs if that is more.

    `usual` should not depend on how long a run is, so that what lies behind the slabs mostly stays where it is.
    """
    sizes = sorted(kind.object_bytes for kind in KINDS)
    asked: dict[int, list[Held]] = {size: [] for size in sizes}
    for each in held:
        asked[next(size for size in sizes if size >= each.size)].append(each)
    return [
        cores + max(count, kind.needed(cores, total(asked[kind.object_bytes]))) for kind, count in zip(KINDS, usual, strict=True)
    ]


def ram_bytes(counts: Sequence[int]) -> int:
    """Bytes of RAM for a guest with so many slabs, or a `UserError` if no guest can have so many."""
    slabs = sum(kind.pages * count for kind, count in zip(KINDS, counts, strict=True)) * PAGE
    if slabs <= SLAB_BYTES_USUAL:
        return RAM_BYTES
    wanted = -(-(RAM_BYTES + slabs) // LARGE_PAGE) * LARGE_PAGE
    if wanted > RAM_BYTES_MAX:
        raise UserError(
            f"the messages that can be there at once need {wanted >> 20} MiB of guest memory, and there are at most "
            f"{RAM_BYTES_MAX >> 20}: make do with fewer, shorter ones or fewer tasks"
        )
    return wanted


def build_slabs(kernel: Kernel, cores: Sequence[Record], counts: Sequence[int]) -> tuple[Slab, ...]:
    """Build all caches and return their slabs, so many of each of `KINDS`.

    The array of struct page covers its own pages too: it lies between the slabs of kmalloc-64 and the others.
    """
    first = counts[0] * KINDS[0].pages
    others = sum(kind.pages * count for kind, count in zip(KINDS, counts, strict=True)) - first
    cache, node = _allocate_cache(kernel, KINDS[0])
    slabs = kernel.ram.allocate(first * PAGE, PAGE)
    page_bytes = kernel.size("page")
    array = kernel.ram.allocate(_array_pages(first + others, page_bytes) * PAGE)
    at = kernel.ram.allocate(others * PAGE, PAGE)
    if array != slabs + first * PAGE or at != array + _array_pages(first + others, page_bytes) * PAGE:
        raise InternalError("the slabs and their struct pages must lie side by side")
    kernel.set_global("vmemmap_base", direct(array) - page_bytes * (slabs // PAGE))
    built = _Builder(kernel, KINDS[0], cache, node, array - page_bytes * (slabs // PAGE)).build(cores, slabs, counts[0])
    for kind, count in zip(KINDS[1:], counts[1:], strict=True):
        cache, node = _allocate_cache(kernel, kind)
        built += _Builder(kernel, kind, cache, node, array - page_bytes * (slabs // PAGE)).build(cores, at, count)
        at += count * kind.pages * PAGE
    return tuple(built)


def _array_pages(described: int, page_bytes: int) -> int:
    """Pages of an array with a struct page for each of `described` pages and for each of its own."""
    pages = 0
    while pages * PAGE < (described + pages) * page_bytes:
        pages += 1
    return pages


def _allocate_cache(kernel: Kernel, kind: Kind) -> tuple[Record, Record]:
    return kernel.allocate("kmem_cache", kind.name), kernel.allocate("kmem_cache_node", f"{kind.name} node")


class _Builder:
    """One cache and its slabs."""

    def __init__(self, kernel: Kernel, kind: Kind, cache: Record, node: Record, memory_map: int) -> None:
        """Set the cache up; `memory_map` is where the struct page of physical page 0 would lie."""
        self._kernel, self._kind, self._cache, self._node, self._memory_map = kernel, kind, cache, node, memory_map
        cache["cpu_slab"] = kernel.offset("percpu", kind.field)
        cache["flags"] = CMPXCHG_DOUBLE
        cache["min_partial"] = MIN_PARTIAL
        cache["size"] = cache["object_size"] = kind.object_bytes
        cache["cpu_partial"] = kind.cpu_partial
        cache["node"] = node.virtual
        kernel.set_global("kmalloc_caches", cache.virtual, offset=8 * kind.index)

    def build(self, cores: Sequence[Record], slabs: int, count: int) -> list[Slab]:
        """Make `count` slabs at `slabs`: the first ones are the cores', the others go on the node's list."""
        objects = self._kind.objects
        pages = [self._slab(index, slabs + index * self._kind.pages * PAGE) for index in range(count)]
        free = self._kind.free_at_start
        for core, area in enumerate(cores):
            slab = slabs + core * self._kind.pages * PAGE
            own = area.inner(self._kind.field, "kmem_cache_cpu")
            own["tid"] = core
            own["page"] = pages[core].virtual
            own["freelist"] = self._link_free(slab + (objects - free) * self._kind.object_bytes, free)
            pages[core]["inuse"] = objects
            pages[core]["objects_frozen"] = objects | FROZEN
        for index in range(len(cores), count):
            pages[index]["freelist"] = self._link_free(slabs + index * self._kind.pages * PAGE, objects)
            pages[index]["objects_frozen"] = objects
        _link_partial(self._node, pages[len(cores) :])
        kind = self._kind
        return [
            Slab(self._name(index), page, slabs + index * kind.pages * PAGE, objects, kind.object_bytes)
            for index, page in enumerate(pages)
        ]

    def _name(self, index: int) -> str:
        return f"slab {index}" if self._kind.object_bytes == OBJECT_BYTES else f"{self._kind.name} slab {index}"

    def _slab(self, index: int, at: int) -> Record:
        """Name a slab and make its struct pages: the first is the slab's, the others point to it."""
        kernel, kind, size = self._kernel, self._kind, self._kernel.size("page")
        name = self._name(index)
        physical = self._memory_map + size * (at // PAGE)
        kernel.ram.name(f"page of {name}", "page", physical, size)
        kernel.ram.name(name, None, at, kind.pages * PAGE)
        page = kernel.record("page", physical)
        page["flags"] = PG_SLAB
        page["refcount"] = 1
        page["slab_cache"] = self._cache.virtual
        if kind.pages > 1:
            kernel.ram.name(f"tail pages of {name}", None, physical + size, (kind.pages - 1) * size)
        for tail in range(1, kind.pages):
            kernel.record("page", physical + tail * size)["next"] = page.virtual | TAIL
        return page

    def _link_free(self, first: int, count: int) -> int:
        """Chain free objects through their first words; returns the kernel address of the first."""
        size = self._kind.object_bytes
        words = self._kernel.ram.data[first : first + count * size].view(np.uint64)
        chain = np.uint64(direct(first)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(size)
        chain[-1] = 0
        words[:: size // 8] = chain
        return direct(first)


def _link_partial(node: Record, pages: Sequence[Record]) -> None:
    """Put slabs on the node's list, which runs through page.lru: its next at field `next`, its prev at field `pages`."""
    head = node.address("partial")
    stations = [head, *(page.address("next") for page in pages), head]
    node["nr_partial"] = len(pages)
    node["partial.next"], node["partial.prev"] = stations[1], stations[-2]
    for before, page, after in zip(stations, pages, stations[2:], strict=False):
        page["next"] = after
        page.put_word("pages", before)
