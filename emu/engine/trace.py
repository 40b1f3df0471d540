"""Records of the trace: an instruction that has retired, its earlier accesses, and what else happens meanwhile."""

import numpy as np

from emu.native import array_at, njit
from emu.trace.record import TRACE_DTYPE, Access, Kind

RECENT = 16  # events remembered of each task, for a run that does not end
NO_ACCESS, LOAD, STORE = int(Access.NONE), int(Access.LOAD), int(Access.STORE)
K_INSTRUCTION, K_ACCESS = int(Kind.INSTRUCTION), int(Kind.ACCESS)


@njit
def note(machine, core, kind, cycle, detail, address, value):  # type: ignore[no-untyped-def]
    """Remember an event of the task that runs, and add it to the trace, if there is one."""
    counts = array_at(machine.tracing.recent_counts, machine.tasks.count + 1, np.int64)
    place = (core.task + 1) * RECENT + counts[core.task + 1] % RECENT
    counts[core.task + 1] += 1
    recent = array_at(machine.tracing.recent, (machine.tasks.count + 1) * RECENT, TRACE_DTYPE)
    fill(recent[place], core, kind, cycle, detail, address, value)
    if machine.tracing.at != 0:
        trace_event(machine, core, kind, cycle, detail, address, value)


@njit
def trace_event(machine, core, kind, cycle, detail, address, value):  # type: ignore[no-untyped-def]
    """Add an event to the trace that there is."""
    record = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[machine.tracing.count]
    fill(record, core, kind, cycle, detail, address, value)
    machine.tracing.count += 1


@njit
def fill(record, core, kind, cycle, detail, address, value):  # type: ignore[no-untyped-def]
    """Fill in the record of an event."""
    record.cycle = cycle
    record.pc = core.current_pc
    record.address = address
    record.value = value
    record.cost = 0
    record.detail = detail
    record.task = core.task
    record.core = core.index
    record.kind = kind
    record.state = 0
    record.cause = 0
    record.access = 0
    record["size"] = 0


@njit
def note_access(core, access, address, value, size):  # type: ignore[no-untyped-def]
    """What the instruction in flight did last, for its record in the trace."""
    core.access.kind = access
    core.access.address = address
    core.access.value = value
    core.access.size = size


@njit
def note_earlier_access(machine, core, access, address):  # type: ignore[no-untyped-def]
    """The instruction in flight accesses memory again: its record can hold one access, so the one before becomes an event.

    A store to where it has just loaded is one access, a read-modify-write.
    """
    if machine.tracing.at == 0 or core.access.kind == 0 or machine.tracing.count + 1 >= machine.tracing.capacity:
        return
    if access == STORE and core.access.kind == LOAD and core.access.address == address:
        return
    trace_event(machine, core, K_ACCESS, core.clock, core.access.kind, core.access.address, core.access.value)
    record = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[machine.tracing.count - 1]
    record.access = core.access.kind
    record["size"] = core.access.size


@njit
def trace_instruction(machine, core, cost, state):  # type: ignore[no-untyped-def]
    """Write the record of a retired instruction."""
    record = array_at(machine.tracing.at, machine.tracing.capacity, TRACE_DTYPE)[machine.tracing.count]
    record.cycle = core.retired_at
    record.pc = core.current_pc
    record.address = core.access.address
    record.value = core.access.value
    record.cost = cost
    record.detail = core.cause_cycles
    record.task = core.task
    record.core = core.index
    record.kind = K_INSTRUCTION
    record.state = state
    record.cause = core.cause
    record.access = core.access.kind
    record["size"] = core.access.size
    machine.tracing.count += 1
