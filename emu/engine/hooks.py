"""The C callbacks that Unicorn calls: thin shells around `step` and the one road to memory."""

import numpy as np
from numba import types

from emu.engine import apic
from emu.engine.account import note_cause, task_index
from emu.engine.deliver import PAGE_FAULT
from emu.engine.lock_word import RELEASED
from emu.engine.locks import change_lock, lock_at, look_at_ticket, note_releases
from emu.engine.park import count_visit, let_others_see
from emu.engine.probes import SPIN, end_spin
from emu.engine.records import (
    CORE,
    FAULT_EXCEPTION,
    FAULT_MEMORY,
    FIXUP,
    INSTRUCTION,
    LOADS,
    LOCKED,
    MACHINE,
    PROBED,
    REPEAT,
    STOP_EXCEPTION,
    STOP_FAULT,
    STOP_NONE,
    STOP_YIELD,
)
from emu.engine.schedule import bound, stall_dispatch
from emu.engine.sharing import DEVICE, notice, store_privately, touch
from emu.engine.step import step
from emu.engine.trace import LOAD, STORE, note_access, note_earlier_access
from emu.engine.trace_lines import note_lines
from emu.engine.turn import go_on, stop, wait_for_turn
from emu.memory.access import atomic, load, locked_store, look, peek, store
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram, stores_visible_at
from emu.native import array_at, inlined, mix, njit
from emu.trace.record import Access, Cause

RMW = int(Access.READ_MODIFY_WRITE)
C_MMIO, C_FULL = int(Cause.MMIO), int(Cause.STORE_BUFFER_FULL)

i64, i32 = types.int64, types.int32
CODE_HOOK = types.void(i64, i64, i32, i64)  # uc, address, size, user data
MEMORY_HOOK = types.void(i64, i32, i64, i32, i64, i64)  # uc, access type, address, size, value, user data
INVALID_HOOK = types.boolean(i64, i32, i64, i32, i64, i64)
INTERRUPT_HOOK = types.void(i64, i32, i64)  # uc, exception number, user data
MMIO_READ = types.int64(i64, i64, i32, i64)  # uc, offset, size, user data
MMIO_WRITE = types.void(i64, i64, i32, i64, i64)  # uc, offset, size, value, user data


