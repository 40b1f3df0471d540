"""What an instruction costs whose machine has no row for it: the cost of its class, said to be an estimate.

The classes are those of Agner Fog's tables for this family (instruction_tables, AMD Bulldozer to Steamroller): moves between vector
registers, integer and floating-point operations of vectors, x87, and what is microcoded.
"""

from emu.isa.instruction import Instruction, Memory
from emu.timing.costs import Cost

MICROCODED = frozenset(
    (
        "in", "insb", "insd", "insw", "out", "outsb", "outsd", "outsw", "rdmsr", "invpcid", "wbinvd", "clts", "lmsw", "rdtscp",
        "rdpmc",
        "lsl", "lar", "verr", "verw", "sgdt", "sidt", "sldt", "str", "smsw", "lldt", "xsetbv", "xgetbv", "monitor", "mwait", "into",
        "wait", "fninit", "fnstcw", "fldcw", "fnstsw", "ldmxcsr", "stmxcsr",
        "fxsave", "fxsave64", "fxrstor", "fxrstor64", "xsave", "xsave64", "xsaveopt", "xsaveopt64", "xsavec", "xsavec64", "xsaves",
        "xsaves64", "xrstor", "xrstor64", "xrstors", "xrstors64", "rdrand", "rdseed", "enter",
    )
)  # fmt: skip
SERIALISING = frozenset(
    ("in", "insb", "insd", "insw", "out", "outsb", "outsd", "outsw", "invpcid", "wbinvd", "clts", "lmsw", "lldt", "xsetbv")
)
DIVISIONS = ("div", "sqrt")
A_MICROCODED, A_DIVISION, A_PRODUCT, A_VECTOR_MOVE, A_VECTOR, AN_X87, ANY = (
    Cost(10, 20, 10), Cost(1, 20, 10), Cost(1, 5, 1), Cost(1, 2, 0.5), Cost(1, 3, 1), Cost(1, 6, 1), Cost(2, 3, 1)
)  # fmt: skip


def estimated_cost(each: Instruction) -> Cost:
    """The cost of an instruction's class."""
    name = each.mnemonic
    serialising = name in SERIALISING or "c" in each.operands
    if name in MICROCODED or serialising:
        return Cost(A_MICROCODED.macro_ops, A_MICROCODED.latency, A_MICROCODED.throughput, serialising)
    if name[0] == "f" and "x" not in each.operands:
        return A_DIVISION if any(word in name for word in DIVISIONS) else AN_X87
    if "x" in each.operands:
        if any(word in name for word in DIVISIONS):
            return A_DIVISION
        if "mul" in name or "madd" in name:
            return A_PRODUCT
        moves = name.lstrip("v").startswith("mov") or each.memory == Memory.STORE
        return A_VECTOR_MOVE if moves else A_VECTOR
    return ANY
