"""SLUB's kmalloc-64, where 8-byte messages live: one frozen slab a core, the others on the node's partial list.

The slabs are partly used, as after some time of running: a core's own slab has few objects left, so it turns to the node
now and then. There is no page allocator behind the cache; it is given more slabs than the workload can have messages.
"""

from collections.abc import Sequence

from emu.guest.paging import PAGE
from emu.guest.ram import direct
from emu.guest.record import Kernel, Record

OBJECT_BYTES = 64
OBJECTS = PAGE // OBJECT_BYTES
FREE_ON_CPU_SLAB = 8  # of 64: measured 0.02 to 0.26 visits to the slow path a message
KMALLOC_64_INDEX = 6
PG_SLAB = 0x80
FROZEN = 0x8000
MIN_PARTIAL = 0x1000  # more than there are slabs: empty ones stay
CPU_PARTIAL = 30
CMPXCHG_DOUBLE = 0x40000000  # __CMPXCHG_DOUBLE: free list and counters change in one cmpxchg16b


def build_slabs(kernel: Kernel, cores: Sequence[Record], *, tasks: int) -> None:
    """Build the cache with enough slabs for every task to have a message under way."""
    on_node = len(cores) + 2 + tasks // OBJECTS
    count = len(cores) + on_node
    cache = kernel.allocate("kmem_cache", "kmalloc-64")
    node = kernel.allocate("kmem_cache_node", "kmalloc-64 node")
    slabs = kernel.ram.allocate(count * PAGE, PAGE)
    page_bytes = kernel.size("page")
    pages = kernel.ram.allocate(count * page_bytes)
    _init_cache(kernel, cache, node)
    kernel.set_global("vmemmap_base", direct(pages) - page_bytes * (slabs // PAGE))
    records = []
    for index in range(count):
        physical = pages + index * page_bytes
        kernel.ram.name(f"page of slab {index}", "page", physical, page_bytes)
        kernel.ram.name(f"slab {index}", None, slabs + index * PAGE, PAGE)
        page = kernel.record("page", physical)
        page["flags"] = PG_SLAB
        page["refcount"] = 1
        page["slab_cache"] = cache.virtual
        records.append(page)
    for core, area in enumerate(cores):
        slab = slabs + core * PAGE
        own = area.inner("kmalloc_64", "kmem_cache_cpu")
        own["tid"] = core
        own["page"] = records[core].virtual
        own["freelist"] = _link_free(kernel, slab + (OBJECTS - FREE_ON_CPU_SLAB) * OBJECT_BYTES, FREE_ON_CPU_SLAB)
        records[core]["inuse"] = OBJECTS
        records[core]["objects_frozen"] = OBJECTS | FROZEN
    for index in range(len(cores), count):
        records[index]["freelist"] = _link_free(kernel, slabs + index * PAGE, OBJECTS)
        records[index]["objects_frozen"] = OBJECTS
    _link_partial(node, records[len(cores) :])


def _init_cache(kernel: Kernel, cache: Record, node: Record) -> None:
    cache["cpu_slab"] = kernel.offset("percpu", "kmalloc_64")
    cache["flags"] = CMPXCHG_DOUBLE
    cache["min_partial"] = MIN_PARTIAL
    cache["size"] = cache["object_size"] = OBJECT_BYTES
    cache["cpu_partial"] = CPU_PARTIAL
    cache["node"] = node.virtual
    kernel.set_global("kmalloc_caches", cache.virtual, offset=8 * KMALLOC_64_INDEX)


def _link_free(kernel: Kernel, first: int, count: int) -> int:
    """Chain free objects through their first words; returns the kernel address of the first."""
    for index in range(count):
        address = first + index * OBJECT_BYTES
        kernel.ram.put(address, direct(address + OBJECT_BYTES) if index < count - 1 else 0)
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
