"""Strict time order: the core with the smallest clock runs next, always, until another one's turn comes.

Instructions that neither touch memory nor mark an event may run ahead of the other cores, up to `run_ahead` cycles (no
further than an interrupt needs to arrive): no other core can see the difference, so no result changes.
"""

from unicorn import unicorn_const as uc_const

from emu.engine.account import LOCK_WAIT, pass_time, state_of
from emu.engine.deliver import deliver, page_fault
from emu.engine.locks import note_releases
from emu.engine.park import attend, go_on_all, look
from emu.engine.park_records import EARLY
from emu.engine.records import (
    CORE,
    DEADLOCK,
    FAULT,
    FAULT_ENGINE,
    FAULT_EXCEPTION,
    FRESH,
    HALTED,
    INSTRUCTION,
    LIMIT,
    MACHINE,
    RUN_DONE,
    RUNNING,
    SLICE_DONE,
    STOP_EXCEPTION,
    STOP_FAULT,
    STOP_INTERRUPT,
    STOP_NONE,
    STOP_SPECIAL,
    STOP_TRACE,
    STOP_YIELD,
    TRACE_FULL,
    WAITING_FOR_STARTUP,
)
from emu.engine.schedule import bound
from emu.engine.special import IDLE, emulate, wake
from emu.engine.turn import execute
from emu.memory.records import BUS
from emu.memory.store_buffer import drain_due
from emu.native import NEVER, array_at, entry, njit

INSN_INVALID = uc_const.UC_ERR_INSN_INVALID
INVALID_OPCODE = 6  # #UD


@njit
def due(machine, core):  # type: ignore[no-untyped-def]
    """When this core acts next; a parked one need not before an interrupt is near, or the end."""
    if core.parked != 0:
        return max(core.clock, min(core.irq.watch, machine.end_at) - EARLY * core.parked)
    if core.status == RUNNING:
        return core.clock
    if core.status == HALTED:
        return max(core.irq.at, core.clock)
    return core.irq.startup_at


@njit
def next_core(machine):  # type: ignore[no-untyped-def]
    """The core that acts first (ties: lowest id), and up to when it may act before another one does."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    first, earliest, limit = -1, NEVER, NEVER
    for index in range(machine.core_count):
        at = due(machine, cores[index])
        if at < earliest:
            limit = min(limit, earliest - 1) if first >= 0 else limit  # the earlier ids win ties
            first, earliest = index, at
        else:
            limit = min(limit, at)
    return first, earliest, limit


@njit
def run_core(machine, core):  # type: ignore[no-untyped-def]
    """Let one core run until it must stop, and do what it stopped for; False ends the slice with `machine.outcome` set."""
    core.stop = STOP_NONE
    machine.turns += 1
    error = execute(machine, core)
    if core.stop == STOP_SPECIAL:
        instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
        if not emulate(machine, core, instruction.special, instruction.length):
            core.stop = STOP_FAULT
    elif core.stop == STOP_INTERRUPT:
        deliver(machine, core)
    elif core.stop == STOP_EXCEPTION:
        page_fault(machine, core)
    elif core.stop == STOP_TRACE:
        machine.outcome = TRACE_FULL
        return False
    elif error == INSN_INVALID:
        core.fault.kind = FAULT_EXCEPTION
        core.fault.code = INVALID_OPCODE
        core.stop = STOP_FAULT
    elif core.stop == STOP_NONE or (error != 0 and core.stop != STOP_FAULT):
        core.fault.kind = FAULT_ENGINE
        core.fault.code = error
        core.stop = STOP_FAULT
    if core.stop == STOP_FAULT:
        machine.outcome = FAULT
        return False
    return True


@njit
def start_or_wake(machine, core, now):  # type: ignore[no-untyped-def]
    """A core that was not running has something to do at `now`."""
    if core.status == HALTED:
        wake(machine, core)
    elif core.status == WAITING_FOR_STARTUP:
        core.clock = now
        pass_time(core, IDLE, now)
        core.status = RUNNING
        core.stage = FRESH
        core.pc = machine.secondary_pc


@njit
def run_slice(machine):  # type: ignore[no-untyped-def]
    """Run all cores for about `slice_cycles`; `machine.outcome` says why it came back."""
    end = NEVER
    while True:
        index, now, limit = next_core(machine)
        if machine.parking.parked != 0 and attend(machine, index, now, end):
            continue
        if index < 0 or now >= NEVER:
            machine.outcome = DEADLOCK if machine.end_at == NEVER else RUN_DONE
            break
        if end == NEVER:
            end = now + machine.slice_cycles
        core = array_at(machine.cores, machine.core_count, CORE)[index]
        machine.outcome_core = index
        if now >= machine.end_at:
            machine.outcome = RUN_DONE
            break
        if now >= machine.max_cycles:
            machine.outcome = LIMIT
            break
        if now >= end:
            machine.outcome = SLICE_DONE
            break
        if core.status != RUNNING:
            start_or_wake(machine, core, now)
            continue
        core.limit = min(limit, end, machine.end_at - 1)
        core.horizon = min(core.limit + machine.run_ahead, machine.end_at - 1)
        if machine.parking.parked != 0:
            bound(machine, core, array_at(machine.bus, 1, BUS)[0].next_drain - 1)
        if not run_core(machine, core):
            break
        if machine.parking.parks != 0 and core.stop == STOP_YIELD and core.visit.count >= core.visit.wanted > 0:
            look(machine, core)
    if machine.parking.parked != 0:
        go_on_all(machine, array_at(machine.cores, machine.core_count, CORE)[machine.outcome_core].clock)
    if machine.outcome == RUN_DONE:
        drain_due(array_at(machine.bus, 1, BUS)[0], machine.end_at)
    note_releases(machine)


@entry
def run(machine_address: int) -> None:
    """Run one slice of the machine at a host address."""
    run_slice(array_at(machine_address, 1, MACHINE)[0])


@entry
def finish_account(machine_address: int, index: int, end: int) -> None:
    """Bring the account of one core up to `end`: a halted core was idle, another one still at its instruction."""
    machine = array_at(machine_address, 1, MACHINE)[0]
    core = array_at(machine.cores, machine.core_count, CORE)[index]
    state = IDLE
    if core.status == RUNNING and core.current >= 0:
        state = state_of(core, array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].state)
    cycles = pass_time(core, state, end)
    if state < LOCK_WAIT:
        core.cycles_by_cause[0] += cycles
    core.clock = end
