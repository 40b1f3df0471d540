"""Random programs: few lines, all sizes, moods that fill store buffers, and a line that is only ever counted on.

The bits come from PCG64's raw output, which no version of NumPy changes: a seed means the same program everywhere.
"""

from typing import Any

import numpy as np

from emu.stress.case import ADDRESS_MAX, Case, Shape, no_operations
from emu.stress.records import (
    I64,
    OF_ENTRIES,
    OP_ADD,
    OP_CMPXCHG,
    OP_FETCH,
    OP_LOAD,
    OP_LOOK,
    OP_MARK,
    OP_STORE,
    OP_WALK,
    OP_XCHG,
)

Array = np.ndarray[Any, Any]

BASE = 0x10000 >> 6  # first line of a program
COUNTERS = 0xFF00  # a line of counters: four words that are only loaded and added to
MOOD = 32  # operations of a core until its mood changes
LAYOUTS = ("hot", "l1-set", "l2-set", "mixed")

# Out of 64 operations of a mood, how many are of each kind.
MOODS = np.array(
    [
        np.repeat((OP_LOAD, OP_LOOK, OP_STORE, OP_XCHG, OP_ADD, OP_CMPXCHG, OP_WALK, OP_MARK, OP_FETCH), counts)
        for counts in (
            (26, 4, 21, 3, 3, 4, 1, 1, 1),  # a bit of everything
            (8, 2, 54, 0, 0, 0, 0, 0, 0),  # bursts of stores: full buffers
            (48, 4, 12, 0, 0, 0, 0, 0, 0),
            (16, 2, 14, 8, 8, 16, 0, 0, 0),
            (10, 2, 24, 1, 1, 2, 12, 8, 4),  # tables and code that change while they are used
        )
    ]
)
GAPS = np.array([(7, 7, 7, 7, 7, 1, 255, 2047), (0, 0, 0, 0, 0, 0, 1, 15)])  # most cycles between operations: calm, hasty


def layout(name: str, shape: Shape, count: int) -> Array:
    """Line numbers of a program: next to each other, or in one set of L1 or L2, or a bit of all three."""
    strides = {"hot": 1, "l1-set": shape.l1[0], "l2-set": shape.l2[0]}
    if name in strides:
        room = (ADDRESS_MAX // 64 - BASE - 2) // strides[name]
        return BASE + np.arange(min(count, room)) * strides[name]
    parts = (layout(each, shape, -(-(count - place) // 3)) for place, each in enumerate(strides))
    return np.unique(np.concatenate(list(parts)))


def lines_by_default(name: str, shape: Shape) -> int:
    """As many lines as make the layout's point: few and hot, or more than the ways of a set."""
    return {"hot": 4, "l1-set": shape.l1[1] + 3, "l2-set": shape.l2[1] + 6, "mixed": 12}[name]


def random_case(
    machine: str, shape: Shape, *, cores: int, layout_name: str, lines: int | None, count: int, seed: tuple[int, int]
) -> Case:
    """A program of `count` operations; the same arguments, the same program."""
    places = layout(layout_name, shape, lines_by_default(layout_name, shape) if lines is None else lines)
    blocks = count // (MOOD * cores) + 1
    bits = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(4 * count + blocks * cores)
    where, what, value, expected = (bits[each * count : (each + 1) * count] for each in range(4))
    operations = no_operations(count)
    operations["core"] = where % cores
    moods = bits[4 * count :].reshape(blocks, cores)[np.arange(count) // (MOOD * cores), operations["core"]]
    operations["kind"] = MOODS[moods % len(MOODS), what % 64]
    operations["gap"] = (what >> 8) % (GAPS[(moods >> 8) % 2, (what >> 24) % 8].astype(np.uint64) + 1)
    operations["width"] = 1 << ((what >> 32) % 4)
    operations["address"] = _addresses(where, what, places, operations)
    _follow(operations, expected)
    _align(operations)
    operations["value"] = _values(value, what >> 40, operations)
    operations["expected"] = _values(expected, what >> 44, operations)
    _count_up(operations, what, value)
    return Case(machine, cores, shape, operations)


def _addresses(where: Array, what: Array, places: Array, operations: Array) -> Array:
    """Every second operation is on the first two lines, some are on a line of the core's own, some cross into the next one."""
    spread = (where >> 8) % len(places)
    choice = (where >> 32) % 8
    spread = np.where(choice < 4, spread % 2, spread)
    spread = np.where(choice == 4, operations["core"] % len(places), spread)
    width, bits = operations["width"].astype(np.uint64), where >> 40
    aligned = (bits % 64) & ~(width - 1)
    style = (what >> 48) % 16
    offset = np.where(style < 8, aligned % 16, aligned)  # half of them meet in the first 16 bytes
    offset = np.where((style >= 10) & (style < 12), bits % 16, offset)
    offset = np.where(style == 12, bits % 64, offset)
    offset = np.where(style > 12, 64 - 1 - bits % 8, offset)
    return (places[spread.astype(I64)] * 64 + offset.astype(I64)).astype(I64)


def _follow(operations: Array, bits: Array) -> None:
    """Every fourth operation comes right after another one of the same core and begins up to three bytes further on."""
    after = np.flatnonzero((bits >> 50) % 4 == 0)
    after = after[after > 0]
    operations["core"][after] = operations["core"][after - 1]
    operations["address"][after] = operations["address"][after - 1] + ((bits[after] >> 48) % 4).astype(I64)
    operations["gap"][after] = 0


def _align(operations: Array) -> None:
    """Entries of page tables are aligned words."""
    here = np.isin(operations["kind"], OF_ENTRIES)
    operations["width"][here] = 8
    operations["address"][here] &= ~7


def _values(bits: Array, style: Array, operations: Array) -> Array:
    """Half are 0 or 1, so that a compare-and-exchange may find what it expects; the others are hardly ever the same."""
    unused = 64 - 8 * operations["width"].astype(np.uint64)
    return np.where(style % 2 == 0, bits % 2, bits >> unused).astype(I64)


def _count_up(operations: Array, what: Array, value: Array) -> None:
    """Every 32nd operation is on a counter: an addition, or a load."""
    here = (what >> 56) % 32 == 0
    operations["kind"][here] = np.where(value[here] % 4 == 0, OP_LOAD, OP_ADD)
    operations["width"][here] = 8
    operations["address"][here] = COUNTERS + 8 * ((value[here] >> 8) % 4)
    operations["value"][here] = 1
