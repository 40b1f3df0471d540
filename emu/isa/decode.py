"""Capstone, and only here: a linear sweep over every routine of an image."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import capstone
from capstone import x86 as cs

from emu.errors import UserError
from emu.image import Image
from emu.isa.carried_out import VECTOR_MOVES, is_string, refuse_unknown
from emu.isa.instruction import Branch, Instruction, Memory
from emu.isa.operation import operation_of

_PREFIXES = {"lock", "rep", "repe", "repne", "repz", "repnz"}
WHOLE = {
    **{f"{p}{n}{s}": f"r{n}{s}" for n, s in (("a", "x"), ("b", "x"), ("c", "x"), ("d", "x")) for p in ("r", "e", "")},
    **{f"{n}{h}": f"r{n}x" for n in "abcd" for h in "lh"},
    **{f"{p}{n}": f"r{n}" for n in ("si", "di", "bp", "sp") for p in ("r", "e", "")},
    **{f"{n}l": f"r{n}" for n in ("si", "di", "bp", "sp")},
    **{f"r{n}{s}": f"r{n}" for n in range(8, 16) for s in ("", "d", "w", "b")},
    "rflags": "flags",
    "eflags": "flags",
}
# What these write to memory is not among Capstone's operands, or is not accessed at all.
_PUSHES = {"push", "pushf", "pushfq", "call"}
_POPS = {"pop", "popf", "popfq", "ret", "leave", "iretq", "retf", "retfq"}
_NO_ACCESS = {"lea", "nop", "invlpg", "prefetchw", "prefetcht0", "prefetcht1", "prefetcht2", "prefetchnta", "clflush"}
_MOVES = {"mov", "movnti", "fxsave", "fxsave64", "sgdt", "sidt", "stosb", "stosw", "stosd", "stosq", *VECTOR_MOVES}  # to the first
_WRITES_BACK = {"cmpxchg", "cmpxchg8b", "cmpxchg16b", "rcl", "rcr"}
# Where Capstone 5 is wrong about registers; tests/isa compares all of it with a core.
_ALSO_READS = {"lahf": {"rax"}, "cmc": {"flags"}, "rcl": {"flags"}, "rcr": {"flags"}, "cwd": {"rdx"}}
_ALSO_WRITES = {"cmpxchg": {"rax", "flags"}, "xadd": {"flags"}}
_DOES_NOT_WRITE = {"cwd": {"rax"}, "cdq": {"rax"}, "cqo": {"rax"}}


@cache
def _engine() -> Any:
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = True
    return engine


def decode(image: Image) -> dict[int, Instruction]:
    """Every instruction of the kernel and user text by its virtual address, in order; what no core carries out is a `UserError`."""
    found: dict[int, Instruction] = {}
    for segment in (image.text, image.user_text):
        for routine in image.routines:
            start = routine.address - segment.virtual
            if 0 <= start < len(segment.data):
                found.update(_sweep(segment.data[start : start + routine.size], routine.address, routine.name))
    for address, each in found.items():
        file, line = image.lines.get(address, ("routine", hex(address)))
        refuse_unknown(each, f"{file}:{line}")
    return found


def _sweep(code: bytes, address: int, name: str) -> Iterable[tuple[int, Instruction]]:
    end = address
    for each in _engine().disasm(code, address):
        end = each.address + each.size
        yield each.address, _instruction(each)
    if end != address + len(code):
        raise UserError(f"routine {name}: the bytes at +{end - address:#x} are no instruction: keep data out of the text")


def decode_bytes(code: bytes, address: int) -> dict[int, Instruction]:
    """Instructions of a piece of code that begins at `address`."""
    return dict(_sweep(code, address, f"at {address:#x}"))


def decode_one(code: bytes, address: int) -> Instruction | None:
    """The instruction at the beginning of some bytes, whether a core carries it out or not; None if they are none."""
    each = capstone_instruction(code, address)
    return None if each is None else _instruction(each)


def capstone_instruction(code: bytes, address: int) -> Any:
    """The same as Capstone has it."""
    return next(iter(_engine().disasm(code, address, 1)), None)


def sizes(code: bytes, address: int) -> Iterator[int]:
    """Bytes of one instruction after the other, as far as they are instructions."""
    return (each[1] for each in _engine().disasm_lite(code, address))


def leaders(instructions: Mapping[int, Instruction], routines: Iterable[int]) -> set[int]:
    """Addresses where a basic block begins: routine starts, branch targets, what follows a branch."""
    starts = set(routines)
    for each in instructions.values():
        if each.branch != Branch.NONE:
            starts.add(each.next)
            if each.target is not None:
                starts.add(each.target)
    return starts & instructions.keys()


def _instruction(each: Any) -> Instruction:
    mnemonic = each.mnemonic.split()[-1] if each.mnemonic.split()[0] in _PREFIXES else each.mnemonic
    memory_operands = [operand for operand in each.operands if operand.type == cs.X86_OP_MEM]
    reads, writes = _registers(each, mnemonic)
    locked = 0xF0 in each.prefix or (mnemonic == "xchg" and bool(memory_operands))
    base = memory_operands[0].mem if memory_operands else None
    parts = sum((base.base != 0, base.index != 0, base.disp != 0)) if base else 0
    registers = [operand for operand in each.operands if operand.type == cs.X86_OP_REG]
    operands = tuple(_operand(each, operand) for operand in each.operands)
    return Instruction(
        address=each.address,
        size=each.size,
        mnemonic=mnemonic,
        text=f"{each.mnemonic} {each.op_str}".strip(),
        operands=operands,
        reads=reads,
        writes=writes,
        address_registers=frozenset(filter(None, map(_name(each), (base.segment, base.base, base.index)))) if base else frozenset(),
        memory=_memory(each, mnemonic, memory_operands, locked),
        locked=locked,
        repeated=each.prefix[0] in (0xF2, 0xF3) and is_string(mnemonic, operands),
        branch=_branch(each, mnemonic),
        target=each.operands[0].imm & (2**64 - 1) if _branch(each, mnemonic) in (1, 2, 3) else None,
        scaled_index=parts > 2 or (base is not None and base.scale > 1 and base.index != 0),
        same_operands=len(registers) == 2 and registers[0].reg == registers[1].reg,
        rip_relative=base is not None and base.base == cs.X86_REG_RIP,
        displaced=base is not None and base.disp != 0,
        operation=operation_of(each, mnemonic),
    )


def _registers(each: Any, mnemonic: str) -> tuple[frozenset[str], frozenset[str]]:
    """Registers read and written: Capstone's answer, put right."""
    reads, writes = (set(filter(None, map(_name(each), group))) for group in each.regs_access())
    reads |= _ALSO_READS.get(mnemonic, set())
    writes = (writes | _ALSO_WRITES.get(mnemonic, set())) - _DOES_NOT_WRITE.get(mnemonic, set())
    for operand in each.operands:
        if operand.type == cs.X86_OP_REG:
            name = _name(each)(operand.reg)
            if mnemonic == "cmpxchg" and operand is each.operands[0]:
                reads.add(name)
                writes.add(name)
            # A conditional move keeps the old value or does not; a write of 8 or 16 bits keeps the rest of the register.
            if mnemonic.startswith("cmov") or (operand.size < 4 and operand.access & capstone.CS_AC_WRITE):
                reads.add(name)
    return frozenset(reads), frozenset(writes)


