"""Strict time order for a real kernel: the engine's choice of the next core, and what a core of a real machine stops for.

Events of the devices have their place in that order: nothing that comes after one happens before it.
"""

from unicorn import unicorn_const as uc_const

from emu.boot.full.hot.records import (
    BOARD,
    CALL,
    FAILED,
    FULL,
    GEAR,
    I64,
    INTERRUPT,
    MSR,
    SHUTDOWN,
    SP_CALL,
    STOP_FAILED,
    STOP_MSR,
    UNKNOWN_ERROR,
)
from emu.boot.full.hot.turn import execute
from emu.boot.hot.blocks import faults_as_write
from emu.boot.hot.code_pages import catch_up
from emu.boot.hot.deliver import DEBUG, GENERAL_PROTECTION, PAGE_FAULT, deliver
from emu.boot.hot.records import CORE as CPU
from emu.boot.hot.records import MACHINE as BOOT
from emu.boot.hot.walk import FETCH, NOT_CANONICAL, PF_WRITE, READ
from emu.engine.account import retire
from emu.engine.apic import watch_interrupts
from emu.engine.deliver import abandon, begin_handler, quiet
from emu.engine.env import CPL, CR2, EFLAGS, EIP, HFLAGS, IF, get32, get64, put64
from emu.engine.locks import note_releases
from emu.engine.log import log_is_full
from emu.engine.loop import next_core, start_or_wake
from emu.engine.records import (
    CORE,
    DEADLOCK,
    FRESH,
    INSTRUCTION,
    LIMIT,
    MACHINE,
    RUN_DONE,
    RUNNING,
    SLICE_DONE,
    STOP_EXCEPTION,
    STOP_INTERRUPT,
    STOP_NONE,
    STOP_SPECIAL,
    STOP_TRACE,
    STOP_YIELD,
    TRACE_FULL,
    WAITING_FOR_STARTUP,
)
from emu.engine.special import emulate
from emu.engine.trace import NO_ACCESS, note_access
from emu.memory.records import BUS
from emu.memory.store_buffer import drain_due
from emu.native import NEVER, array_at, entry, njit

UNICORN_FAULT = uc_const.UC_ERR_EXCEPTION


@njit
def to_handler(machine, core, full, cpu, vector, code, software):  # type: ignore[no-untyped-def]
    """Through the gate of a vector; False after a triple fault."""
    boot = array_at(array_at(full.gear, 1, GEAR)[0].boot, 1, BOOT)[0]
    full.road_cycles = 0
    put64(cpu, EIP, core.pc)
    core.current = -1
    if not deliver(boot, cpu, vector, code, software):
        machine.outcome = SHUTDOWN
        return False
    core.pc = get64(cpu, EIP)
    core.data_at = core.clock + full.road_cycles
    full.road_cycles = 0
    begin_handler(machine, core, vector)
    return True


@njit
def settle_instruction(machine, core, completes, following):  # type: ignore[no-untyped-def]
    """The instruction in flight has been carried out, or raises an exception; one that has only been begun is nothing yet."""
    if core.current < 0:
        return
    if completes:
        if core.stage == FRESH:
            retire(machine, core, following)
    else:
        abandon(core, array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current])
    core.stage = FRESH
    note_access(core, NO_ACCESS, 0, 0, 0)


@njit
def page_fault(machine, core, full, cpu):  # type: ignore[no-untyped-def]
    """Unicorn has left a block for a page that is not there or not allowed; False after a triple fault."""
    boot = array_at(array_at(full.gear, 1, GEAR)[0].boot, 1, BOOT)[0]
    full.page_faults += 1
    core.pc = get64(cpu, EIP)
    code = cpu.fault_code
    if cpu.fault_access == READ and code != NOT_CANONICAL and faults_as_write(boot, cpu):
        code |= PF_WRITE
    settle_instruction(machine, core, cpu.fault_access == FETCH, core.pc)
    if code == NOT_CANONICAL:
        return to_handler(machine, core, full, cpu, I64(GENERAL_PROTECTION), I64(0), False)
    put64(cpu, CR2, array_at(cpu.fault_at, 1, I64)[0])
    return to_handler(machine, core, full, cpu, I64(PAGE_FAULT), code, False)


@njit
def exception(machine, core, full, cpu):  # type: ignore[no-untyped-def]
    """The instruction in flight has raised an exception; False after a triple fault."""
    core.pc = get64(cpu, EIP)
    settle_instruction(machine, core, full.software != 0 or full.exception == DEBUG, core.pc)
    return to_handler(machine, core, full, cpu, full.exception, full.exception_code, full.software != 0)


