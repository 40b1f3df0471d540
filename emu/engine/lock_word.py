"""What a store to a lock word means: locks are recognised by the value of their word, whoever changes it.

A queued spin lock is held while byte 0 is 1. A ticket lock is a head (bits 0 to 15) and a tail (bits 16 to 31): it is held while
they differ, by the core that drew the ticket `head`; drawing adds one to the tail, and a release adds one to the head. A sleeping
lock (PREEMPT_RT) is the address of the task that owns it, bit 0 aside, which says that tasks wait: they sleep, so no core does.

A queued reader-writer lock has 0xFF in byte 0 while a writer has it, and counts its readers above: in units of 1 << 9, before
Linux 4.15 of 1 << 8. Who takes it is known by its routines; here is who lets go of it, which may be inlined.

A word that was found by its value may be a counter. What a locked instruction counts down to 0 is not released as a lock is, and
what it changes byte 0 to otherwise is no attempt at one.
"""

from emu.image import LOCK_KINDS
from emu.native import alone, njit

QUEUED, TICKET = range(len(LOCK_KINDS))  # LOCK_KINDS are the words of variant.toml, by number
SLEEPING = len(LOCK_KINDS)
FOUND = SLEEPING + 1  # a queued one that was found by its value: its memory may be something else's later
READ_WRITE = FOUND + 1
WRITER = 0xFF
WORD_BYTES = 4
NOTHING, ACQUIRED, FAILED, RELEASED = range(4)


@alone
def merged(before: int, value: int, size: int) -> int:
    """The 32 bits of a lock word after a store of `size` bytes at its beginning."""
    if size >= 4:
        return value & 0xFFFFFFFF
    mask = (1 << (8 * size)) - 1
    return (before & ~mask) | (value & mask)


@njit
def change(kind, before, after, locked):  # type: ignore[no-untyped-def]
    """What a store has done that changed a lock word; `locked`: it is the store of a locked instruction."""
    if kind == TICKET:
        return ticket_change(before, after)
    if kind == SLEEPING:
        return owner_change(before, after, locked)
    if kind == READ_WRITE:
        return RELEASED if is_writers(before, after) or (locked and before - after in (1 << 8, 1 << 9)) else NOTHING
    byte, new = before & 0xFF, after & 0xFF
    if byte == 0 and new == 1:
        return ACQUIRED
    if byte == 1 and new == 0:
        return NOTHING if kind == FOUND and locked else RELEASED
    return FAILED if locked and (kind != FOUND or byte == new) else NOTHING


@njit
def is_writers(before, after):  # type: ignore[no-untyped-def]
    """Whether a change of a reader-writer lock is the writer's who lets go of it."""
    return before & WRITER == WRITER and after & WRITER == 0


@njit
def is_count(kind, locked, size):  # type: ignore[no-untyped-def]
    """Whether a locked store is one of a lockref, whose count changes together with its lock as long as that is free."""
    return kind == FOUND and locked and size > WORD_BYTES


@njit
def owner_change(before, after, locked):  # type: ignore[no-untyped-def]
    """The same for a sleeping lock. A plain store is one only to or from a free lock that is waited for: memory is used again."""
    owned, owns = before >> 1, after >> 1
    if owned == 0 and owns != 0 and (locked or before == 1):
        return ACQUIRED
    if owned != 0 and owns == 0 and (locked or after == 1):
        return RELEASED
    return NOTHING


@njit
def ticket_change(before, after):  # type: ignore[no-untyped-def]
    """The same for a ticket lock: a ticket drawn is the lock taken or the wait begun."""
    head, tail = before & 0xFFFF, before >> 16
    new_head, new_tail = after & 0xFFFF, after >> 16
    if new_head == head and new_tail == (tail + 1) & 0xFFFF:
        return ACQUIRED if head == tail else FAILED
    if new_tail == tail and head != tail and new_head == (head + 1) & 0xFFFF:
        return RELEASED
    return NOTHING
