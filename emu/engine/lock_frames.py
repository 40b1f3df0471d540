"""Calls of locks' routines that have not returned: who called each, and what it has come to.

A call is known by where its return address lies on a stack, which is that call's alone: so whoever is interrupted, preempted or
asleep in a routine keeps its own, on whichever core it goes on. The table is one of open addressing, without gaps in its runs.
"""

from emu.engine.log import log_event
from emu.engine.records import FRAME, I64, INSTRUCTION, LOCK_CODE, R_RELEASES, R_SPINS, R_WAITS
from emu.engine.registers import RAX, RSP, get
from emu.native import array_at, njit

SPREAD = 0x9E3779B1  # 2**32 / golden ratio, odd
WORD = 8
SPAN = 96  # words of the stack that a routine, and its slow path, have at most


@njit
def home_of(machine, stack):  # type: ignore[no-untyped-def]
    """Where in the table a frame belongs."""
    return (((stack >> 3) * SPREAD) >> 8) & (machine.locking.frame_room - 1)


@njit
def frame_at(machine, stack):  # type: ignore[no-untyped-def]
    """The frame whose return address is there, or -1."""
    frames = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)
    at = home_of(machine, stack)
    while frames[at].stack != 0:
        if frames[at].stack == stack:
            return I64(at)
        at = (at + 1) & (machine.locking.frame_room - 1)
    return I64(-1)


@njit
def frame_around(machine, stack):  # type: ignore[no-untyped-def]
    """The innermost frame of what has come to this place of its stack, or -1."""
    if machine.locking.frame_count > 0:
        for words in range(SPAN):
            found = frame_at(machine, stack + WORD * words)
            if found >= 0:
                return found
    return I64(-1)


@njit
def begin_frame(machine, stack, site):  # type: ignore[no-untyped-def]
    """A routine is called: its frame, -1 if there is no room for it."""
    frames = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)
    at = home_of(machine, stack)
    while frames[at].stack != 0 and frames[at].stack != stack:
        at = (at + 1) & (machine.locking.frame_room - 1)
    if frames[at].stack == 0:
        if 4 * machine.locking.frame_count >= 3 * machine.locking.frame_room:
            machine.locking.frames_lost += 1
            return I64(-1)
        machine.locking.frame_count += 1
    frames[at].stack = stack
    frames[at].site = site
    frames[at].routine = I64(-1)
    frames[at].waits = frames[at].spins = 0
    return I64(at)


@njit
def jump_frame(machine, stack, site):  # type: ignore[no-untyped-def]
    """A routine is jumped to, and returns for whoever jumps: that is its frame, unless a routine that has one ends so."""
    if frame_at(machine, stack) < 0:
        begin_frame(machine, stack, site)


@njit
def end_frame(machine, index):  # type: ignore[no-untyped-def]
    """Forget a frame, and move up what is behind it and belongs at its place or before."""
    frames = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)
    around = machine.locking.frame_room - 1
    gap, at = index, (index + 1) & around
    while frames[at].stack != 0:
        if (at - home_of(machine, frames[at].stack)) & around >= (at - gap) & around:
            frames[gap] = frames[at]
            gap = at
        at = (at + 1) & around
    frames[gap].stack = 0
    machine.locking.frame_count -= 1


@njit
def frame_of(machine, core):  # type: ignore[no-untyped-def]
    """The call of a lock's routine that the instruction in flight is of (LOCK_CODE), -1: of none that is known."""
    if not array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits & LOCK_CODE:
        return I64(-1)
    return frame_around(machine, get(core, RSP))


@njit
def enter_routine(machine, core, routine, mark, lock):  # type: ignore[no-untyped-def]
    """The first instruction of a lock's routine, or of a slow path, has retired; `lock` is its first argument."""
    if routine == R_RELEASES:
        log_event(machine, core, core.retired_at, mark, 0, lock, 0)
        return
    if routine != R_WAITS:
        index = frame_at(machine, core.entry_stack)
        if index < 0:  # it was called through a pointer
            index = begin_frame(machine, core.entry_stack, core.current_pc)
        if index >= 0:
            frame = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[index]
            frame.routine = mark
            frame.lock = lock
            frame.spins = routine == R_SPINS
        return
    index = frame_around(machine, core.entry_stack)
    if index < 0:
        return
    frame = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[index]
    if frame.routine >= 0 and frame.waits == 0:
        frame.waits = 1
        log_event(machine, core, core.retired_at, mark, frame.routine, frame.lock, frame.site)


@njit
def leave_routine(machine, core):  # type: ignore[no-untyped-def]
    """A core has returned from somewhere: if that was a lock's routine, it has its lock, or has given up, as a trylock does."""
    stack = get(core, RSP) - WORD
    index = frame_at(machine, stack)
    if index < 0:
        return
    while core.wait.depth > 0 and core.wait.stack[core.wait.depth - 1] == stack:
        core.wait.depth -= 1
    frame = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[index]
    if frame.routine >= 0:
        log_event(machine, core, core.retired_at, frame.routine, get(core, RAX), frame.lock, frame.site)
    end_frame(machine, index)
