"""Where the instruction in flight accesses memory, by its operands: asked only for an access across two pages."""

from collections.abc import Iterator

from emu.boot.unicorn_cpu import UnicornCpu
from emu.engine import env
from emu.isa.operands import MemoryOperand, memory_operands

PAGE = 4096
GENERAL = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
SEGMENTS = {"fs": env.FS, "gs": env.GS}
MASK64 = 2**64 - 1
STEPS = 1024  # bytes that an instruction stores in pieces, as FXSAVE does


def linear_address(cpu: UnicornCpu, code: bytes, address: int, physical: int) -> int | None:
    """The linear address of an access that begins at a physical one: the last bytes of a page; None if no operand is there."""
    for start in _candidates(cpu, code, address):
        # An operand that is longer than one access is accessed in pieces from its start on.
        piece = (start & ~(PAGE - 1)) | (physical & (PAGE - 1))
        if 0 <= piece - start < STEPS:
            return piece
    return None


def _candidates(cpu: UnicornCpu, code: bytes, address: int) -> Iterator[int]:
    for operand in memory_operands(code, address):
        yield _effective(cpu, operand)
    stack = cpu.get64(env.RSP)
    yield stack
    yield (stack - 8) & MASK64


def _effective(cpu: UnicornCpu, operand: MemoryOperand) -> int:
    def register(name: str | None) -> int:
        if name is None:
            return 0
        value = cpu.get64(8 * GENERAL.index(name))
        return value if operand.address_bits == 64 else value & 0xFFFFFFFF

    place = operand.displacement + register(operand.base) + register(operand.index) * operand.scale
    if operand.address_bits == 32:
        place &= 0xFFFFFFFF
    if operand.segment in SEGMENTS:
        place += cpu.get64(SEGMENTS[operand.segment] + 8)
    return place & MASK64
