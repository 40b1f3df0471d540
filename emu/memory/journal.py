"""A journal of what cannot be seen in RAM afterwards: stores entering a buffer, draining, and locked writes.

Kept only while somebody wants to go back (`emu.explore`); `take_back` undoes the last change, whatever view RAM shows.
"""

from emu.memory.records import CHANGE
from emu.native import array_at, njit

PUSH, DRAIN, WRITE = range(3)  # a store entered a buffer, left it for all to see, or was visible at once (a locked one)


@njit
def enter(bus, kind, core, address, width, old, new, lock):  # type: ignore[no-untyped-def]
    """Write down one change; beyond the capacity only the count goes on, for the owner to notice."""
    if bus.journal.count < bus.journal.capacity:
        change = array_at(bus.journal.at, bus.journal.capacity, CHANGE)[bus.journal.count]
        change.kind = kind
        change.core = core
        change.address = address
        change.width = width
        change.old = old
        change.new = new
        change.lock = lock
    bus.journal.count += 1
