"""The state that a program begins and ends with, as one block of bytes: the same on both sides, and what of it is compared.

Sixteen registers and the flags, 8 bytes each, then the vector registers, 16 bytes each.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bench.cpu.flags import BITS, STATUS, names_of
from bench.cpu.programs import DATA, STACK, VECTORS, WHOLE, Program

NAMES = (*WHOLE, "flags")
VECTORS_OFFSET = 0x100
STATE_BYTES = VECTORS_OFFSET + 16 * VECTORS
COMPARED_FLAGS = STATUS | BITS["D"]
_REGISTERS = struct.Struct(f"<{len(NAMES)}Q")
_FLAGS = slice(8 * NAMES.index("flags"), 8 * len(NAMES))


@dataclass(frozen=True, slots=True)
class Result:
    """What a program leaves behind: registers, the data and the stack pages; or why there are none."""

    state: bytes = b""
    data: bytes = b""
    stack: bytes = b""
    failure: str = ""

    @property
    def registers(self) -> dict[str, int]:
        """Registers by name."""
        return dict(zip(NAMES, _REGISTERS.unpack_from(self.state), strict=True))


def beginning(program: Program) -> bytes:
    """The block that a program begins with."""
    registers = _REGISTERS.pack(*(program.registers[name] for name in NAMES)).ljust(VECTORS_OFFSET, b"\0")
    return registers + b"".join(value.to_bytes(16, "little") for value in program.vectors)


def differences(program: Program, emulated: Result, host: Result) -> list[str]:
    """A line for each thing that is not the same; nothing: they agree."""
    if emulated.failure or host.failure:
        return [f"emulated: {emulated.failure or 'ends'}; host: {host.failure or 'ends'}"]
    return list(_differences(program, emulated, host))


def _differences(program: Program, emulated: Result, host: Result) -> Iterator[str]:
    ours, theirs = emulated.registers, host.registers
    for name, value in theirs.items():
        if name == "flags":
            if wrong := (ours[name] ^ value) & COMPARED_FLAGS & ~program.undefined:
                yield f"{names_of(wrong)}: emulated {names_of(ours[name] & wrong)}, host {names_of(value & wrong)}"
        elif ours[name] != value:
            yield f"{name}: emulated {ours[name]:#x}, host {value:#x}"
    parts = [(f"xmm{index}", VECTORS_OFFSET + 16 * index, 16) for index in range(VECTORS)]
    yield from _unequal(parts, emulated.state, host.state)
    for base, mine, other in ((DATA, emulated.data, host.data), (STACK, emulated.stack, host.stack)):
        if mine != other:
            yield from _unequal([(f"{base + at:#x}", at, 8) for at in range(0, len(mine), 8)], mine, other)


def _unequal(parts: list[tuple[str, int, int]], ours: bytes, theirs: bytes) -> Iterator[str]:
    """The parts (name, offset, bytes) that differ."""
    for name, at, size in parts:
        if ours[at : at + size] != theirs[at : at + size]:
            values = (int.from_bytes(each[at : at + size], "little") for each in (ours, theirs))
            yield "{}: emulated {:#x}, host {:#x}".format(name, *values)
