"""What a store to a lock word means, for each kind of lock."""

import pytest

from emu.engine.lock_word import ACQUIRED, FAILED, NOTHING, RELEASED, change, is_count, merged
from emu.image import LOCK_KINDS

QUEUED = [
    (0x0, 0x1, True, ACQUIRED),
    (0x100, 0x1, False, ACQUIRED),  # the pending waiter clears pending and sets locked
    (0x80001, 0x80000, False, RELEASED),
    (0x1, 0x0, True, RELEASED),
    (0x1, 0x101, True, FAILED),  # pending
    (0x1, 0x1, True, FAILED),
    (0x101, 0x1, False, NOTHING),
]
TICKET = [
    (0x00000000, 0x00010000, True, ACQUIRED),
    (0xFFFFFFFF, 0x0000FFFF, True, ACQUIRED),  # the tail wraps around
    (0x00010000, 0x00020000, True, FAILED),
    (0x0000FFFF, 0x0001FFFF, True, FAILED),
    (0x00010000, 0x00010001, False, RELEASED),
    (0x0001FFFF, 0x00010000, False, RELEASED),  # the head wraps around
    (0x00030001, 0x00030002, True, RELEASED),
    (0x00010001, 0x00010002, False, NOTHING),  # nobody had it
    (0x00010000, 0x00010000, True, NOTHING),  # a trylock that gave up
    (0x00010001, 0x00000000, False, NOTHING),  # initialised anew
]
SLEEPING = [
    (0x0, 0x500040, True, ACQUIRED),  # the fast path
    (0x1, 0x500041, False, ACQUIRED),  # under wait_lock
    (0x500040, 0x500041, True, NOTHING),  # somebody waits
    (0x500041, 0x500040, False, NOTHING),
    (0x500041, 0x500041, True, NOTHING),  # a fast path that failed
    (0x500040, 0x0, True, RELEASED),
    (0x500041, 0x1, False, RELEASED),
    (0x0, 0x500040, False, NOTHING),  # memory that is something else
    (0x500040, 0x0, False, NOTHING),
]
FOUND_ONE = [
    *(row for row in QUEUED if row != (0x1, 0x0, True, RELEASED)),
    (0x1, 0x0, True, NOTHING),  # a counter: a lock is released by a plain store
    (0x1, 0x2, True, NOTHING),  # one goes up
    (0x3, 0x2, True, NOTHING),
]
READ_WRITE = [
    (0x0, 0x200, True, NOTHING),  # its routines say who takes it
    (0x0, 0xFF, True, NOTHING),
    (0x600, 0x400, True, RELEASED),
    (0x300, 0x200, True, RELEASED),  # before Linux 4.15
    (0x4FF, 0x2FF, True, RELEASED),  # a reader's attempt that takes back what it has added: leave_read_write knows
    (0xFF, 0x0, False, RELEASED),
    (0x5FF, 0x500, False, RELEASED),  # others wait
    (0x100, 0xFF, True, NOTHING),  # a writer that has waited
    (0x600, 0x500, False, NOTHING),  # memory that is something else
    (0x800, 0x400, True, NOTHING),
]
KINDS = (*LOCK_KINDS, "sleeping", "found", "read_write")  # sleeping is no kind of spin lock
TABLES = {"queued": QUEUED, "ticket": TICKET, "sleeping": SLEEPING, "found": FOUND_ONE, "read_write": READ_WRITE}
ROWS = [(kind, *row) for kind, table in TABLES.items() for row in table]


@pytest.mark.parametrize(("kind", "before", "after", "locked", "wanted"), ROWS)
def test_a_store_is_known_by_what_it_changes(kind: str, before: int, after: int, locked: bool, wanted: int) -> None:
    assert change(KINDS.index(kind), before, after, locked) == wanted


@pytest.mark.parametrize(
    ("kind", "locked", "size", "wanted"),
    [("found", True, 8, True), ("found", True, 4, False), ("found", False, 8, False), ("queued", True, 8, False)],
)
def test_a_count_that_changes_beside_a_lock(kind: str, locked: bool, size: int, wanted: bool) -> None:
    assert bool(is_count(KINDS.index(kind), locked, size)) == wanted


@pytest.mark.parametrize(
    ("before", "value", "size", "wanted"),
    [
        (0x12345678, 0x0, 1, 0x12345600),
        (0x12345678, 0xABCD, 2, 0x1234ABCD),
        (0x12345678, -1, 2, 0x1234FFFF),
        (0x12345678, 0x1, 4, 0x1),
        (0x12345678, 0x1_0000_0002, 8, 0x2),
    ],
)
def test_a_narrow_store_leaves_the_rest_of_the_word(before: int, value: int, size: int, wanted: int) -> None:
    assert merged(before, value, size) == wanted
