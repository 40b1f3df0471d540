"""A static schedule of every basic block: how many cycles each instruction adds to its block.

Four macro-ops are dispatched a cycle, in order. An instruction starts when its operands are ready and a unit is free: two ALUs; two
loads, or a load and a store, a cycle; for a slow kind of instruction a unit of its own, held for its reciprocal throughput; one
with a memory operand starts with its access, and loads hit L1. A block takes as long as it takes to start all of its
instructions: latency counts where something in the block waits for it, and what is still under way at the end overlaps what
follows, as far as a reorder buffer of 128 macro-ops reaches. A taken branch at most every second cycle; CMP or TEST and a
conditional branch behind it are one macro-op.

Left out: dependencies from block to block, instruction fetch, and taken conditional branches (they cost no more than others).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emu.isa.instruction import Branch, Instruction, Memory
from emu.timing.costs import Cost, cost_of

DISPATCH = 4  # macro-ops a cycle; this and what follows: a10-7800.md section 1
WINDOW = 128 // DISPATCH  # cycles that a long latency overlaps what follows
TAKEN = 2  # cycles from one taken branch to the next
UNITS = {"alu": 2, "address": 2, "store": 1}
ACCESS: Mapping[Memory, tuple[str, ...]] = {
    Memory.NONE: (),
    Memory.LOAD: ("address",),
    Memory.STORE: ("address", "store"),
    Memory.READ_MODIFY_WRITE: ("address", "store"),
}
ALU_SLOT = 0.5  # reciprocal throughput of what needs one of the two ALUs
LOAD = 4  # cycles from an address to its data, within the latencies of the table
STACK = frozenset(("push", "pop", "call", "ret"))  # a stack engine follows RSP: nothing waits for its update


@dataclass(slots=True)
class _Schedule:
    """Where one block has come to."""

    dispatched: float = 0.0  # macro-ops
    cycles: int = 0  # until all instructions so far have started
    last_end: int = 0
    ready: dict[str, int] = field(default_factory=dict)
    busy: dict[tuple[str, int], int] = field(default_factory=dict)  # places taken, by unit and cycle

    def take(self, units: tuple[str, ...], at: int, cycles: int = 1) -> int:
        """First cycle from `at` on when all these units have room for so many cycles; takes the room."""
        places = [(unit, each) for unit in units for each in range(cycles)]
        while any(self.busy.get((unit, at + each), 0) >= UNITS.get(unit, 1) for unit, each in places):
            at += 1
        for unit, each in places:
            self.busy[unit, at + each] = self.busy.get((unit, at + each), 0) + 1
        return at


def block_costs(instructions: Mapping[int, Instruction], starts: Iterable[int]) -> dict[int, int]:
    """Cycles each instruction adds, by address; the sum over a block is the block's time. `starts` are where blocks begin."""
    begin = set(starts)
    costs: dict[int, int] = {}
    schedule, before = _Schedule(), None
    for address, each in instructions.items():
        if address in begin:
            schedule, before = _Schedule(), None
        already = schedule.cycles
        _place(schedule, each, cost_of(each), fused=before is not None and fuses(before, each))
        costs[address] = schedule.cycles - already
        before = each
    return costs


def fuses(first: Instruction, second: Instruction) -> bool:
    """Whether a comparison and the branch behind it are one macro-op: not with RIP, nor a displacement and a constant."""
    if first.mnemonic not in ("cmp", "test") or second.branch != Branch.CONDITIONAL:
        return False
    return not (first.rip_relative or (first.displaced and "i" in first.operands))


def _place(schedule: _Schedule, each: Instruction, cost: Cost, *, fused: bool) -> None:
    """Schedule one instruction: when it starts, what it holds, when its results are there."""
    latency = math.ceil(cost.latency)
    if cost.serialising:
        schedule.cycles = schedule.last_end = max(schedule.cycles, schedule.last_end) + max(latency, math.ceil(cost.throughput))
        schedule.dispatched = schedule.cycles * DISPATCH
        schedule.ready.update(dict.fromkeys(each.writes, schedule.cycles))
        return
    start = int((schedule.dispatched - fused) // DISPATCH)
    schedule.dispatched += 0 if fused else cost.macro_ops
    operands = max((schedule.ready.get(name, 0) for name in _waits_for(each)), default=0)
    if each.branch != Branch.NONE:  # predicted: it waits for nothing
        start = end = schedule.take(("branch", *ACCESS[each.memory]), start)
        if each.branch != Branch.CONDITIONAL:
            start = max(start, TAKEN - 1)
    elif cost.macro_ops > 2:  # microcode: the decoder gives nothing else meanwhile
        start = max(_access(schedule, each, start), operands)
        schedule.dispatched = max(schedule.dispatched, (start + math.ceil(cost.throughput)) * DISPATCH)
        end = start + latency
    elif each.memory in (Memory.LOAD, Memory.READ_MODIFY_WRITE):
        start = _access(schedule, each, start)
        end = max(start + LOAD, operands) + (latency if each.memory == Memory.LOAD else LOAD + 1) - LOAD
    elif each.memory == Memory.STORE:  # its data may come late
        start = end = _access(schedule, each, start)
    else:
        start = _execute(schedule, each, max(start, operands), cost)
        end = start + latency
    for name in each.writes:
        if not (name == "rsp" and each.mnemonic in STACK):
            schedule.ready[name] = end
    schedule.last_end = max(schedule.last_end, end)
    schedule.cycles = max(schedule.cycles, start + 1, end - WINDOW)


def _waits_for(each: Instruction) -> frozenset[str]:
    """Registers that an instruction computes with; those of its address are needed earlier."""
    if each.same_operands and each.mnemonic in ("xor", "sub"):
        return frozenset()
    return each.reads if each.memory == Memory.NONE else each.reads - each.address_registers


def _access(schedule: _Schedule, each: Instruction, start: int) -> int:
    """When the access of an instruction starts, if it makes one: its address is ready and there is room."""
    if each.memory == Memory.NONE:
        return start
    return schedule.take(ACCESS[each.memory], max(start, *(schedule.ready.get(name, 0) for name in each.address_registers), 0))


def _execute(schedule: _Schedule, each: Instruction, start: int, cost: Cost) -> int:
    """When an instruction without memory starts; a move from register to register needs no ALU, a slow one a unit of its own."""
    if cost.throughput < ALU_SLOT:
        return start
    slow = math.ceil(cost.throughput)
    return schedule.take((each.mnemonic,) if slow > 1 else ("alu",), start, slow)
