"""What Capstone knows of each instruction of an image, as plain values: operands, memory, branches, special effects."""

from emu.isa.decode import decode, leaders
from emu.isa.instruction import Branch, Instruction, Memory

__all__ = ["Branch", "Instruction", "Memory", "decode", "leaders"]
