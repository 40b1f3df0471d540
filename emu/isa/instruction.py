"""One decoded instruction, as far as the engine, the cost model and the reports need it."""

from dataclasses import dataclass
from enum import IntEnum

from emu.isa.operation import NONE, Operation


class Memory(IntEnum):
    """How the instruction touches memory."""

    NONE = 0
    LOAD = 1
    STORE = 2
    READ_MODIFY_WRITE = 3


class Branch(IntEnum):
    """Kinds of branch; the numbers are those of timing.branch."""

    NONE = 0
    CONDITIONAL = 1
    JUMP = 2
    CALL = 3
    RETURN = 4
    INDIRECT_JUMP = 5
    INDIRECT_CALL = 6


@dataclass(frozen=True, slots=True)
class Instruction:
    """A decoded instruction. Registers are named by their 64-bit whole (`rax`), the flags register `flags`."""

    address: int
    size: int
    mnemonic: str  # without prefixes: "cmpxchg", "movsq"
    text: str  # as a listing shows it
    operands: tuple[str, ...]  # r64 r32 r16 r8 x (vector) s (segment) c (control), m64.., i
    reads: frozenset[str]
    writes: frozenset[str]
    address_registers: frozenset[str]
    memory: Memory
    locked: bool  # LOCK prefix, or xchg with memory
    repeated: bool
    branch: Branch
    target: int | None  # of a direct branch
    scaled_index: bool  # an address with three parts or a scale: a slower LEA
    same_operands: bool  # xor rax, rax and the like
    rip_relative: bool
    displaced: bool  # an address with a displacement
    operation: Operation = NONE  # for the interpreter

    @property
    def next(self) -> int:
        """Address of the instruction behind it."""
        return self.address + self.size