def _name(each: Any) -> Any:
    return lambda register: WHOLE.get(each.reg_name(register) or "", each.reg_name(register)) if register else None


def _operand(each: Any, operand: Any) -> str:
    if operand.type == cs.X86_OP_MEM:
        return f"m{8 * operand.size}"
    if operand.type == cs.X86_OP_IMM:
        return "i"
    name = each.reg_name(operand.reg)
    if name in WHOLE:
        return f"r{8 * operand.size}"
    return "x" if name[0] in "xy" else "c" if name[:2] in ("cr", "dr") else "s"


def _memory(each: Any, mnemonic: str, operands: list[Any], locked: bool) -> Memory:
    if mnemonic in _NO_ACCESS:
        return Memory.NONE
    access = 0
    if mnemonic in _MOVES and len(operands) == 1:
        access = 2 if each.operands[0].type == cs.X86_OP_MEM else 1
    else:
        for operand in operands:
            written = operand.access & capstone.CS_AC_WRITE
            access |= (1 if operand.access & capstone.CS_AC_READ or not written else 0) | (2 if written else 0)
    if locked or (mnemonic in _WRITES_BACK and operands):
        return Memory.READ_MODIFY_WRITE
    if mnemonic in _PUSHES:
        access |= 2
    if mnemonic in _POPS:
        access |= 1
    return Memory(access)


def _branch(each: Any, mnemonic: str) -> Branch:
    if mnemonic in ("ret", "retf", "retfq"):
        return Branch.RETURN if mnemonic == "ret" else Branch.INDIRECT_JUMP
    direct = bool(each.operands) and each.operands[0].type == cs.X86_OP_IMM
    if mnemonic == "call":
        return Branch.CALL if direct else Branch.INDIRECT_CALL
    if mnemonic == "jmp":
        return Branch.JUMP if direct else Branch.INDIRECT_JUMP
    if mnemonic[0] == "j" or mnemonic.startswith("loop"):
        return Branch.CONDITIONAL
    return Branch.NONE
