"""What the pipeline must know of an instruction before it runs: macro-ops, latency, unit, registers."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from emu.description.instruction_table import InstructionTable
from emu.description.machine_file import Core, Costs
from emu.isa.instruction import Branch, Instruction, Memory
from emu.timing.costs import Cost, cost_of
from emu.timing.pipeline import ADDRESS, ALU, BRANCH, DIVIDER, MULTIPLIER, NO_UNIT, REGISTERS, SLOW, STORE, TICKS

STACK = frozenset(("push", "pop", "call", "ret", "pushfq", "popfq"))  # a stack engine follows RSP: nothing waits for its update
LISTED = 8  # registers that a list holds
ELIMINATED = 0.5  # cycles
MICROCODE = 2  # an instruction of more macro-ops comes from the microcode ROM and blocks its core's decoder (AF3 19.4)
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


def timings(instructions: Mapping[int, Instruction], starts: Iterable[int], costs: Costs) -> dict[int, Timing]:
    """Timing by address; `starts` are where basic blocks begin: nothing fuses across them."""
    begin, found, before = set(starts), {}, None
    for address, each in instructions.items():
        fused = before is not None and address not in begin and fuses(before, each)
        found[address] = timing_of(each, costs, fused=fused)
        before = each
    return found


def timing_of(each: Instruction, costs: Costs, *, fused: bool = False) -> Timing:
    """Timing of one instruction; `UserError` if the machine's table has no row for it."""
    return timing_by(cost_of(each, costs.instructions), each, costs, fused=fused)


def timing_by(cost: Cost, each: Instruction, costs: Costs, *, fused: bool = False) -> Timing:
    """Timing of one instruction that costs so much."""
    unit, ticks = _unit(each, cost, costs.core)
    address = each.address_registers | ({"rsp"} if each.mnemonic in STACK else set())
    return Timing(
        macro_ops=0 if fused else math.ceil(cost.macro_ops),
        latency=_latency(each, cost, costs.instructions),
        unit=unit,
        ticks=ticks,
        blocks=round(_blocked(each, cost) * TICKS),
        serialising=cost.serialising,
        address_registers=packed(address),
        reads=packed(_waits_for(each) - address if each.memory != Memory.NONE else _waits_for(each)),
        writes=packed(_changes(each)),
    )


def _latency(each: Instruction, cost: Cost, table: InstructionTable) -> int:
    """The table's latency less what the memory system accounts for: an L1 hit, or the way through the store buffer.

    Less than half a cycle is none: the instruction is eliminated where registers are renamed.
    """
    if cost.serialising:
        return math.ceil(max(cost.latency, cost.throughput))
    part = {
        Memory.NONE: 0.0, Memory.LOAD: table.load, Memory.STORE: table.load, Memory.READ_MODIFY_WRITE: table.store_and_load,
    }[each.memory]  # fmt: skip
    return 0 if cost.latency - part < ELIMINATED else math.ceil(cost.latency - part)


def _blocked(each: Instruction, cost: Cost) -> float:
    """Cycles for which the decoder gives nothing else: microcode, and PAUSE for as long as it lasts."""
    if each.mnemonic == "pause":
        return max(cost.latency, cost.throughput)
    return cost.throughput if cost.macro_ops > MICROCODE and not cost.serialising else 0.0


def fuses(first: Instruction, second: Instruction) -> bool:
    """Whether a comparison and the branch behind it are one macro-op: not with RIP, nor a displacement and a constant."""
    return may_fuse(first) and second.branch == Branch.CONDITIONAL


def may_fuse(first: Instruction) -> bool:
    """Whether an instruction is one macro-op with a conditional branch behind it."""
    return first.mnemonic in ("cmp", "test") and not (first.rip_relative or (first.displaced and "i" in first.operands))


def packed(registers: Collection[str]) -> int:
    """A list of registers as the pipeline reads it; more than it holds only serialising instructions have."""
    numbers = sorted({number for name in registers if (number := _number(name))})[:LISTED]
    return sum(number << (8 * place) for place, number in enumerate(numbers))


def _number(name: str) -> int:
    if name[:2] in ("xm", "ym", "st", "mm", "fp"):
        return _NUMBER["vector"]
    return _NUMBER.get(name, 0)


def _unit(each: Instruction, cost: Cost, core: Core) -> tuple[int, int]:
    """The unit that bounds an instruction's throughput, and for how long it is taken; units of a kind count as one faster one."""
    ticks = round(cost.throughput * TICKS)
    a_load = TICKS // core.load_units.value
    if cost.serialising or (cost.macro_ops > MICROCODE and each.memory == Memory.NONE):
        return NO_UNIT, 0
    if each.branch != Branch.NONE and each.memory == Memory.NONE:
        return BRANCH, min(ticks, TICKS)
    if each.memory == Memory.LOAD:
        return ADDRESS, a_load if each.branch != Branch.NONE else max(a_load, min(ticks, 2 * TICKS))
    if each.memory != Memory.NONE:
        return STORE, TICKS if each.branch != Branch.NONE else max(TICKS, min(ticks, 2 * TICKS))
    if cost.throughput < 1 / core.alus.value:  # other units can do it, too, or none is needed
        return NO_UNIT, 0
    if each.mnemonic in SLOW_UNITS:
        return SLOW_UNITS[each.mnemonic], ticks
    return (ALU, ticks) if ticks <= TICKS else (SLOW, ticks)


def _waits_for(each: Instruction) -> frozenset[str]:
    """Registers that an instruction depends on."""
    return frozenset() if each.same_operands and each.mnemonic in ("xor", "sub") else each.reads


def _changes(each: Instruction) -> frozenset[str]:
    """Registers with new values: RSP's are there at once; GS-relative accesses wait for SWAPGS (APM 3)."""
    if each.mnemonic in STACK:
        return each.writes - {"rsp"}
    return each.writes | {"gs"} if each.mnemonic == "swapgs" else each.writes
