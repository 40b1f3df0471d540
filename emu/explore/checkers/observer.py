"""Every access of a search passes here: the checkers that are on look at it, and what the first one sees is kept."""

from ctypes import CFUNCTYPE, c_int32, c_int64

import numpy as np

from emu.engine.records import CORE, MACHINE
from emu.engine.sharing import SHARING
from emu.explore.checkers.fairness import note_section
from emu.explore.checkers.heap import check_object, follow_calls
from emu.explore.checkers.records import CHECKS, I64, NOTHING
from emu.explore.checkers.stack_frames import check_frame
from emu.native import array_at, hook, njit

OBSERVER = CFUNCTYPE(c_int32, *(c_int64,) * 5)


@njit
def flag(sharing, checks, core, wrong, address, size, other):  # type: ignore[no-untyped-def]
    """Something is wrong with the access in flight."""
    if sharing.flagged != 0:
        return
    sharing.flagged = 1
    checks.flag = wrong
    checks.core, checks.task, checks.pc = core.index, core.task, core.current_pc
    checks.address, checks.size, checks.other = address, size, other


@njit
def look_at_calls(machine, core):  # type: ignore[no-untyped-def]
    """Take what the allocator has been asked since the last look: before the search writes down where a transition begins."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    if sharing.checks == 0 or machine.log.count == 0:
        return
    checks = array_at(sharing.checks, 1, CHECKS)[0]
    wrong = follow_calls(machine, checks, core.index)
    if wrong != NOTHING:
        flag(sharing, checks, core, wrong, checks.address, 0, 0)


@hook(OBSERVER)
def observe(machine_at, index, address, size, write):  # type: ignore[no-untyped-def]
    """An access of a core, before it is made."""
    machine = array_at(machine_at, 1, MACHINE)[0]
    core = array_at(machine.cores, machine.core_count, CORE)[index]
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    checks = array_at(sharing.checks, 1, CHECKS)[0]
    if checks.stack_count != 0:
        wrong, other = check_frame(machine, core, checks, address)
        if wrong != NOTHING:
            flag(sharing, checks, core, wrong, address, size, other)
    if checks.slab_count != 0:
        look_at_calls(machine, core)
        wrong = check_object(machine, checks, core.current_pc, address)
        if wrong != NOTHING:
            flag(sharing, checks, core, wrong, address, size, I64(0))
    if checks.counter != 0:
        note_section(machine, checks, core, address, write)
    return np.int32(0)
