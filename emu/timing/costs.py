"""From an instruction to its row of `steamroller_instructions.csv`: macro-ops, latency, reciprocal throughput.

The matching is a table: Capstone mnemonic and operand kinds on one side, mnemonic and form of the CSV on the other. An
instruction without a row is an error that names it: nothing gets a cost by default.
"""

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from emu.errors import UserError
from emu.isa.instruction import Branch, Instruction, Memory


@dataclass(frozen=True, slots=True)
class Cost:
    """One row, in cycles; `serialising` instructions start when all before them are done and hold up all behind them."""

    macro_ops: float
    latency: float
    throughput: float
    serialising: bool = False


RR, RM, MR = "r,r|r,imm", "r,m", "m,r|m,imm"
ALU = ("add", "sub", "and", "or", "xor")
ONE = ("inc", "dec", "neg", "not")
SHIFT = ("shl", "shr", "sar", "rol", "ror", "sal")
BIT = ("bts", "btr", "btc")
# mnemonic -> (CSV mnemonic, CSV form), for instructions with a single row
SINGLE = {
    "push": ("PUSH", "r"), "pop": ("POP", "r"), "pushfq": ("PUSHFQ", ""), "popfq": ("POPFQ", "kernel, IF changes"),
    "pushf": ("PUSHFQ", ""), "popf": ("POPFQ", "kernel, IF changes"),
    "leave": ("LEAVE", ""), "bswap": ("BSWAP", "r"), "cdq": ("CDQ|CQO", ""), "cqo": ("CDQ|CQO", ""),
    "cdqe": ("CBW|CWDE|CDQE", ""), "cwde": ("CBW|CWDE|CDQE", ""), "clc": ("CLC|STC", ""), "stc": ("CLC|STC", ""),
    "cld": ("CLD", ""), "std": ("STD", ""), "nop": ("NOP", "90 / 0F1F <=6 bytes"), "pause": ("PAUSE", ""),
    "mfence": ("MFENCE", ""), "sfence": ("SFENCE", ""), "lfence": ("LFENCE", "MSRC001_1029[1]=0 (Linux<4.15)"),
    "cpuid": ("CPUID", "eax=1"), "rdtsc": ("RDTSC", ""), "cli": ("CLI", ""), "sti": ("STI", ""),
    "syscall": ("SYSCALL", ""), "sysret": ("SYSRETQ", ""), "sysretq": ("SYSRETQ", ""), "swapgs": ("SWAPGS", ""),
    "iretq": ("IRETQ", "to CPL3"), "rdmsr": ("RDMSR", ""), "wrmsr": ("WRMSR", "generic"), "hlt": ("HLT", "entry"),
    "invlpg": ("INVLPG", "m"), "ud2": ("UD2", "see EXC_ENTRY"), "int": ("UD2", "see EXC_ENTRY"),
    "tzcnt": ("TZCNT", "r,r"), "lzcnt": ("LZCNT", "r,r"), "lidt": ("LGDT|LIDT|LTR", ""), "lgdt": ("LGDT|LIDT|LTR", ""),
    "ltr": ("LGDT|LIDT|LTR", ""), "retf": ("RETFQ", "same CPL"), "retfq": ("RETFQ", "same CPL"),
    "fxsave": ("FXSAVE|FXRSTOR", "m"), "fxsave64": ("FXSAVE|FXRSTOR", "m"), "fxrstor": ("FXSAVE|FXRSTOR", "m"),
    "fxrstor64": ("FXSAVE|FXRSTOR", "m"), "fnclex": ("FNCLEX", ""), "emms": ("EMMS", ""), "fild": ("FILD", "m32"),
    "prefetchw": ("PREFETCHT0|T1|T2|NTA|W", "m"), "prefetcht0": ("PREFETCHT0|T1|T2|NTA|W", "m"),
    "clflush": ("CLFLUSH", "m"), "cmpxchg16b": ("CMPXCHG16B", "m128"), "int3": ("UD2", "see EXC_ENTRY"),
}  # fmt: skip
STRINGS = ("movsq", "movsb", "movsd", "movsw", "stosq", "stosb", "stosd", "stosw", "lodsq", "lodsb")
# AMD64 APM volume 2, 7.6.4, and what changes the privilege level. SWAPGS is not: only GS-relative accesses wait for it
# (Linux, arch/x86/kernel/cpu/common.c, on the swapgs variant of Spectre).
SERIALISING = frozenset(
    (
        "mfence", "cpuid", "syscall", "sysret", "sysretq", "iretq", "wrmsr", "hlt", "invlpg", "lidt", "lgdt", "ltr", "retf",
        "retfq",
    )
)  # fmt: skip


