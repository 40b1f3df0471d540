"""Physical memory while the guest is being built: allocate, write, remember what lies where.

Everything the guest finds at its start is written through here; the engine then only sees bytes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.errors import InternalError
from emu.units import LINE_BYTES

RAM_BYTES = 64 << 20  # of a guest whose messages do not need more
RAM_BYTES_MAX = 1 << 30  # the page tables' one directory of large pages maps no more
TEXT_MAP = 0xFFFFFFFF80000000  # + physical: kernel text and globals
DIRECT_MAP = 0xFFFF880000000000  # + physical: everything allocated at run time


@dataclass(frozen=True, slots=True)
class GuestObject:
    """A named piece of guest memory, so that observers can say what a line belongs to."""

    name: str
    struct: str | None
    physical: int
    virtual: int
    size: int
    core: int | None = None
    task: int | None = None


class Ram:
    """The bytes of physical memory, and a bump allocator over what text and globals leave free."""

    def __init__(self, data: NDArray[np.uint8], first_free: int) -> None:
        """Write into `data` (index = physical address), allocating from `first_free` up."""
        self.data = data
        self._bytes = data.data
        self.objects: list[GuestObject] = []
        self._next = first_free

    def allocate(self, size: int, align: int = LINE_BYTES) -> int:
        """Reserve zeroed memory; returns its physical address. Lines are never shared between two allocations."""
        align = max(align, LINE_BYTES)
        start = -(-self._next // align) * align
        end = start + -(-size // LINE_BYTES) * LINE_BYTES
        if end > len(self.data):
            raise InternalError(f"the guest needs more than {len(self.data)} bytes of RAM")
        self._next = end
        return start

    @property
    def used(self) -> int:
        """Bytes from physical address 0 that anything lies in."""
        return self._next

    def name(
        self,
        name: str,
        struct: str | None,
        physical: int,
        size: int,
        *,
        core: int | None = None,
        task: int | None = None,
    ) -> None:
        """Record what lies at a direct-mapped address."""
        self.objects.append(GuestObject(name, struct, physical, DIRECT_MAP + physical, size, core, task))

    def write(self, physical: int, content: bytes) -> None:
        """Store bytes."""
        self._bytes[physical : physical + len(content)] = content

    def put(self, physical: int, value: int, size: int = 8) -> None:
        """Store a little-endian integer; negative values in two's complement."""
        self.write(physical, (value & ((1 << (8 * size)) - 1)).to_bytes(size, "little"))

    def get(self, physical: int, size: int = 8) -> int:
        """Load a little-endian integer."""
        return int.from_bytes(self._bytes[physical : physical + size], "little")


def direct(physical: int) -> int:
    """Kernel address of an allocated object."""
    return DIRECT_MAP + physical
