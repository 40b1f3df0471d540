"""Columns of whole numbers, packed for the page: differences where they grow, byte by byte, compressed, as text."""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_WIDTHS = ((1 << 8, np.uint8), (1 << 16, np.uint16), (1 << 32, np.uint32), (1 << 63, np.uint64))


@dataclass(slots=True)
class Packer:
    """All columns of a side; `described` tells the page how to take each out again."""

    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)

    def add(self, name: str, values: Sequence[int], *, grows: bool = False) -> None:
        """A column of numbers from 0; with `grows` each is kept as what it has more than the one before (or less: zigzag)."""
        column = np.asarray(values, np.int64)
        if grows:
            steps = np.diff(column, prepend=np.int64(0))
            column = np.where(steps < 0, -2 * steps - 1, 2 * steps)
        largest = int(column.max()) if len(column) else 0
        assert not len(column) or column.min() >= 0, name
        dtype = next((dtype for bound, dtype in _WIDTHS if largest < bound), None)
        assert dtype is not None, name
        planes = column.astype(dtype).view(np.uint8).reshape(len(column), np.dtype(dtype).itemsize).T
        self.described[name] = {"count": len(column), "bytes": len(planes), "grows": grows}
        self._parts.append(np.ascontiguousarray(planes).tobytes())

    def packed(self) -> str:
        """Everything, in the order of `described`."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), 9)).decode()
