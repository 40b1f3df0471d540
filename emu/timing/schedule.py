"""What the pipeline must know of an instruction before it runs: macro-ops, latency, unit, registers."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from emu.isa.instruction import Branch, Instruction, Memory
from emu.timing.costs import Cost, cost_of
from emu.timing.pipeline import ADDRESS, ALU, BRANCH, DIVIDER, HALF, MULTIPLIER, NO_UNIT, REGISTERS, SLOW, STORE, TICKS

STACK = frozenset(("push", "pop", "call", "ret", "pushfq", "popfq"))  # a stack engine follows RSP: nothing waits for its update
LISTED = 8  # registers that a list holds
MICROCODE = 2  # an instruction of more macro-ops comes from the microcode ROM and blocks its core's decoder (AF3 19.4)
LOAD = 4  # cycles from an address to its data, within the latencies of the table
FORWARD = 7  # cycles from a store's data to a load of them, within those of instructions that load and store
SLOW_UNITS = {"mul": MULTIPLIER, "imul": MULTIPLIER, "div": DIVIDER, "idiv": DIVIDER}
_NUMBER = {name: number for number, name in enumerate(REGISTERS, 1)}


@dataclass(frozen=True, slots=True)
class Timing:
    """What a run needs of one instruction; register lists hold a number a byte, 0 ends them."""

    macro_ops: int
    latency: int  # cycles from its start to its results; of one that loads, from the data
    unit: int
    ticks: int  # for which the unit is taken, TICKS a cycle
    blocks: int  # for which the decoder gives nothing else, TICKS a cycle
    serialising: bool
    address_registers: int
    reads: int  # but for its address
    writes: int


# Of every instruction where time stands still.
UNTIMED = Timing(1, 1, NO_UNIT, 0, 0, serialising=False, address_registers=0, reads=0, writes=0)


def timings(instructions: Mapping[int, Instruction], starts: Iterable[int]) -> dict[int, Timing]:
    """Timing by address; `starts` are where basic blocks begin: nothing fuses across them."""
    begin, found, before = set(starts), {}, None
    for address, each in instructions.items():
        fused = before is not None and address not in begin and fuses(before, each)
        found[address] = timing_of(each, fused=fused)
        before = each
    return found


def timing_of(each: Instruction, *, fused: bool = False) -> Timing:
    """Timing of one instruction; `UserError` if the table has no row for it."""
    cost = cost_of(each)
    unit, ticks = _unit(each, cost)
    microcode = cost.macro_ops > MICROCODE and not cost.serialising
    address = each.address_registers | ({"rsp"} if each.mnemonic in STACK else set())
    return Timing(
        macro_ops=0 if fused else math.ceil(cost.macro_ops),
        latency=_latency(each, cost),
        unit=unit,
        ticks=ticks,
        blocks=round(cost.throughput * TICKS) if microcode else 0,
        serialising=cost.serialising,
        address_registers=packed(address),
        reads=packed(_waits_for(each) - address if each.memory != Memory.NONE else _waits_for(each)),
        writes=packed(_changes(each)),
    )


def _latency(each: Instruction, cost: Cost) -> int:
    """The table's latency less what the memory system accounts for: an L1 hit, or the way through the store buffer."""
    if cost.serialising:
        return math.ceil(max(cost.latency, cost.throughput))
    part = {Memory.NONE: 0, Memory.LOAD: LOAD, Memory.STORE: LOAD, Memory.READ_MODIFY_WRITE: FORWARD}[each.memory]
    return max(math.ceil(cost.latency) - part, 0)


def fuses(first: Instruction, second: Instruction) -> bool:
    """Whether a comparison and the branch behind it are one macro-op: not with RIP, nor a displacement and a constant."""
    if first.mnemonic not in ("cmp", "test") or second.branch != Branch.CONDITIONAL:
        return False
    return not (first.rip_relative or (first.displaced and "i" in first.operands))


def packed(registers: Collection[str]) -> int:
    """A list of registers as the pipeline reads it; more than it holds only serialising instructions have."""
    numbers = sorted({number for name in registers if (number := _number(name))})[:LISTED]
    return sum(number << (8 * place) for place, number in enumerate(numbers))


def _number(name: str) -> int:
    if name[:2] in ("xm", "ym", "st", "mm", "fp"):
        return _NUMBER["vector"]
    return _NUMBER.get(name, 0)


def _unit(each: Instruction, cost: Cost) -> tuple[int, int]:
    """The unit that bounds an instruction's throughput, and for how long it is taken."""
    ticks = round(cost.throughput * TICKS)
    if cost.serialising or (cost.macro_ops > MICROCODE and each.memory == Memory.NONE):
        return NO_UNIT, 0
    if each.branch != Branch.NONE and each.memory == Memory.NONE:
        return BRANCH, TICKS
    if each.memory == Memory.LOAD:
        return ADDRESS, HALF if each.branch != Branch.NONE else max(HALF, min(ticks, 2 * TICKS))
    if each.memory != Memory.NONE:
        return STORE, TICKS if each.branch != Branch.NONE else max(TICKS, min(ticks, 2 * TICKS))
    if cost.throughput < HALF / TICKS:  # a move from register to register: the address units can do it too
        return NO_UNIT, 0
    if ticks <= TICKS:
        return ALU, ticks
    return SLOW_UNITS.get(each.mnemonic, SLOW), ticks


def _waits_for(each: Instruction) -> frozenset[str]:
    """Registers that an instruction depends on."""
    return frozenset() if each.same_operands and each.mnemonic in ("xor", "sub") else each.reads


def _changes(each: Instruction) -> frozenset[str]:
    """Registers with new values: RSP's are there at once; GS-relative accesses wait for SWAPGS (APM 3)."""
    if each.mnemonic in STACK:
        return each.writes - {"rsp"}
    return each.writes | {"gs"} if each.mnemonic == "swapgs" else each.writes
