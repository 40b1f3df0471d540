"""The slab allocator of a running guest: which objects are allocated now that were not when it was built."""

from collections.abc import Sequence

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
        self._slabs = slabs
        self._cpu_caches = cpu_caches
        self._first = min(min(slab.physical, slab.page.physical) for slab in slabs)
        last = max(max(slab.physical + slab.size, slab.page.physical + LINE_BYTES) for slab in slabs)
        self._words = kernel.ram.data[self._first : last].view(np.uint64)
        self._words_then = self._words.copy()
        self._heads_then = [self._heads(slab) for slab in slabs]
        self._cached_then = self._cached()
        self._tids = [cache["tid"] for cache in cpu_caches]
        self._first_lines, self._end_lines, self._page_lines = (
            np.array([(at - self._first) // LINE_BYTES for at in places])
            for places in (
                [slab.physical for slab in slabs],
                [slab.physical + slab.size for slab in slabs],
                [slab.page.physical for slab in slabs],
            )
        )
        self._free_then: dict[int, frozenset[int]] = {}  # by number of the slab, once it was of interest

    def taken(self) -> frozenset[int]:
        """Kernel addresses of all objects allocated since the start and not freed; checks the free lists on the way."""
        changed = np.flatnonzero(self._words != self._words_then) // (LINE_BYTES // 8)

        def any_of(first: np.ndarray, end: np.ndarray) -> np.ndarray:
            return np.searchsorted(changed, end) > np.searchsorted(changed, first)

        touched = any_of(self._first_lines, self._end_lines) | any_of(self._page_lines, self._page_lines + 1)
        cached = self._cached()
        moved = {cache["page"] for cache, tid in zip(self._cpu_caches, self._tids, strict=True) if cache["tid"] != tid}
        found: set[int] = set()
        for number, (slab, of_interest) in enumerate(zip(self._slabs, touched.tolist(), strict=True)):
            if of_interest or slab.page.virtual in moved:
                begin = self._begin(number)
                free = self._free(self._words, slab, self._heads(slab), cached)
                if wrong := sorted(free - begin):
                    raise CheckFailed(f"{slab.name}: {wrong[0]:#x} has been freed and was never allocated")
                found |= begin - free
        return frozenset(found)

    def free_objects(self, slab: Slab) -> frozenset[int]:
        """Kernel addresses of the objects of a slab that are free now."""
        return frozenset(self._free(self._words, slab, self._heads(slab), self._cached()))

    def _begin(self, number: int) -> frozenset[int]:
        """Objects of a slab that were free when nothing had run."""
        if number not in self._free_then:
            found = self._free(self._words_then, self._slabs[number], self._heads_then[number], self._cached_then)
            self._free_then[number] = frozenset(found)
        return self._free_then[number]

    def _cached(self) -> dict[int, int]:
        """First free object that a core keeps, by struct page."""
        return {cache["page"]: cache["freelist"] for cache in self._cpu_caches if cache["page"]}

    @staticmethod
    def _heads(slab: Slab) -> tuple[int, int]:
        """The first object on a slab's own list, and how many objects are not on it."""
        return slab.page["freelist"], slab.page["inuse"]

    def _free(self, words: np.ndarray, slab: Slab, heads: tuple[int, int], cached: dict[int, int]) -> set[int]:
        """Free objects of a slab: on its own list, and on that of the core that allocates from it."""
        first, inuse = heads
        free = self._chain(words, slab, first)
        if inuse != slab.objects - len(free):
            counted = f"{len(free)} of {slab.objects} objects are on its free list"
            raise CheckFailed(f"{slab.name}: inuse is {inuse}, but {counted}")
        free += self._chain(words, slab, cached.get(slab.page.virtual, 0))
        if len(set(free)) != len(free):
            raise CheckFailed(f"{slab.name}: an object is on its free lists twice")
        return set(free)

    def _chain(self, words: np.ndarray, slab: Slab, pointer: int) -> list[int]:
        """Each free object begins with the address of the next."""
        at, size, object_bytes = (slab.physical - self._first) >> 3, slab.size, slab.object_bytes
        following = words[at : at + (size >> 3) : object_bytes >> 3].tolist()
        base, found = DIRECT_MAP + slab.physical, list[int]()
        for _ in range(slab.objects):
            if not pointer:
                return found
            number, beside = divmod(pointer - base, object_bytes)
            if beside or not 0 <= number < slab.objects:
                raise CheckFailed(f"{slab.name}: {pointer:#x} is on its free list and is no object of it")
            found.append(pointer)
            pointer = following[number]
        if pointer:
            raise CheckFailed(f"{slab.name}: its free list does not end")
        return found
