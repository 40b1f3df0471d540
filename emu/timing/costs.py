"""From an instruction to its row of a machine's table: macro-ops, latency, reciprocal throughput.

The rows themselves say which instructions they are for; here is only how an instruction is called there. One without a row is an
error that names it: nothing gets a cost by default.
"""

import math
from dataclasses import dataclass, replace

from emu.description.instruction_table import SAME_REGISTER, SLOW_ADDRESS, InstructionRow, InstructionTable
from emu.errors import UserError
from emu.isa.carried_out import is_string
from emu.isa.instruction import Branch, Instruction


@dataclass(frozen=True, slots=True)
class Cost:
    """One row, in cycles; `serialising` instructions start when all before them are done and hold up all behind them."""

    macro_ops: float
    latency: float
    throughput: float
    serialising: bool = False


# AMD64 APM volume 2, 7.6.4, and what changes the privilege level. SWAPGS is not: only GS-relative accesses wait for it
# (Linux, arch/x86/kernel/cpu/common.c, on the swapgs variant of Spectre).
SERIALISING = frozenset(
    (
        "mfence", "cpuid", "syscall", "sysret", "sysretq", "iretq", "wrmsr", "hlt", "invlpg", "lidt", "lgdt", "ltr", "retf",
        "retfq",
    )
)  # fmt: skip
PATTERNS = {
    "imm": "i",
    "cl": "r8",
    "sr": "s",
    "cr": "c",
}  # operands as a table calls them, where a decoded instruction has other names


def mnemonic_of(each: Instruction) -> str:
    """What a table calls an instruction, prefix included; of the conditional ones all conditions together."""
    name = each.mnemonic
    if each.branch == Branch.CONDITIONAL:
        return "Jcc"
    if name.startswith(("cmov", "set")):
        return "CMOVcc" if name.startswith("cmov") else "SETcc"
    if is_string(name, each.operands):
        return f"{'REP ' if each.repeated else ''}{name[:4].upper()}"
    if each.locked and name != "xchg":
        return f"LOCK {name.upper()}"
    return {"movabs": "MOV"}.get(name, name.upper())


def row_of(each: Instruction, table: InstructionTable) -> InstructionRow | None:
    """The first row of a table that an instruction fits."""
    return next((row for row in table.by_mnemonic.get(mnemonic_of(each), ()) if _fits(each, row)), None)


def cost_of(each: Instruction, table: InstructionTable) -> Cost:
    """Cost of an instruction that hits L1 and is predicted; `UserError` names one that has no row."""
    row = row_of(each, table)
    if row is None:
        kinds = " ".join((mnemonic_of(each), ",".join(each.operands)))
        raise UserError(f"no row of {table.file} fits {each.text!r} at {each.address:#x} ({kinds})")
    serialising = each.mnemonic in SERIALISING or each.locked or "c" in each.operands
    return replace(cost_of_row(row), serialising=serialising)


def _fits(each: Instruction, row: InstructionRow) -> bool:
    if row.when == SAME_REGISTER and not each.same_operands:
        return False
    if row.when == SLOW_ADDRESS and not each.scaled_index:
        return False
    return not row.forms or any(len(form) == len(each.operands) and all(map(_is_a, each.operands, form)) for form in row.forms)


def _is_a(operand: str, pattern: str) -> bool:
    """Whether an operand is of a kind: r is a register of any width, r64 one of 64 bits."""
    pattern = PATTERNS.get(pattern, pattern)
    return operand == pattern or (len(pattern) == 1 and operand[0] == pattern)


def cost_of_row(row: InstructionRow) -> Cost:
    """What a row states; of latency and throughput a blank one is taken from the other."""
    values = {name: figure.value for name, figure in row.figures.items()}
    throughput = values.get("recip_throughput", values.get("latency", 1.0))
    return Cost(values.get("macro_ops", 1.0), values.get("latency", float(math.ceil(throughput))), throughput)
