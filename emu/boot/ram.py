"""The guest's RAM in this process, by physical address: what loaders and reports read and write."""

import ctypes
import hashlib
import mmap

from emu.boot.loader.memory_map import HOLE_END, low_bytes

CHUNK = 1 << 20


class Ram:
    """One mapping; below the hole for devices as far as it goes, the rest from 4 GiB on."""

    def __init__(self, size: int) -> None:
        """All zeros."""
        self.size, self.low_bytes = size, low_bytes(size)
        self._map = mmap.mmap(-1, size)
        self.bytes = memoryview(self._map)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    @property
    def pieces(self) -> tuple[tuple[int, int, int], ...]:
        """Physical address, bytes and host address of each contiguous piece."""
        pieces = [(0, self.low_bytes, self.address)]
        if self.size > self.low_bytes:
            pieces.append((HOLE_END, self.size - self.low_bytes, self.address + self.low_bytes))
        return tuple(pieces)

    def offset(self, address: int) -> int | None:
        """Where a physical address is in the mapping; none if it is no RAM."""
        if 0 <= address < self.low_bytes:
            return address
        high = address - HOLE_END
        return high + self.low_bytes if 0 <= high < self.size - self.low_bytes else None

    def read(self, address: int, size: int) -> bytes:
        """Bytes within one piece; what is no RAM reads as ones."""
        at = self.offset(address)
        return b"\xff" * size if at is None else bytes(self.bytes[at : at + size])

    def write(self, address: int, content: "bytes | memoryview") -> None:
        """Bytes within one piece."""
        at = self.offset(address)
        assert at is not None
        self.bytes[at : at + len(content)] = content

    def digest(self) -> str:
        """A digest of all of it; pages of zeros count by their place alone, so that they cost little."""
        digest = hashlib.blake2b(digest_size=16)
        zeros = bytes(CHUNK)
        for at in range(0, self.size, CHUNK):
            chunk = self.bytes[at : at + CHUNK]
            if chunk != zeros[: len(chunk)]:
                digest.update(at.to_bytes(8, "little"))
                digest.update(chunk)
        return digest.hexdigest()
