"""Use after free, and double free: which objects of the guest's allocator are free is noted as its routines are called and return.

The notes lie in RAM that the guest does not have, so that a search takes them back with everything else.
"""

import numpy as np

from emu.engine.records import LOGGED
from emu.explore.checkers.records import DOUBLE_FREE, I64, NOTHING, OBJECTS, PAGE_SHIFT, RANGE, USE_AFTER_FREE
from emu.memory.journal import WRITE, enter
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram, write_ram
from emu.native import array_at, njit

TAKEN, FREE = 0, 1


@njit
def object_at(checks, address):  # type: ignore[no-untyped-def]
    """Physical address of the byte that says whether the object around an address is free; 0: no object of the allocator's."""
    page = address >> PAGE_SHIFT
    index = I64(array_at(checks.slab_of_page, page + 1, np.int16)[page])
    if index < 0:
        return I64(0)
    slab = array_at(checks.slabs, checks.slab_count, OBJECTS)[index]
    number = (address - slab.begins) // slab.size
    return slab.states + number if 0 <= number < slab.count else I64(0)


@njit
def follow_calls(machine, checks, core):  # type: ignore[no-untyped-def]
    """Take the calls of the allocator that have been made since the last look; what is wrong with one of them."""
    wrong = NOTHING
    for place in range(min(machine.log.count, machine.log.room)):
        logged = array_at(machine.log.at, machine.log.room, LOGGED)[place]
        at = object_at(checks, logged.value - checks.direct_map) if logged.value != 0 else I64(0)
        if at == 0:
            continue
        bus = array_at(machine.bus, 1, BUS)[0]
        frees = logged.mark == checks.free_mark
        if frees and read_ram(bus, at, 1) == FREE:
            wrong = DOUBLE_FREE
            checks.address = logged.value - checks.direct_map
        state = FREE if frees else TAKEN
        enter(bus, WRITE, core, at, 1, read_ram(bus, at, 1), state, -1)
        write_ram(bus, at, 1, state)
    machine.log.count = 0
    return wrong


@njit
def check_object(machine, checks, pc, address):  # type: ignore[no-untyped-def]
    """What is wrong with an access: who is not the allocator touches a free object."""
    at = object_at(checks, address)
    bus = array_at(machine.bus, 1, BUS)[0]
    if at == 0 or read_ram(bus, at, 1) != FREE:
        return NOTHING
    for each in array_at(checks.allocator, checks.allocator_count, RANGE):
        if each.begins <= pc < each.ends:
            return NOTHING
    return USE_AFTER_FREE
