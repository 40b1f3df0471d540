"""x86-TSO, written down once more and in another way: the tester's idea of what each core may see.

Memory is bytes. A store is a run of bytes at the end of its core's queue; the oldest bytes of a queue become what all cores
agree on when the layer says that a store has drained. A core sees its newest pending byte, or else the agreed one.
Nothing here comes from `emu.memory`.
"""

import numpy as np

from emu.native import array_at, njit
from emu.stress.records import BYTE, FIFO, I64

WELL, OTHER_STORE, TORN = range(3)  # what `drain` says


@njit
def byte_index(oracle, address):  # type: ignore[no-untyped-def]
    """Where the oracle keeps a byte of physical memory."""
    return I64(array_at(oracle.slot_of_line, oracle.lines, np.int32)[address >> 6]) * 64 + (address & 63)


@njit
def low(value, width):  # type: ignore[no-untyped-def]
    """The low bytes of a value as a number: signed for 8 bytes, else not."""
    return value if width == 8 else value & ((1 << (8 * width)) - 1)


@njit
def byte_seen(oracle, core, index):  # type: ignore[no-untyped-def]
    """A byte as a core sees it."""
    total = oracle.slots * 64
    if array_at(oracle.pending, oracle.cores * total, np.int32)[core * total + index] > 0:
        return I64(array_at(oracle.newest, oracle.cores * total, np.uint8)[core * total + index])
    return I64(array_at(oracle.agreed, total, np.uint8)[index])


@njit
def sees(oracle, core, address, width):  # type: ignore[no-untyped-def]
    """The one value that a load of this core may return now."""
    value = I64(0)
    for offset in range(width):
        value |= byte_seen(oracle, core, byte_index(oracle, address + offset)) << (8 * offset)
    return value


@njit
def pending_bytes(oracle, core):  # type: ignore[no-untyped-def]
    """Bytes that the core has stored and the others do not see."""
    return array_at(oracle.fifo_count, oracle.cores, I64)[core]


@njit
def gets_own(oracle, core, address, width):  # type: ignore[no-untyped-def]
    """Whether a load gets a byte from the core's own pending stores."""
    total = oracle.slots * 64
    pending = array_at(oracle.pending, oracle.cores * total, np.int32)
    found = 0
    for offset in range(width):
        found += pending[core * total + byte_index(oracle, address + offset)] > 0
    return found > 0


@njit
def accept(oracle, core, address, width, value, lock):  # type: ignore[no-untyped-def]
    """A core stores. Within a line the bytes become visible together; across a boundary x86 promises nothing."""
    total = oracle.slots * 64
    counts = array_at(oracle.fifo_count, oracle.cores, I64)
    head = array_at(oracle.fifo_head, oracle.cores, I64)[core]
    crosses = (address & 63) + width > 64
    for offset in range(width):
        index = byte_index(oracle, address + offset)
        byte = array_at(oracle.fifo, oracle.cores * FIFO, BYTE)[core * FIFO + (head + counts[core]) % FIFO]
        byte.at = index
        byte.lock = lock
        byte.value = (value >> (8 * offset)) & 0xFF
        byte.following = 0 if crosses else width - 1 - offset
        counts[core] += 1
        array_at(oracle.newest, oracle.cores * total, np.uint8)[core * total + index] = byte.value
        array_at(oracle.pending, oracle.cores * total, np.int32)[core * total + index] += 1
        array_at(oracle.slot_pending, oracle.slots, np.int32)[index >> 6] += 1


@njit
def oldest_lock(oracle, core):  # type: ignore[no-untyped-def]
    """The lock that the core's oldest pending store releases, or -1."""
    head = array_at(oracle.fifo_head, oracle.cores, I64)[core]
    return I64(array_at(oracle.fifo, oracle.cores * FIFO, BYTE)[core * FIFO + head].lock)


@njit
def drain(oracle, core, address, width):  # type: ignore[no-untyped-def]
    """The layer says that these bytes of a core became visible: they must be its oldest ones, and whole stores."""
    total = oracle.slots * 64
    counts, heads = array_at(oracle.fifo_count, oracle.cores, I64), array_at(oracle.fifo_head, oracle.cores, I64)
    fifo = array_at(oracle.fifo, oracle.cores * FIFO, BYTE)
    if counts[core] < width:
        return OTHER_STORE
    for offset in range(width):
        if fifo[core * FIFO + (heads[core] + offset) % FIFO].at != byte_index(oracle, address + offset):
            return OTHER_STORE
    if fifo[core * FIFO + (heads[core] + width - 1) % FIFO].following != 0:
        return TORN
    for _ in range(width):
        byte = fifo[core * FIFO + heads[core]]
        array_at(oracle.agreed, total, np.uint8)[byte.at] = byte.value
        array_at(oracle.pending, oracle.cores * total, np.int32)[core * total + byte.at] -= 1
        array_at(oracle.slot_pending, oracle.slots, np.int32)[byte.at >> 6] -= 1
        heads[core] = (heads[core] + 1) % FIFO
        counts[core] -= 1
    return WELL


@njit
def write_at_once(oracle, address, width, value):  # type: ignore[no-untyped-def]
    """A locked instruction writes: all cores see it."""
    agreed = array_at(oracle.agreed, oracle.slots * 64, np.uint8)
    for offset in range(width):
        agreed[byte_index(oracle, address + offset)] = (value >> (8 * offset)) & 0xFF
