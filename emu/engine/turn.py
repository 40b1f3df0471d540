"""The turn of a core: it executes until a hook stops it, or until it is another one's turn.

A core whose turn is over waits in the hook, inside of Unicorn's call, on a stack of its own. Where there are no fibers, and in a
search, whose registers are saved and put back, it leaves the call.
"""

from numba import types

from emu.engine.records import CORE, MACHINE, STOP_YIELD, U8
from emu.fiber import FIBER, pause, resume
from emu.native import array_at, call, inlined, njit

UNTIL = 0  # ignored: no core has an exit address (UnicornCore)
ENTRY = types.void(types.int64)  # address of the FIBER


@inlined
def go_on(core):  # type: ignore[no-untyped-def]
    """Let the instruction be executed: its accesses find the program counter in its place, as the hook has just been given it."""
    array_at(core.unsynced_at, 1, U8)[0] = 1


@njit
def stop(machine, core, reason):  # type: ignore[no-untyped-def]
    """Make Unicorn's call return to the loop; Unicorn works out the program counter for it, and the flags."""
    core.stop = reason
    array_at(core.unsynced_at, 1, U8)[0] = 0
    call(machine.emu_stop, core.uc, 0, 0, 0, 0)


@njit
def execute(machine, core):  # type: ignore[no-untyped-def]
    """Let a core execute; returns Unicorn's error. `core.stop` says why it is over: STOP_YIELD if only its turn is."""
    if core.fiber == 0:
        return call(machine.emu_start, core.uc, core.pc, UNTIL, 0, 0)
    core.inside = 1
    core.error = 0
    resume(core.fiber)
    return core.error


def on_own_stack(fiber):  # type: ignore[no-untyped-def]
    """What a core's fiber does: one call of Unicorn after the other, for good."""
    core = array_at(array_at(fiber, 1, FIBER)[0].argument, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    while True:
        core.error = call(machine.emu_start, core.uc, core.pc, UNTIL, 0, 0)
        core.inside = 0
        pause(fiber)


@njit
def wait_for_turn(machine, core):  # type: ignore[no-untyped-def]
    """In a hook, as it is another core's turn: True once it is this one's again, False if it must leave the call instead."""
    if core.fiber == 0:
        return False
    core.stop = STOP_YIELD
    pause(core.fiber)
    return machine.leaving == 0


@njit
def leave_calls(machine):  # type: ignore[no-untyped-def]
    """All cores that wait in hooks leave Unicorn's calls: outside of the loop none is in one."""
    machine.leaving = 1
    cores = array_at(machine.cores, machine.core_count, CORE)
    for index in range(machine.core_count):
        core = cores[index]
        if core.inside != 0:
            stopped = core.stop
            resume(core.fiber)
            core.stop = stopped
    machine.leaving = 0
