"""Spin locks of a real kernel, found by their values: a locked comparison that makes a free word a held one takes a lock.

A word is a queued spin lock's from the first time that it goes from 0 to 1 so, wherever the routine was inlined; one that is held
already is known once a routine of a lock tries to take it. What is no lock is told by never being released as one. A reader-writer
lock's is the one that a routine changes which takes such a lock, at the address that it was called with.
"""

import numpy as np

from emu.boot.full.hot.records import PAGE
from emu.engine.lock_frames import frame_of
from emu.engine.lock_word import FOUND, READ_WRITE
from emu.engine.locks import lock_at
from emu.engine.records import COMPARES, FRAME, I64, LOCK, LOCK_CODE
from emu.memory.store_buffer import read_ram
from emu.native import array_at, call, njit

WORD = 4


@njit
def find_lock(gear, machine, full, core, bus, traits, address, value):  # type: ignore[no-untyped-def]
    """The locked instruction in flight stores a word of the kernel's: see whether that is a lock that nobody knows yet."""
    before = read_ram(bus, address, WORD)
    index = lock_at(machine, address)
    if traits & LOCK_CODE and (index < 0 or array_at(machine.locking.locks, machine.locking.count, LOCK)[index].kind != READ_WRITE):
        frame = frame_of(machine, core)
        if frame >= 0:
            taking = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[frame]
            if taking.spins and (taking.lock ^ address) & (PAGE - 1) == 0:
                index = add_lock(machine, core, index, READ_WRITE, address, before)
                if index >= 0:
                    array_at(machine.locking.locks, machine.locking.count, LOCK)[index].virtual = taking.lock
                return
    takes = traits & COMPARES and before == 0 and value == 1
    tries = traits & LOCK_CODE and before & 0xFF == 1
    if (takes or tries) and index < 0:
        index = add_lock(machine, core, index, FOUND, address, before)
        if index >= 0:
            call(gear.find_linear, core.index, address, 0, 0, 0)
            array_at(machine.locking.locks, machine.locking.count, LOCK)[index].virtual = full.linear


@njit
def add_lock(machine, core, index, kind, address, before):  # type: ignore[no-untyped-def]
    """A word is a lock's of a kind: a new one if its index is -1; the index, -1 if there is no room."""
    if index < 0:
        if machine.locking.count >= machine.locking.room:
            return I64(-1)
        index = I64(machine.locking.count)
        machine.locking.count += 1
        line = array_at(machine.locking.of_line, (address >> 6) + 1, np.int16)
        lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
        lock.address = address
        lock.next = I64(line[address >> 6])
        line[address >> 6] = index
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
    lock.kind = kind
    lock.guard = lock.owner = lock.site = I64(-1)
    lock.acquired_at = core.clock
    core.locking.word = before
    return index
