"""The accesses of an instruction in flight: what a core sees, what it lets others see, and when."""

import numpy as np

from emu.engine.account import note_cause, task_index
from emu.engine.lock_word import RELEASED
from emu.engine.locks import change_lock, lock_at, look_at_ticket, note_releases
from emu.engine.park import count_visit, let_others_see
from emu.engine.probes import SPIN, end_spin
from emu.engine.records import I64, INSTRUCTION, LOADS, LOCKED, PROBED, REPEAT
from emu.engine.schedule import bound, stall_dispatch
from emu.engine.sharing import store_privately, touch
from emu.engine.trace import LOAD, STORE, note_access, note_earlier_access
from emu.engine.trace_lines import note_lines
from emu.memory.access import atomic, load, locked_store, look, peek, store
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram
from emu.native import array_at, mix, njit
from emu.trace.record import Access, Cause

RMW = int(Access.READ_MODIFY_WRITE)
C_FULL = int(Cause.STORE_BUFFER_FULL)


@njit
def load_access(machine, core, address, size):  # type: ignore[no-untyped-def]
    """A load of the instruction in flight: RAM is made to show what this core sees, and the time is charged.

    Returns what it sees.
    """
    bus = array_at(machine.bus, 1, BUS)[0]
    if core.current < 0:
        return I64(0)
    note_earlier_access(machine, core, LOAD, address)
    if address + size > bus.ram_bytes:
        note_access(core, LOAD, address, 0, size)
        return I64(0)
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if machine.sharing != 0:
        touch(machine, core, address, size, False, np.int64(0))
    if machine.untimed != 0:
        look(bus, core.index, address, size)
        cycles = 0
        bus.met.cause = 0
    elif instruction.traits & LOCKED:
        cycles = atomic(bus, core.index, core.clock, address, size, instruction.latency)
        core.data_at = max(core.data_at, core.start + cycles)
    else:
        cycles = load(bus, core.index, core.clock, core.start, address, size)
        core.data_at = max(core.data_at, core.start + cycles)
        cycles -= bus.latency.l1_hit  # which is no wait
    if instruction.traits & LOCKED and lock_at(machine, address) >= 0:
        core.locking.word = read_ram(bus, address, 4)
    note_cause(core, cycles, bus.met.cause)
    note_lines(machine, core, address, size, False)
    if bus.released.count != machine.locking.releases_seen:
        note_releases(machine)
    seen = read_ram(bus, address, size)
    core.digest = mix(core.digest, seen)
    note_access(core, LOAD, address, seen, size)
    if machine.parking.parks != 0:
        count_visit(core, address, size, seen)
        if bus.watching.disturbed != 0:
            let_others_see(machine, core, bus)
    if instruction.traits & PROBED:
        spin = array_at(machine.probes.spins, machine.probes.spin_count, SPIN)[instruction.probe]
        core.spin.probed = 0 if seen == spin.awaited_not else 1
    if core.wait.depth > 0:
        look_at_ticket(machine, core, address, seen)
    return seen


@njit
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
    if machine.parking.parked != 0:
        bound(machine, core, bus.next_drain - 1)
    if full > 0:
        stall_dispatch(core, core.clock + full, C_FULL)
    if bus.released.count != machine.locking.releases_seen:
        note_releases(machine)
    note_lines(machine, core, address, size, True)
    follow_task(machine, core, address, value)


@njit
def follow_task(machine, core, address, value):  # type: ignore[no-untyped-def]
    """A core that stores its current-task pointer runs another task from here on."""
    if address == core.task_pointer_at:
        core.task = task_index(machine, value)
        if core.spin.probe >= 0:
            end_spin(machine, core)