@njit
def takes_interrupt(machine, core, cpu):  # type: ignore[no-untyped-def]
    """Whether the core takes what waits for it now; if it is masked, the core need not look again before that changes."""
    if not (cpu.nmi and not cpu.nmi_blocked) and get64(cpu, EFLAGS) & IF == 0:
        core.irq.masked = 1
        watch_interrupts(core)
        return False
    return quiet(machine, core)


@njit
def special(machine, core, full, cpu):  # type: ignore[no-untyped-def]
    """An instruction that is not Unicorn's to carry out; False if Python has to do with it."""
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if instruction.special == SP_CALL:
        machine.outcome = CALL
        return False
    if get32(cpu, HFLAGS) & CPL != 0:  # HLT is the kernel's alone
        settle_instruction(machine, core, False, core.pc)
        return to_handler(machine, core, full, cpu, I64(GENERAL_PROTECTION), I64(0), False)
    emulate(machine, core, instruction.special, instruction.length)  # HLT
    if get64(cpu, EFLAGS) & IF == 0:
        core.status = WAITING_FOR_STARTUP
    return True


@njit
def run_core(machine, core):  # type: ignore[no-untyped-def]
    """Let one core run until it must stop, and do what it stopped for; False ends the slice with `machine.outcome` set."""
    full = array_at(core.companion, 1, FULL)[0]
    cpu = array_at(full.cpu, 1, CPU)[0]
    if cpu.event != 0:
        cpu.event = 0
        full.text_page = -1
        catch_up(array_at(array_at(full.gear, 1, GEAR)[0].boot, 1, BOOT)[0], cpu)
    core.stop = STOP_NONE
    cpu.fault = 0
    machine.turns += 1
    error = execute(machine, core)
    if error == UNICORN_FAULT and cpu.fault != 0:
        return page_fault(machine, core, full, cpu)
    if error != 0:
        full.error = error
        machine.outcome = UNKNOWN_ERROR
        return False
    return after_stop(machine, core, full, cpu)


@njit
def after_stop(machine, core, full, cpu):  # type: ignore[no-untyped-def]
    """Do what a hook has stopped the core for."""
    if core.stop == STOP_YIELD:
        return True
    if core.stop == STOP_EXCEPTION:
        return exception(machine, core, full, cpu)
    if core.stop == STOP_SPECIAL:
        return special(machine, core, full, cpu)
    if core.stop == STOP_INTERRUPT:
        if not takes_interrupt(machine, core, cpu):
            return True
        machine.outcome = INTERRUPT
    elif core.stop == STOP_MSR:
        machine.outcome = MSR
    elif core.stop == STOP_TRACE:
        machine.outcome = TRACE_FULL
    elif core.stop == STOP_FAILED:
        machine.outcome = FAILED
    else:
        machine.outcome = UNKNOWN_ERROR
    return False


@njit
def run_slice(gear, machine):  # type: ignore[no-untyped-def]
    """Run all cores for about `slice_cycles`, or until Python is needed; `machine.outcome` says for what."""
    end = NEVER
    while True:
        if log_is_full(machine):
            machine.outcome = SLICE_DONE
            break
        index, now, limit = next_core(machine)
        now = min(now, machine.end_at)
        if gear.board_at <= now and gear.board_at < NEVER:
            machine.outcome = BOARD
            break
        if now >= machine.end_at:
            machine.outcome = RUN_DONE
            break
        if index < 0 or now >= NEVER:
            machine.outcome = DEADLOCK
            break
        if now >= machine.max_cycles:
            machine.outcome = LIMIT
            break
        if end == NEVER:
            end = now + machine.slice_cycles
        if now >= end:
            machine.outcome = SLICE_DONE
            break
        core = array_at(machine.cores, machine.core_count, CORE)[index]
        machine.outcome_core = index
        if core.status != RUNNING:
            start_or_wake(machine, core, now)
            continue
        core.limit = min(limit, end, machine.end_at - 1, gear.board_at - 1)
        core.horizon = min(core.limit + machine.run_ahead, machine.end_at - 1, gear.board_at - 1)
        if not run_core(machine, core):
            break
    if machine.outcome == RUN_DONE:
        drain_due(array_at(machine.bus, 1, BUS)[0], machine.end_at)
    note_releases(machine)


@entry
def run(gear_address: int) -> None:
    """Run one slice of the gear at a host address."""
    gear = array_at(gear_address, 1, GEAR)[0]
    run_slice(gear, array_at(gear.machine, 1, MACHINE)[0])


@entry
def interrupt(core_address: int, vector: int, code: int) -> bool:
    """Deliver an interrupt, or an exception that Python has found, to a core; False after a triple fault."""
    core = array_at(core_address, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    full = array_at(core.companion, 1, FULL)[0]
    machine.counters.interrupts += 1
    return to_handler(machine, core, full, array_at(full.cpu, 1, CPU)[0], vector, code, False)  # type: ignore[no-any-return]
