"""Types for the quantities that must not be mixed up: each is an int at run time and a type of its own to mypy."""

from typing import NewType

CoreId = NewType("CoreId", int)
PhysicalAddress = NewType("PhysicalAddress", int)
VirtualAddress = NewType("VirtualAddress", int)
LineIndex = NewType("LineIndex", int)
Cycles = NewType("Cycles", int)

LINE_BYTES = 64
LINE_SHIFT = 6
PAGE_BYTES = 4096


def line_of(address: int) -> int:
    """Address of the cache line in which an address lies."""
    return address // LINE_BYTES * LINE_BYTES
