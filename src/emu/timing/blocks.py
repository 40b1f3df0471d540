"""A static schedule of every basic block: how many cycles each instruction adds to its block.

Four macro-ops are dispatched a cycle; two ALUs, two loads or one load and one store; an instruction starts when its operands
are ready and a unit is free, with loads hitting L1. Its cost is how much later it starts than any before it: latency counts
where something in the block waits for it, throughput where it binds, and what is still under way at the end of a block
overlaps the next. A branch takes the cycle it needs; CMP or TEST with a conditional branch behind it are one macro-op.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emu.isa.instruction import Branch, Instruction, Memory
from emu.timing.costs import Cost, cost_of

DISPATCH = 4  # macro-ops a cycle, a10-7800.md section 1
ALUS, LOADS, STORES = 2, 2, 1
TAKEN = 2  # a taken branch at most every second cycle
FUSED = frozenset(("cmp", "test"))


@dataclass(slots=True)
class _Schedule:
    """Times within one block."""

    dispatched: float = 0.0
    started: float = 0.0  # latest start so far
    ready: dict[str, float] = field(default_factory=dict)
    last_end: float = 0.0
    busy: dict[str, dict[int, int]] = field(default_factory=lambda: {"alu": {}, "load": {}, "store": {}})

    def unit(self, name: str, width: int, at: float) -> float:
        """First cycle from `at` on with room in a unit; takes the place."""
        cycle, used = math.ceil(at), self.busy[name]
        while used.get(cycle, 0) >= width:
            cycle += 1
        used[cycle] = used.get(cycle, 0) + 1
        return float(cycle)


def block_costs(instructions: Mapping[int, Instruction], starts: Iterable[int]) -> dict[int, int]:
    """Cycles each instruction adds, by address; the sum over a block is the block's time."""
    begin = set(starts)
    costs: dict[int, int] = {}
    schedule, before, fused = _Schedule(), 0, False
    for address, each in instructions.items():
        if address in begin:
            schedule, before, fused = _Schedule(), 0, False
        cost = cost_of(each)
        now = _place(schedule, each, cost, fused)
        fused = each.mnemonic in FUSED and not each.rip_relative
        costs[address] = max(now - before, 0)
        before = max(now, before)
    return costs


def _place(schedule: _Schedule, each: Instruction, cost: Cost, fused: bool) -> int:
    """Schedule one instruction; returns the cycle by which the block has come to it."""
    if cost.serialising:
        start = max(schedule.started, schedule.last_end, schedule.dispatched)
        end = start + max(cost.latency, cost.throughput)
        schedule.started = schedule.dispatched = schedule.last_end = end
        schedule.ready.update(dict.fromkeys(each.writes, end))
        return round(end)
    if not (fused and each.branch == Branch.CONDITIONAL):
        schedule.dispatched += cost.macro_ops / DISPATCH
    waits_for = () if each.branch != Branch.NONE else each.reads  # a predicted branch waits for nothing
    start = max(schedule.dispatched, *(schedule.ready.get(name, 0.0) for name in waits_for), 0.0)
    if each.memory in (Memory.LOAD, Memory.READ_MODIFY_WRITE):
        start = schedule.unit("load", LOADS, start)
    if each.memory in (Memory.STORE, Memory.READ_MODIFY_WRITE):
        start = schedule.unit("store", STORES, start)
    elif each.memory == Memory.NONE and cost.throughput >= 0.5 and each.branch == Branch.NONE:
        start = schedule.unit("alu", ALUS, start)
    if cost.throughput > 1:
        schedule.dispatched = max(schedule.dispatched, start + cost.throughput - 1)
    end = start + (0 if each.same_operands and each.mnemonic in ("xor", "sub") else cost.latency)
    for name in each.writes:
        schedule.ready[name] = start + 1 if name == "rsp" else end
    schedule.last_end = max(schedule.last_end, end)
    schedule.started = max(schedule.started, start)
    if each.branch != Branch.NONE:
        return math.ceil(schedule.started) + (1 if each.branch == Branch.CONDITIONAL else TAKEN)
    return math.ceil(schedule.started)
