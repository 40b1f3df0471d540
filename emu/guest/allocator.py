"""The slab allocator of a running guest: which objects are allocated now that were not when it was built."""

from collections.abc import Iterator, Sequence

import numpy as np

from emu.errors import CheckFailed
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Kernel, Record
from emu.guest.slab import Slab
from emu.units import LINE_BYTES


class Allocator:
    """Looks at the slabs by themselves, not at who uses them. Made while nothing has run yet."""

    def __init__(self, kernel: Kernel, slabs: Sequence[Slab], cpu_caches: Sequence[Record]) -> None:
        """Remember how the slabs begin; `cpu_caches` are the struct kmem_cache_cpu of every cache and core."""
        self._ram = kernel.ram.data
        self._slabs = slabs
        self._cpu_caches = cpu_caches
        first = min(min(slab.physical, slab.page.physical) for slab in slabs)
        last = max(max(slab.physical + slab.size, slab.page.physical + LINE_BYTES) for slab in slabs)
        self._area = self._ram[first:last]
        self._start = self._area.copy()
        self._tids = [cache["tid"] for cache in cpu_caches]
        self._first_lines, self._end_lines, self._page_lines = (
            np.array([(at - first) // LINE_BYTES for at in places])
            for places in (
                [slab.physical for slab in slabs],
                [slab.physical + slab.size for slab in slabs],
                [slab.page.physical for slab in slabs],
            )
        )
        cached = self._cached()
        self._begin = [frozenset(self._free(slab, cached)) for slab in slabs]

    def taken(self) -> frozenset[int]:
        """Kernel addresses of all objects allocated since the start and not freed; checks the free lists on the way."""
        changed = (self._area != self._start).reshape(-1, LINE_BYTES).any(axis=1)
        before = np.concatenate(([0], np.cumsum(changed)))
        touched = changed[self._page_lines] | (before[self._end_lines] > before[self._first_lines])
        cached = self._cached()
        moved = {cache["page"] for cache, tid in zip(self._cpu_caches, self._tids, strict=True) if cache["tid"] != tid}
        found: set[int] = set()
        for slab, begin, of_interest in zip(self._slabs, self._begin, touched.tolist(), strict=True):
            if of_interest or slab.page.virtual in moved:
                free = self._free(slab, cached)
                if wrong := sorted(free - begin):
                    raise CheckFailed(f"{slab.name}: {wrong[0]:#x} has been freed and was never allocated")
                found |= begin - free
        return frozenset(found)

    def _cached(self) -> dict[int, int]:
        """First free object that a core keeps, by struct page."""
        return {cache["page"]: cache["freelist"] for cache in self._cpu_caches if cache["page"]}

    def _free(self, slab: Slab, cached: dict[int, int]) -> set[int]:
        """Free objects of a slab: on its own list, and on that of the core that allocates from it."""
        free = list(self._chain(slab, slab.page["freelist"]))
        if slab.page["inuse"] != slab.objects - len(free):
            counted = f"{len(free)} of {slab.objects} objects are on its free list"
            raise CheckFailed(f"{slab.name}: inuse is {slab.page['inuse']}, but {counted}")
        free += self._chain(slab, cached.get(slab.page.virtual, 0))
        if len(set(free)) != len(free):
            raise CheckFailed(f"{slab.name}: an object is on its free lists twice")
        return set(free)

    def _chain(self, slab: Slab, pointer: int) -> Iterator[int]:
        """Each free object begins with the address of the next."""
        words = self._ram[slab.physical : slab.physical + slab.size].view(np.uint64)
        for _ in range(slab.objects):
            if not pointer:
                return
            offset = pointer - DIRECT_MAP - slab.physical
            if not 0 <= offset < slab.size or offset % slab.object_bytes:
                raise CheckFailed(f"{slab.name}: {pointer:#x} is on its free list and is no object of it")
            yield pointer
            pointer = int(words[offset >> 3])
        if pointer:
            raise CheckFailed(f"{slab.name}: its free list does not end")
