"""Memory as a core sees it: RAM has the view of one core where stores to a line are still in somebody's buffer."""

import hashlib

import numpy as np

from emu.memory.bus import Bus
from emu.memory.records import RING
from emu.native import MASK64
from emu.units import LINE_BYTES


def pending(bus: Bus, core: int) -> np.ndarray:
    """What is in a core's store buffer, the oldest first: STORE."""
    buffer = bus.arrays["buffers"][core]
    places = [(int(buffer["head"]) + place) % RING for place in range(int(buffer["count"]))]
    rows: np.ndarray = bus.arrays["stores"][core * RING : (core + 1) * RING][places]
    return rows


def stores(bus: Bus, core: int) -> list[tuple[int, int, int]]:
    """Address, bytes and value of each of these."""
    rows = pending(bus, core)
    return [(int(row["address"]), int(row["width"]), int(row["new"]) & ((1 << 8 * int(row["width"])) - 1)) for row in rows]


def digest(bus: Bus, cores: int) -> str:
    """Of RAM as all cores see it, and of what is in their buffers."""
    ram = bus.ram.copy()
    for core in range(cores):
        for row in pending(bus, core)[::-1]:
            address, width = int(row["address"]), int(row["width"])
            if bus.arrays["line.viewer"][address // LINE_BYTES] == core:
                ram[address : address + width] = list((int(row["old"]) & MASK64).to_bytes(8, "little")[:width])
    waiting = repr([stores(bus, core) for core in range(cores)]).encode()
    return hashlib.blake2b(ram.tobytes() + waiting, digest_size=16).hexdigest()


def seen(bus: Bus, core: int, physical: int, size: int) -> bytes:
    """Bytes of RAM as a core sees them."""
    found = bytearray()
    while len(found) < size:
        at = physical + len(found)
        inside = at % LINE_BYTES
        found += _line(bus, core, at // LINE_BYTES)[inside : inside + size - len(found)]
    return bytes(found)


def _line(bus: Bus, core: int, line: int) -> bytearray:
    content = bytearray(bus.ram[line * LINE_BYTES : (line + 1) * LINE_BYTES].tobytes())
    viewer = int(bus.arrays["line.viewer"][line])
    if bus.arrays["line.pending"][line] and viewer != core:
        for row, which in [(row, "old") for row in pending(bus, viewer)[::-1]] + [(row, "new") for row in pending(bus, core)]:
            if int(row["address"]) // LINE_BYTES == line:
                inside, width = int(row["address"]) % LINE_BYTES, int(row["width"])
                content[inside : inside + width] = (int(row[which]) & MASK64).to_bytes(8, "little")[:width]
    return content
