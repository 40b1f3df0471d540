"""The turn of a core: instruction after instruction until one must not begin yet, or the core has to stop.

The interpreter carries out what it can. The rest is left to Unicorn, one instruction at a time: its hooks let that one through, and
hand back in front of the next one.
"""

from emu.engine.access import load_access, store_access
from emu.engine.account import index_of
from emu.engine.env import CPL, HFLAGS, OLD_EXCEPTION, get32, put32
from emu.engine.interpreter.carry_out import carry_out
from emu.engine.interpreter.translation import forget_translations, physical
from emu.engine.mend import keep, mend
from emu.engine.records import FAULT_FETCH, INSTRUCTION, MENDED, STOP_FAULT, STOP_HANDED_BACK, STOP_NONE, STOP_SPECIAL, WAIT_STORES
from emu.engine.registers import show_flags
from emu.engine.step import step
from emu.native import array_at, call, inlined, njit

UNTIL = 0  # ignored: no core has an exit address (UnicornCore)


@njit
def execute(machine, core):  # type: ignore[no-untyped-def]
    """Let a core execute; returns Unicorn's error. `core.stop` says why it is over."""
    error = go_on(machine, core)
    show_flags(core)
    return error


@inlined
def go_on(machine, core):  # type: ignore[no-untyped-def]
    """Instruction after instruction."""
    while True:
        if (core.pc < 0 and is_user(core)) or index_of(machine, core, core.pc) < 0:
            return fetch_fault(machine, core)
        reason = step(machine, core, core.pc)
        told = machine.unicorn.told
        if told != 0 and reason in (STOP_NONE, STOP_SPECIAL) and call(told, core.index, core.pc, 0, 0, 0) != 0:
            return 0
        if reason != STOP_NONE:
            core.stop = reason
            return 0
        instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
        if machine.unicorn.all_left == 0 and carry_out(machine, core, instruction, physical, load_access, store_access):
            continue
        error = leave_to_unicorn(machine, core, instruction)
        if core.stop != STOP_HANDED_BACK:
            return error
        core.stop = STOP_NONE


@njit
def leave_to_unicorn(machine, core, instruction):  # type: ignore[no-untyped-def]
    """Let Unicorn carry out the instruction at `core.pc`: its error. STOP_HANDED_BACK: it has come to the next one."""
    if instruction.traits & MENDED:
        keep(core, instruction)
    core.left = 1
    error = start(machine, core)
    core.left = 0
    if instruction.traits & WAIT_STORES:
        forget_translations(core)
    if core.stop == STOP_HANDED_BACK and instruction.traits & MENDED:
        mend(core, instruction)
    return error


@njit
def start(machine, core):  # type: ignore[no-untyped-def]
    """Call Unicorn, with no exception that is still being dealt with: of a second one it would make a double fault."""
    put32(core, OLD_EXCEPTION, -1)
    return call(machine.unicorn.emu_start, core.uc, core.pc, UNTIL, 0, 0)


@njit
def fetch_fault(machine, core):  # type: ignore[no-untyped-def]
    """There is no text where the core has come to: if nothing is mapped there, or may not be executed, the fault is Unicorn's."""
    target = core.pc
    error = start(machine, core)
    if core.stop == STOP_HANDED_BACK:
        core.stop = STOP_FAULT
        core.fault.kind = FAULT_FETCH
        core.fault.address = target
    core.pc = core.current_pc
    return error


@njit
def stop(machine, core, reason):  # type: ignore[no-untyped-def]
    """In a hook: make Unicorn's call return to the loop."""
    core.stop = reason
    call(machine.unicorn.emu_stop, core.uc, 0, 0, 0, 0)


@njit
def is_user(core):  # type: ignore[no-untyped-def]
    """Whether the core runs a program."""
    return get32(core, HFLAGS) & CPL == CPL
