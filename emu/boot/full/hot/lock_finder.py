"""Spin locks of a real kernel, found by their values: a locked comparison that makes a free word a held one takes a lock.

A word is a queued spin lock's from the first time that it goes from 0 to 1 so, wherever the routine was inlined; one that is held
already is known once a routine of a lock tries to take it. What is no lock is told by never being released as one.
"""

import numpy as np

from emu.engine.lock_word import FOUND
from emu.engine.locks import lock_at
from emu.engine.records import COMPARES, I64, LOCK, LOCK_CODE
from emu.memory.store_buffer import read_ram
from emu.native import array_at, call, njit

WORD = 4


@njit
def find_lock(gear, machine, full, core, bus, traits, address, value):  # type: ignore[no-untyped-def]
    """The locked instruction in flight stores a word of the kernel's: see whether that is a lock that nobody knows yet."""
    before = read_ram(bus, address, WORD)
    takes = traits & COMPARES and before == 0 and value == 1
    tries = traits & LOCK_CODE and before & 0xFF == 1
    if not (takes or tries) or machine.lock_count >= machine.lock_room or lock_at(machine, address) >= 0:
        return
    index = machine.lock_count
    machine.lock_count += 1
    lock = array_at(machine.locks, machine.lock_count, LOCK)[index]
    line = array_at(machine.lock_of_line, (address >> 6) + 1, np.int16)
    lock.address = address
    lock.kind = FOUND
    lock.guard = lock.owner = lock.site = I64(-1)
    lock.next = I64(line[address >> 6])
    line[address >> 6] = index
    lock.acquired_at = core.clock
    core.rmw_lock_word = before
    call(gear.find_linear, core.index, address, 0, 0, 0)
    lock.virtual = full.linear