def on_code(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each instruction."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    while True:
        reason = step(machine, core, address)
        if reason != STOP_YIELD or not wait_for_turn(machine, core):
            break
    if reason != STOP_NONE:
        stop(machine, core, reason)
    else:
        go_on(core)


@inlined
def load_access(machine, core, address, size):  # type: ignore[no-untyped-def]
    """A load of the instruction in flight: RAM is made to show what this core sees, and the time is charged."""
    bus = array_at(machine.bus, 1, BUS)[0]
    if core.current < 0:
        return
    note_earlier_access(machine, core, LOAD, address)
    if address + size > bus.ram_bytes:
        note_access(core, LOAD, address, 0, size)
        return
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if machine.sharing != 0:
        touch(machine, core, address, size, False, np.int64(0))
    if machine.untimed != 0:
        look(bus, core.index, address, size)
        cycles = 0
        bus.cause = 0
    elif instruction.traits & LOCKED:
        cycles = atomic(bus, core.index, core.clock, address, size, instruction.latency)
        core.data_at = max(core.data_at, core.start + cycles)
    else:
        cycles = load(bus, core.index, core.clock, core.start, address, size)
        core.data_at = max(core.data_at, core.start + cycles)
        cycles -= bus.l1_hit  # which is no wait
    if instruction.traits & LOCKED and lock_at(machine, address) >= 0:
        core.locking.word = read_ram(bus, address, 4)
    note_cause(core, cycles, bus.cause)
    note_lines(machine, core, address, size, False)
    if bus.released_count != machine.releases_seen:
        note_releases(machine)
    seen = read_ram(bus, address, size)
    core.digest = mix(core.digest, seen)
    note_access(core, LOAD, address, seen, size)
    if machine.parks != 0:
        count_visit(core, address, size, seen)
        if bus.disturbed != 0:
            let_others_see(machine, core, bus)
    if instruction.traits & PROBED:
        core.spin.probed = 0 if seen == array_at(machine.spins, machine.spin_count, SPIN)[instruction.probe].awaited_not else 1
    if core.wait.depth > 0:
        look_at_ticket(machine, core, address, seen)


@inlined
def store_access(machine, core, address, size, value):  # type: ignore[no-untyped-def]
    """A store of the instruction in flight: it enters the buffer, or is visible at once for a locked instruction."""
    bus = array_at(machine.bus, 1, BUS)[0]
    if core.current < 0:
        return
    note_earlier_access(machine, core, STORE, address)
    note_access(core, RMW if core.access.kind == LOAD and core.access.address == address else STORE, address, value, size)
    if address + size > bus.ram_bytes:
        return
    core.digest = mix(core.digest, value)
    core.visit.pc = 0
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    # A string instruction copies or clears memory: what it writes where a lock may lie is not an operation on a lock.
    lock = np.int64(-1) if instruction.traits & REPEAT else lock_at(machine, address)
    if machine.sharing != 0:
        touch(machine, core, address, size, True, value)
        if machine.untimed != 0 and not instruction.traits & LOCKED and store_privately(machine, bus, address, size, value, core):
            follow_task(machine, core, address, value)
            return
    if instruction.traits & LOCKED:
        locked_store(bus, core.index, address, size, value)
        if lock >= 0 and change_lock(machine, core, lock, core.locking.word, value, size, True) == RELEASED:
            core.locking.releasing = lock
        return
    releases = np.int64(-1)
    if lock >= 0:
        peek(bus, core.index, core.clock, address)
        if change_lock(machine, core, lock, read_ram(bus, address, 4), value, size, False) == RELEASED:
            releases = lock
    data_at = max(core.operands_at, core.data_at) + (instruction.latency if instruction.traits & LOADS else 0)
    retires_at = max(core.retired_at, data_at, core.start + 1)
    full = store(bus, core.index, core.clock, core.start, address, size, value, releases, data_at, retires_at)
    if machine.parked != 0:
        bound(machine, core, bus.next_drain - 1)
    if full > 0:
        stall_dispatch(core, core.clock + full, C_FULL)
    if bus.released_count != machine.releases_seen:
        note_releases(machine)
    note_lines(machine, core, address, size, True)
    follow_task(machine, core, address, value)


@inlined
def follow_task(machine, core, address, value):  # type: ignore[no-untyped-def]
    """A core that stores its current-task pointer runs another task from here on."""
    if address == core.task_pointer_at:
        core.task = task_index(machine, value)
        if core.spin.probe >= 0:
            end_spin(machine, core)


def on_load(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each load."""
    core = array_at(user, 1, CORE)[0]
    load_access(array_at(core.machine, 1, MACHINE)[0], core, address, np.int64(size))  # one type for all, or it is compiled twice


def on_store(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each store."""
    core = array_at(user, 1, CORE)[0]
    store_access(array_at(core.machine, 1, MACHINE)[0], core, address, np.int64(size), value)


def on_invalid(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """An access that no mapping allows: the run ends as a guest fault."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    core.fault.kind = FAULT_MEMORY
    core.fault.code = kind
    core.fault.address = address
    stop(machine, core, STOP_FAULT)
    return False


@njit
def has_fixup(machine, core):  # type: ignore[no-untyped-def]
    """Whether the kernel knows how to go on after a page fault of the instruction in flight."""
    if core.current < 0:
        return False
    return array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits & FIXUP != 0


def on_exception(uc, number, user):  # type: ignore[no-untyped-def]
    """An exception in the guest: the run ends as a guest fault, unless the kernel has a fixup for a page fault here."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if number == PAGE_FAULT and has_fixup(machine, core):
        stop(machine, core, STOP_EXCEPTION)
        return
    core.fault.kind = FAULT_EXCEPTION
    core.fault.code = number
    stop(machine, core, STOP_FAULT)


def on_apic_read(uc, offset, size, user):  # type: ignore[no-untyped-def]
    """A load from the core's xAPIC page."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if machine.sharing != 0:
        notice(machine, core, DEVICE, False)
    core.data_at = max(core.start, core.retired_at) + machine.mmio_read
    note_cause(core, machine.mmio_read, C_MMIO)
    return apic.read(machine, core, offset)


def on_apic_write(uc, offset, size, value, user):  # type: ignore[no-untyped-def]
    """A store to the core's xAPIC page: it waits for the earlier stores."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    machine.apic_writes += 1
    if machine.sharing != 0:
        notice(machine, core, DEVICE, True)
    visible_at = stores_visible_at(array_at(machine.bus, 1, BUS)[0], core.index)
    core.data_at = max(core.start, core.operands_at, core.retired_at, visible_at) + machine.mmio_write
    note_cause(core, core.data_at - core.start, C_MMIO)
    stall_dispatch(core, core.data_at, C_MMIO)
    apic.write(machine, core, offset, value)
