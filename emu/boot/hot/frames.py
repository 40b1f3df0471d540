"""Guest RAM by physical address: where a frame is in the host's memory, and words as the processor itself has them.

In the fast gear RAM is what all cores see. Where cores have caches and store buffers, `MACHINE.road_read` and `road_write` are the
way to it.
"""

from emu.boot.hot.records import FOUR_GIB, I64
from emu.native import array_at, call, njit

ANSWER = 2  # the word of `scratch` in which the road answers
PLAIN, LOCKED = 0, 1  # how a word is written


@njit
def offset_of(machine, address):  # type: ignore[no-untyped-def]
    """Offset in the host's memory of a physical address in RAM, or -1: RAM goes on at 4 GiB behind the hole for devices."""
    if address >= 0 and address < machine.low_bytes:
        return address
    high = address - FOUR_GIB
    if high >= 0 and high < machine.ram_bytes - machine.low_bytes:
        return high + machine.low_bytes
    return I64(-1)


@njit
def read_word(machine, core, address):  # type: ignore[no-untyped-def]
    """Eight bytes of RAM within a page; what is no RAM reads as ones."""
    offset = offset_of(machine, address)
    if offset < 0:
        return I64(-1)
    if machine.road_read != 0:
        call(machine.road_read, core.companion, address, core.scratch_at + 8 * ANSWER, 0, 0)
        return core.scratch[ANSWER]
    return array_at(machine.ram + offset, 1, I64)[0]


@njit
def write_word(machine, core, address, value, how):  # type: ignore[no-untyped-def]
    """Eight bytes of RAM within a page, by a plain store or a locked one; what is no RAM takes nothing."""
    offset = offset_of(machine, address)
    if offset < 0:
        return
    if machine.road_write != 0:
        call(machine.road_write, core.companion, address, value, how, 0)
    else:
        array_at(machine.ram + offset, 1, I64)[0] = value
