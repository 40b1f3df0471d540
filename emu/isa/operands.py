"""The memory operands of an instruction, with what their addresses are computed from."""

from collections.abc import Iterator
from dataclasses import dataclass

from capstone import x86 as cs

from emu.isa.decode import WHOLE, capstone_instruction

RIP = "rip"


@dataclass(frozen=True, slots=True)
class MemoryOperand:
    """One operand; registers by their 64-bit whole, None for none; RIP is in the displacement already."""

    base: str | None
    index: str | None
    scale: int
    displacement: int
    segment: str | None
    address_bits: int


def memory_operands(code: bytes, address: int) -> Iterator[MemoryOperand]:
    """Those of the instruction at the beginning of some bytes."""
    each = capstone_instruction(code, address)
    if each is None:
        return

    def name(register: int) -> str | None:
        found = each.reg_name(register) if register else None
        return None if found is None else WHOLE.get(found, found)

    for operand in each.operands:
        if operand.type != cs.X86_OP_MEM:
            continue
        base, displacement = name(operand.mem.base), operand.mem.disp
        if base in ("rip", "eip"):
            base, displacement = None, displacement + each.address + each.size
        index = name(operand.mem.index)
        if index in ("riz", "eiz"):
            index = None
        yield MemoryOperand(base, index, operand.mem.scale, displacement, name(operand.mem.segment), 8 * each.addr_size)
