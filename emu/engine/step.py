"""The heart: one step of one core.

`step` runs before each instruction of a core (`turn.execute`). It settles the previous instruction, sees whether it is this one's
turn, and either lets it run or stops the core. The instruction's memory accesses then come through `access.load_access` and
`store_access`: in the order of `core.clock`, the time of dispatch, and timed from `core.start`.
"""

from emu.engine.account import index_of, retire
from emu.engine.apic import watch_interrupts
from emu.engine.interpreter.operands import value_of
from emu.engine.records import (
    ACCOUNTED,
    EVENT,
    FAULT_FETCH,
    FRESH,
    HISTORY,
    I64,
    IF_CHANGE,
    INSTRUCTION,
    ORDERED,
    POINT,
    R_NONE,
    SPECIAL,
    STALLED,
    STI,
    STOP_FAULT,
    STOP_INTERRUPT,
    STOP_NONE,
    STOP_SPECIAL,
    STOP_TRACE,
    STOP_YIELD,
    VALID,
    WAIT_STORES,
)
from emu.engine.registers import RSP, get, registers_of
from emu.engine.schedule import dispatch_next, wait_for_stores
from emu.engine.trace import note
from emu.native import array_at, inlined, njit
from emu.trace.record import Kind

K_STALL = int(Kind.STALL)
TRACE_ROOM = 256  # records that one instruction and its events can need


@inlined
def step(machine, core, pc):  # type: ignore[no-untyped-def]
    """Decide about the instruction at `pc`: STOP_NONE lets it run, any other reason stops the core in front of it."""
    if core.stage == FRESH:
        if core.current >= 0:
            before = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
            change = before.traits & (IF_CHANGE | STI)
            retire(machine, core, pc)
            if change:
                reopen_interrupts(core, change & STI)
            elif core.irq.shadow != 0:
                core.irq.shadow = 0
                watch_interrupts(core)
        begin(machine, core, pc)
        if core.current < 0:  # in the middle of an instruction
            core.fault.kind = FAULT_FETCH
            core.fault.address = pc
            return STOP_FAULT
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if instruction.traits & WAIT_STORES:
        wait_for_stores(machine, core)
    interrupted = core.clock >= core.irq.watch
    bound = core.limit if interrupted or instruction.traits & ORDERED else core.horizon
    if core.clock > bound:
        return STOP_YIELD
    if interrupted:
        return STOP_INTERRUPT
    if instruction.traits & (POINT | EVENT) and core.stage != STALLED:
        stall(machine, core, instruction)
        if core.clock > bound:
            return STOP_YIELD
    if instruction.traits & SPECIAL:
        return STOP_SPECIAL
    if machine.tracing.at != 0 and machine.tracing.count + TRACE_ROOM > machine.tracing.capacity:
        return STOP_TRACE
    core.stage = FRESH
    core.stall_pc = 0
    return STOP_NONE


@inlined
def begin(machine, core, pc):  # type: ignore[no-untyped-def]
    """Take up the instruction at `pc`: it is dispatched, and from here on it is known when it starts, as things stand.

    The next element of a string instruction goes on where the last one was.
    """
    repeated = core.current >= 0 and pc == core.current_pc
    core.current = index_of(machine, core, pc)
    if core.current < 0:
        return
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if not instruction.traits & VALID:
        core.current = -1
        return
    core.pc = pc
    core.stage = ACCOUNTED
    core.current_pc = pc
    if repeated:
        return
    core.history[core.history_count & (HISTORY - 1)] = pc
    core.history_count += 1
    dispatch_next(machine, core, instruction)


@njit
def reopen_interrupts(core, shadow):  # type: ignore[no-untyped-def]
    """The interrupt flag may have changed: look for pending interrupts again, after `sti` one instruction later."""
    core.irq.masked = 0
    core.irq.shadow = 1 if shadow else 0
    watch_interrupts(core)


@njit
def stall(machine, core, instruction):  # type: ignore[no-untyped-def]
    """A marked instruction starts: read the register that its event asks for, and hold the core up if a stall is due."""
    core.stage = STALLED
    if instruction.register >= 0:
        core.event_value = value_of(registers_of(core), instruction.register & 0xFF, instruction.register >> 8)
    if instruction.routine != R_NONE:
        core.entry_stack = get(core, RSP)
    if not instruction.traits & POINT or core.stall_pc == core.pc:
        return
    point = instruction.point
    cycles = array_at(machine.stalls.cycles, point + 1, I64)[point]
    if cycles == 0:
        return
    core.stall_pc = core.pc
    seen = array_at(machine.stalls.seen, point + 1, I64)
    seen[point] += 1
    if seen[point] % array_at(machine.stalls.every, point + 1, I64)[point] == 0:
        core.clock = max(core.clock, core.retired_at) + cycles  # what stops a core lets the instructions before it end
        core.start = core.operands_at = core.data_at = core.clock
        core.stalled += cycles
        array_at(machine.stalls.total, point + 1, I64)[point] += cycles
        note(machine, core, K_STALL, core.clock, point, 0, cycles)
