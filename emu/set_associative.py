"""Tables of sets: every cache, every TLB, every branch target buffer.

A table has so many sets for each of its owners (a core, a module); a set holds tags side by side, the one used most recently
first, and EMPTY where it has room. What is put in front pushes the one that was used least recently out at the back.
"""

from typing import Any

import numpy as np

from emu.native import address_of, array_at, inlined, njit

EMPTY = -1
TABLE = np.dtype(
    [
        ("tags", np.int64),  # host address of i64[owners, sets, ways]
        ("sets", np.int64),  # of one owner
        ("mask", np.int64),  # which bits of a key say in what set it falls; -1: the rest of a division by `sets` does
        ("ways", np.int64),
    ]
)


def new_table(owners: int, sets: int, ways: int) -> tuple[np.ndarray[Any, Any], tuple[int, int, int, int]]:
    """The tags of an empty table, to be kept alive by whoever holds its `TABLE` record, and the values of that."""
    tags = np.full(owners * sets * ways, EMPTY, np.int64)
    mask = sets - 1 if sets & (sets - 1) == 0 else -1
    return tags, (address_of(tags), sets, mask, ways)


@njit
def set_of(table, owner, key):  # type: ignore[no-untyped-def]
    """The tags of the set that `key` falls in, of an owner."""
    place = key & table.mask if table.mask >= 0 else key % table.sets
    return array_at(table.tags + 8 * table.ways * (owner * table.sets + place), table.ways, np.int64)


@njit
def push(tags, ways, tag):  # type: ignore[no-untyped-def]
    """Put a tag in front of the first `ways` of a set, which go one back; returns what was the last of them."""
    for way in range(ways):
        behind = tags[way]
        tags[way] = tag
        tag = behind
    return tag


@inlined
def hit(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Is the tag there, in the set that `key` falls in? It is the most recent one of it afterwards."""
    tags = set_of(table, owner, key)
    return tags[0] == tag or to_front(tags, tag)


@njit
def to_front(tags, tag):  # type: ignore[no-untyped-def]
    """Whether the tag is there: it is in front of its set afterwards."""
    for way in range(len(tags)):
        if tags[way] == tag:
            push(tags, way + 1, tag)
            return True
    return False


@njit
def insert(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """Put a tag in that is not there; returns the one that falls out, EMPTY if there was room."""
    return push(set_of(table, owner, key), table.ways, tag)


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
    tags = set_of(table, owner, key)
    last = table.ways - 1
    for way in range(table.ways):
        if tags[way] == tag:
            for newer in range(way, last):
                tags[newer] = tags[newer + 1]
            tags[last] = EMPTY
            return


@njit
def count(table, owner, key, tag):  # type: ignore[no-untyped-def]
    """How often a tag is in its set: for checks, as more than once is a fault."""
    tags = set_of(table, owner, key)
    found = 0
    for way in range(table.ways):
        found += tags[way] == tag
    return found
