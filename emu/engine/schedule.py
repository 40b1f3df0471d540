"""When the instruction in flight is dispatched, starts and ends: `timing.pipeline` bound to a core and its memory."""

from emu.engine.records import CORE, I64, LOADS, LOCKED, RUNNING, SERIALISING, STORES, WAIT_STORES
from emu.memory.records import BUFFER, BUS
from emu.memory.store_buffer import drain_due, stores_visible_at
from emu.native import array_at, inlined, njit
from emu.timing.branch import CONDITIONAL, NONE, PREDICTOR, btb_level
from emu.timing.pipeline import (
    DECODER,
    NO_UNIT,
    PIPELINE,
    STORE,
    TICKS,
    becomes_ready,
    dispatch,
    queue_load,
    ready_at,
    redirect,
    reserve,
    reserve_for_store,
)
from emu.trace.record import Cause

C_DRAIN, C_LOCKED, C_SYSTEM, C_MISPREDICT = (
    int(c) for c in (Cause.STORE_BUFFER_DRAIN, Cause.LOCKED, Cause.SYSTEM, Cause.MISPREDICT)
)


@njit
def bound(machine, core, at):  # type: ignore[no-untyped-def]
    """Another core may act from `at` on: this one does nothing after that which that one could notice, or could disturb."""
    core.limit = min(core.limit, at)
    if machine.untimed == 0:
        core.horizon = min(core.horizon, at + machine.run_ahead)


@njit
def catch_up(core, at, cause):  # type: ignore[no-untyped-def]
    """The instruction in flight is not dispatched before `at`."""
    if at > core.clock:
        core.clock = at
        core.late_cause = cause


@njit
def wait_for_stores(machine, core):  # type: ignore[no-untyped-def]
    """The instruction in flight waits until this core's stores are visible, as things stand; it asks again if others come first.

    A store that has lost its line learns it when its turn comes, and takes longer then: so the stores drain up to each wait's end.
    In a search they drain when it says so: the core stops in front of the instruction.
    """
    bus = array_at(machine.bus, 1, BUS)[0]
    if machine.untimed != 0:
        if array_at(bus.buffers, bus.cores, BUFFER)[core.index].count > 0:
            core.limit = core.horizon = I64(-1)
        return
    while True:
        if bus.next_drain <= core.clock <= core.limit:
            drain_due(bus, core.clock)
        visible_at = stores_visible_at(bus, core.index)
        if visible_at <= core.clock:
            return
        catch_up(core, visible_at, C_DRAIN)
        core.start = core.operands_at = core.data_at = visible_at


@inlined
def dispatch_next(machine, core, instruction):  # type: ignore[no-untyped-def]
    """The instruction is dispatched: when will it start? One that serialises waits here until all before it have retired.

    One that accesses memory starts with its address, as its data may come later; any other one needs all its operands.
    """
    if machine.untimed != 0:
        return
    traits = instruction.traits
    if traits & (SERIALISING | WAIT_STORES):
        catch_up(core, core.retired_at, core.late_cause)
    pipeline = array_at(core.pipeline, 1, PIPELINE)[0]
    free = core.clock
    if instruction.unit != NO_UNIT:
        if instruction.unit == STORE:
            free = reserve_for_store(pipeline, STORE, core.clock, instruction.ticks)
        else:
            free = reserve(pipeline, instruction.unit, core.clock, instruction.ticks)
    core.operands_at = ready_at(pipeline, instruction.reads, core.clock)
    if traits & (LOADS | STORES):
        core.start = ready_at(pipeline, instruction.address_registers, free)
    else:
        core.start = max(core.operands_at, free)
    core.data_at = core.start


@njit
def ends_at(core, instruction):  # type: ignore[no-untyped-def]
    """When the results of the instruction in flight are ready."""
    traits = instruction.traits
    if traits & (SERIALISING | LOADS):
        return max(core.data_at, core.operands_at) + instruction.latency
    if traits & STORES:
        return max(core.start + 1, core.data_at, core.operands_at)
    return core.start + instruction.latency


@njit
def stall_dispatch(core, until, cause):  # type: ignore[no-untyped-def]
    """Nothing behind the instruction in flight is dispatched before `until`."""
    if until > core.barrier:
        core.barrier = until
        core.barrier_cause = cause


@njit
def rivals(machine, core, at):  # type: ignore[no-untyped-def]
    """How many threads of the same core are to dispatch by `at`: a thread that has filled a cycle lets each of them have one."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    first = core.index - core.index % machine.threads_per_core
    found = 0
    for index in range(first, min(first + machine.threads_per_core, machine.core_count)):
        if index != core.index and cores[index].status == RUNNING and cores[index].clock <= at:
            found += 1
    return found


@inlined
def advance_dispatch(machine, core, instruction, end, retired_at, next_pc):  # type: ignore[no-untyped-def]
    """Book the instruction in flight, which ends and retires at these times; the clock moves to the next dispatch."""
    pipeline = array_at(core.pipeline, 1, PIPELINE)[0]
    becomes_ready(pipeline, instruction.writes, end)
    following = dispatch(pipeline, core.clock, instruction.macro_ops, core.start, retired_at)
    if machine.threads_per_core > 1 and pipeline.cycle > core.clock:
        pipeline.cycle += rivals(machine, core, pipeline.cycle)
        following = max(following, pipeline.cycle)
    if instruction.blocks != 0:
        reserve(pipeline, DECODER, core.clock, instruction.blocks)
        following = max(following, pipeline.free[DECODER] // TICKS)
    if instruction.traits & LOADS:
        following = max(following, queue_load(pipeline, retired_at))
    if instruction.traits & SERIALISING:
        following = max(following, end)
    if instruction.branch != NONE and (instruction.branch != CONDITIONAL or next_pc != core.current_pc + instruction.length):
        following = max(following, redirect(pipeline, core.clock))
        level = btb_level(array_at(core.predictor, 1, PREDICTOR)[0], core.current_pc)
        if level > 1:  # the front end learns late where to go on
            stall_dispatch(core, core.clock + (machine.costs.btb_l2_hit if level == 2 else machine.costs.resteer), C_MISPREDICT)
    core.late_cause = 0
    if core.barrier > following:
        following = core.barrier
        core.late_cause = core.barrier_cause
    core.barrier = 0
    core.clock = following


@njit
def attribute_gap(core, instruction, gap):  # type: ignore[no-untyped-def]
    """Say what the cycles since the last retirement went to: a late dispatch, then what the instruction itself waited for."""
    late = min(max(core.clock - core.retired_at, 0), gap)
    core.cycles_by_cause[core.late_cause] += late
    waited = min(gap - late, core.cause_cycles)
    core.cycles_by_cause[core.cause] += waited
    own = C_LOCKED if instruction.traits & LOCKED else C_SYSTEM if instruction.traits & SERIALISING else 0
    core.cycles_by_cause[own] += gap - late - waited