@cache
def table() -> dict[tuple[str, str], Cost]:
    """The CSV by (mnemonic, form). A blank latency or throughput is taken from the other of the two."""
    rows: dict[tuple[str, str], Cost] = {}
    with (files("emu") / "machines" / "steamroller_instructions.csv").open() as file:
        for row in csv.DictReader(file):
            throughput = float(row["recip_throughput"] or row["latency"] or 1)
            latency = float(row["latency"] or math.ceil(throughput))
            rows[row["mnemonic"], row["form"]] = Cost(float(row["macro_ops"] or 1), latency, throughput)
    return rows


def cost_of(each: Instruction) -> Cost:
    """Cost of an instruction that hits L1 and is predicted; `UserError` names one that has no row."""
    key = row_of(each)
    if key is None or key not in table():
        raise UserError(f"no row of steamroller_instructions.csv fits {each.text!r} at {each.address:#x} ({key})")
    cost = table()[key]
    if each.mnemonic in SERIALISING or each.locked or "c" in (operand[0] for operand in each.operands):
        return Cost(cost.macro_ops, cost.latency, cost.throughput, serialising=True)
    return cost


def row_of(each: Instruction) -> tuple[str, str] | None:
    """Mnemonic and form of the row that an instruction should have, if the table below knows its kind."""
    name, kinds = each.mnemonic, tuple(operand[0] for operand in each.operands)
    if each.locked:
        return _locked(name, kinds)
    if each.branch != Branch.NONE and name not in SINGLE:
        return _branch(each, kinds)
    if each.repeated:
        return ("REP MOVS|REP STOS", "startup")
    if name in STRINGS and "x" not in kinds:
        return (name[:4].upper(), "")
    if name in SINGLE and not (name in ("push", "pop") and kinds != ("r",)):
        return SINGLE[name]
    return _data(each, name, kinds)


