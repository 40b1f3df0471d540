"""What Capstone knows of each instruction of an image, as plain values: operands, memory, branches, special effects."""

from emu.isa.decode import decode, decode_one, leaders, sizes
from emu.isa.instruction import Branch, Instruction, Memory

__all__ = ["Branch", "Instruction", "Memory", "decode", "decode_one", "leaders", "sizes"]
