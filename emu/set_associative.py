"""Tables of sets: every cache, every TLB, every branch target buffer.

A table has so many sets for each of its owners (a core, a module); a set holds tags side by side, the one used most recently
first, and EMPTY where it has room. What is put in front pushes the one that was used least recently out at the back.
"""

from typing import Any

import numpy as np

from emu.native import address_of, array_at, njit

EMPTY = -1
TABLE = np.dtype(
    [
        ("tags", np.int64),  # host address of i64[length]
        ("length", np.int64),
        ("sets", np.int64),  # of one owner
        ("ways", np.int64),
    ]
)


def new_table(owners: int, sets: int, ways: int) -> tuple[np.ndarray[Any, Any], tuple[int, int, int, int]]:
    """The tags of an empty table, to be kept alive by whoever holds its `TABLE` record, and the values of that."""
    tags = np.full(owners * sets * ways, EMPTY, np.int64)
    return tags, (address_of(tags), len(tags), sets, ways)


@njit
def to_front(tags, base, way, tag):  # type: ignore[no-untyped-def]
    """Put a tag in front of a set in place of the one at `way`."""
    for older in range(base + way, base, -1):
        tags[older] = tags[older - 1]
    tags[base] = tag


@njit
def hit(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Is the tag there, in the set that `key` falls in? It is the most recent one of it afterwards."""
    tags = array_at(table.tags, table.length, np.int64)
    base = (owner * table.sets + key % table.sets) * table.ways
    if tags[base] == tag:
        return True
    for way in range(1, table.ways):
        if tags[base + way] == tag:
            to_front(tags, base, way, tag)
            return True
    return False


@njit
def insert(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Put a tag in that is not there; returns the one that falls out, EMPTY if there was room."""
    tags = array_at(table.tags, table.length, np.int64)
    base = (owner * table.sets + key % table.sets) * table.ways
    oldest = tags[base + table.ways - 1]
    to_front(tags, base, table.ways - 1, tag)
    return oldest


@njit
def look_up(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Is the tag there? It is in any case afterwards, as the most recent one of its set."""
    if hit(table, owner, key, tag):
        return True
    insert(table, owner, key, tag)
    return False


@njit
def remove(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Take a tag out, if it is there."""
    tags = array_at(table.tags, table.length, np.int64)
    base = (owner * table.sets + key % table.sets) * table.ways
    for way in range(base, base + table.ways):
        if tags[way] == tag:
            for newer in range(way, base + table.ways - 1):
                tags[newer] = tags[newer + 1]
            tags[base + table.ways - 1] = EMPTY
            return


@njit
def count(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """How often a tag is in its set: for checks, as more than once is a fault."""
    tags = array_at(table.tags, table.length, np.int64)
    base = (owner * table.sets + key % table.sets) * table.ways
    found = 0
    for way in range(base, base + table.ways):
        found += tags[way] == tag
    return found