def _locked(name: str, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    if name == "xchg":
        return ("XCHG", "m,r (implicit LOCK) L1/WCC hit owned")
    if name in (*ALU, "inc", "dec"):
        return ("LOCK ADD|SUB|AND|OR|XOR|INC|DEC", "m,r|m,imm L1/WCC hit owned")
    if name in BIT:
        return ("LOCK BTS|BTR|BTC", "m,imm" if kinds[-1] == "i" else "m,r")
    return {
        "cmpxchg": ("LOCK CMPXCHG", "m,r32/64"),
        "xadd": ("LOCK XADD", "m,r"),
        "cmpxchg8b": ("LOCK CMPXCHG8B", "m64"),
        "cmpxchg16b": ("LOCK CMPXCHG16B", "m128"),
        "neg": ("LOCK ADD|SUB|AND|OR|XOR|INC|DEC", "m,r|m,imm L1/WCC hit owned"),
    }.get(name)


def _branch(each: Instruction, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    if each.branch == Branch.CONDITIONAL:
        return ("Jcc", "not taken")
    if each.branch == Branch.RETURN:
        return ("RET", "" if not kinds else "imm")
    if each.branch in (Branch.CALL, Branch.INDIRECT_CALL):
        return ("CALL", "m" if kinds[:1] == ("m",) else "rel|r")
    return ("JMP", "rel|r|m")


def _form(kinds: tuple[str, ...]) -> str:
    if "m" not in kinds:
        return RR
    return MR if kinds[0] == "m" else RM


def _data(each: Instruction, name: str, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    upper, form = name.upper(), _form(kinds)
    if name in ("mov", "movabs"):
        return _move(each, kinds)
    if name in ALU:
        if each.same_operands and name in ("xor", "sub"):
            return ("XOR|SUB", "r32/64 same,same (zero idiom; dependency-breaking)")
        return (upper, form)
    if name in ("cmp", "test"):
        return ("CMP|TEST", RR if form == RR else "r,m|m,imm")
    if name in ("adc", "sbb"):
        return ("ADC|SBB", form)
    if name in ONE:
        return ("INC|DEC|NEG|NOT", "m" if kinds[0] == "m" else "r")
    if name in SHIFT:
        return ("SHL|SHR|SAR", "m,imm") if kinds[0] == "m" else ("SHL|SHR|SAR|ROL|ROR", "r,1|r,imm|r,cl")
    if name in ("movzx", "movsx", "movsxd"):
        return (upper, {("MOVSXD", "r"): "r64,r32", ("MOVSXD", "m"): "r64,m32"}.get((upper, kinds[1]), f"r,{kinds[1]}"))
    if name == "lea":
        return ("LEA", "r32/64 3-operand or scale>1" if each.scaled_index else
                "r32/64 simple (base, base+index*1, base+disp, rip)")  # fmt: skip
    return _rare(each, name, kinds, form)


def _move(each: Instruction, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    if "c" in kinds:
        return ("MOV", "cr3,r")
    if "s" in kinds:
        return ("MOV", "sr,r" if kinds[0] == "s" else "r,sr")
    if kinds[0] == "m":
        return ("MOV", "m,imm" if kinds[1] == "i" else "m,r")
    if kinds[1] == "m":
        return ("MOV", "r16,m16|r8,m8" if each.operands[0] in ("r8", "r16") else "r64,m64|r32,m32")
    if kinds[1] == "i":
        return ("MOV", "r,imm")
    return ("MOV", {"r64": "r64,r64", "r32": "r32,r32"}.get(each.operands[0], "r16,r16|r8,r8"))


def _rare(each: Instruction, name: str, kinds: tuple[str, ...], form: str) -> tuple[str, str] | None:
    wide = each.operands[0] if each.operands else ""
    if name.startswith("cmov"):
        return ("CMOVcc", "r,m" if kinds[1] == "m" else "r,r")
    if name.startswith("set"):
        return ("SETcc", kinds[0])
    if name == "push":
        return ("PUSH", "imm" if kinds[0] == "i" else "m")
    if name == "pop":
        return ("POP", "m")
    if name in ("shld", "shrd"):
        return ("SHLD|SHRD", "r,r,imm" if kinds[-1] == "i" else "r,r,cl")
    if name == "bt":
        return ("BT", RR if kinds[0] == "r" else f"m,{'imm' if kinds[1] == 'i' else 'r'}")
    if name in BIT:
        return ("BTS|BTR|BTC", RR if kinds[0] == "r" else f"m,{'imm' if kinds[1] == 'i' else 'r'}")
    if name in ("bsf", "bsr"):
        return (name.upper(), f"r,{kinds[1]}")
    if name == "popcnt":
        return ("POPCNT", "r64,r64" if wide == "r64" else "r32,r32|r16")
    if name in ("mul", "imul") and len(kinds) == 1:
        return ("MUL|IMUL", {"64": "r64 (rdx:rax)", "32": "r32 (edx:eax)"}.get(wide[1:], "r8 (ax)"))
    if name == "imul":
        return ("IMUL", {"r64": "r64,r64|r64,r64,imm", "r16": "r16,r16,imm"}.get(wide, "r32,r32|r32,r32,imm"))
    if name in ("div", "idiv"):
        return ("DIV|IDIV", "r64 quotient ~32 bits" if wide[1:] == "64" else "r32 quotient ~16 bits")
    if name == "xchg":
        return ("XCHG", "r64,r64|r32,r32" if wide in ("r64", "r32") else "r16,r16|r8,r8")
    if name in ("xadd", "cmpxchg"):
        return (name.upper(), {"xadd": "m,r", "cmpxchg": "m,r32/64"}[name] if kinds[0] == "m" else "r,r")
    if each.memory == Memory.NONE and name == "endbr64":
        return ("NOP", "90 / 0F1F <=6 bytes")
    return None
