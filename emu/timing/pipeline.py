"""Time inside one out-of-order core: registers are ready at times, units are free at times, queues bound how far it is ahead.

Each instruction has four times. It is *dispatched* in program order, a few macro-ops a cycle, no earlier than the reorder
buffer, the scheduler and the load queue have room. It *starts* when its operands are ready and a unit is free. It *ends* a
latency later (its result is ready), and it *retires* in program order once it has ended. A core's clock is its dispatch:
independent work overlaps because the clock does not wait for ends, and stops overlapping where something must wait for one.

Widths, depths and their sources are in the machine file.
"""

import numpy as np

from emu.native import inlined, njit

I64 = np.int64
RING = 256  # slots of the rings below; the modelled depths are smaller
# Registers by number, 0: none. Vector and x87 registers are one register: the guest uses them to switch tasks only.
REGISTERS = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)), "flags", "gs", "fs", "vector",
)  # fmt: skip
# Units: those of one kind count as one that is so many times as fast.
NO_UNIT, ALU, ADDRESS, STORE, BRANCH, MULTIPLIER, DIVIDER, SLOW, DECODER = range(9)
UNITS = 9
TICKS = 64  # a cycle in the units' books
OPS_MAX = 16  # places in the reorder buffer that one instruction is booked for at most; microcode of more serialises anyway

PIPELINE = np.dtype(
    [
        ("ready", I64, (len(REGISTERS) + 1,)),  # when the value of a register is there
        ("free", I64, (UNITS,)),  # when a unit takes the next instruction, in TICKS
        ("cycle", I64),  # of the last dispatch, and how many macro-ops it has seen
        ("slots", I64),
        ("redirected_at", I64),  # first dispatch behind the last taken branch
        ("dispatched", I64),  # macro-ops
        ("retires", I64, (RING,)),  # of macro-ops by number: when they leave the reorder buffer
        ("waiting", I64),  # instructions that wait in the scheduler, some of which have left it unnoticed
        ("first", I64),  # number of the one that leaves it next
        ("starts", I64, (RING,)),  # of those that wait, by number: when they leave it, in order of time
        ("loaded", I64),
        ("loads", I64, (RING,)),  # when loads leave the load queue
        # the machine
        ("width", I64),
        ("reorder_buffer", I64),
        ("scheduler", I64),
        ("load_queue", I64),
        ("load_units", I64),
        ("store_address_units", I64),  # 0: the addresses of stores come from the units that loads use
        ("taken_branch", I64),  # cycles from one taken branch to the next
    ]
)


@njit
def ready_at(pipeline, registers, at):  # type: ignore[no-untyped-def]
    """When a list of registers (numbers in bytes, 0 ends it) is ready, `at` the earliest."""
    while registers != 0:
        at = max(at, pipeline.ready[registers & 0xFF])
        registers >>= 8
    return at


@njit
def becomes_ready(pipeline, registers, at):  # type: ignore[no-untyped-def]
    """A list of registers gets new values at `at`."""
    while registers != 0:
        pipeline.ready[registers & 0xFF] = at
        registers >>= 8


@njit
def reserve(pipeline, unit, clock, ticks):  # type: ignore[no-untyped-def]
    """First cycle from dispatch at `clock` on when a unit is free; it is then taken for `ticks`.

    Places are given in program order from the dispatch on, so an instruction that waits for an operand leaves no gap.
    """
    free = max(pipeline.free[unit], clock * TICKS)
    pipeline.free[unit] = free + ticks
    return free // TICKS


@njit
def reserve_for_store(pipeline, unit, clock, ticks):  # type: ignore[no-untyped-def]
    """As `reserve`, of an instruction that stores: its address comes from a unit of its own, or one that loads use."""
    free = reserve(pipeline, unit, clock, ticks)
    if pipeline.store_address_units > 0:
        return free
    return max(free, reserve(pipeline, ADDRESS, clock, TICKS // pipeline.load_units))


@inlined
def dispatch(pipeline, clock, ops, start, retired_at):  # type: ignore[no-untyped-def]
    """Book an instruction of `ops` macro-ops that was dispatched at `clock`; returns when the next may be dispatched."""
    if clock != pipeline.cycle:
        pipeline.cycle = clock
        pipeline.slots = 0
    pipeline.slots += ops
    for _ in range(min(ops, OPS_MAX)):
        pipeline.retires[pipeline.dispatched & (RING - 1)] = retired_at
        pipeline.dispatched += 1
    following = clock
    while pipeline.slots >= pipeline.width:  # it is once or twice: a division would take longer
        pipeline.slots -= pipeline.width
        following += 1
        pipeline.cycle = following
    if pipeline.dispatched >= pipeline.reorder_buffer:
        following = max(following, pipeline.retires[(pipeline.dispatched - pipeline.reorder_buffer) & (RING - 1)])
    if start > clock:
        following = max(following, wait_in_scheduler(pipeline, clock, start))
    return following


@njit
def wait_in_scheduler(pipeline, clock, start):  # type: ignore[no-untyped-def]
    """Book an instruction that is dispatched at `clock` and starts later; returns when the scheduler has room for another one."""
    while pipeline.waiting > 0 and pipeline.starts[pipeline.first & (RING - 1)] <= clock:
        pipeline.first += 1
        pipeline.waiting -= 1
    place = pipeline.first + pipeline.waiting
    while place > pipeline.first and pipeline.starts[(place - 1) & (RING - 1)] > start:
        pipeline.starts[place & (RING - 1)] = pipeline.starts[(place - 1) & (RING - 1)]
        place -= 1
    pipeline.starts[place & (RING - 1)] = start
    pipeline.waiting += 1
    if pipeline.waiting < pipeline.scheduler:
        return I64(0)
    pipeline.first += 1
    pipeline.waiting -= 1
    return pipeline.starts[(pipeline.first - 1) & (RING - 1)]


@njit
def queue_load(pipeline, retired_at):  # type: ignore[no-untyped-def]
    """Book a load; returns when the load queue has room for another one."""
    pipeline.loads[pipeline.loaded & (RING - 1)] = retired_at
    pipeline.loaded += 1
    if pipeline.loaded < pipeline.load_queue:
        return I64(0)
    return pipeline.loads[(pipeline.loaded - pipeline.load_queue) & (RING - 1)]


@njit
def redirect(pipeline, clock):  # type: ignore[no-untyped-def]
    """The branch dispatched at `clock` is taken: when its target is dispatched. It ends its group."""
    pipeline.redirected_at = max(clock + 1, pipeline.redirected_at + pipeline.taken_branch)
    return pipeline.redirected_at


def new_pipelines(cores: int, **machine: int) -> np.ndarray:
    """Idle pipelines of a machine whose widths and depths are given by the names of the fields."""
    pipelines = np.zeros(cores, PIPELINE)
    for name, value in machine.items():
        pipelines[name] = value
    return pipelines
