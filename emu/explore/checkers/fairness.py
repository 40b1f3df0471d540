"""Fairness of a lock: how many others go through the section between a core's asking for it and its being there.

A core has asked with the first store or locked instruction of the lock's routine that touches the lock itself: then it queues, or
spins. A section begins with a load of the counter. Who has asked when lies in RAM that the guest does not have: so it is a part of
a state, and a search that has seen every state has seen the most that there can be.
"""

from emu.explore.checkers.records import I64
from emu.memory.journal import WRITE, enter
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram, write_ram
from emu.native import array_at, njit

WORD = 8


@njit
def note_section(machine, checks, core, address, write):  # type: ignore[no-untyped-def]
    """A core makes an access."""
    bus = array_at(machine.bus, 1, BUS)[0]
    asked_at, sections_at = checks.notes + WORD * (core.index + 1), checks.notes
    asked, sections = (
        read_ram(bus, asked_at, WORD),
        read_ram(bus, sections_at, WORD),
    )  # asked: behind how many, and 1; 0: it has not
    if address == checks.counter and write == 0:
        if asked != 0:
            checks.overtaken = max(checks.overtaken, sections - asked + 1)
            put_down(bus, core.index, asked_at, asked, I64(0))
        put_down(bus, core.index, sections_at, sections, sections + 1)
    elif write != 0 and asked == 0 and is_in(address, checks.lock) and is_in(core.current_pc, checks.acquire):
        put_down(bus, core.index, asked_at, asked, sections + 1)


@njit
def is_in(address, place):  # type: ignore[no-untyped-def]
    """Whether an address lies in a range."""
    return place[0] <= address < place[1]


@njit
def put_down(bus, core, address, before, value):  # type: ignore[no-untyped-def]
    """Change a note, in a way that is taken back with everything else."""
    enter(bus, WRITE, core, address, WORD, before, value, -1)
    write_ram(bus, address, WORD, value)
