"""Names of registers: of which whole one each is a part, how many bytes it has, and from which byte."""

from collections.abc import Mapping
from typing import NamedTuple

VECTOR_BYTES = 16


class Part(NamedTuple):
    """`size` bytes of the register `whole`, from byte `offset`."""

    whole: str
    size: int
    offset: int = 0


def _general() -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for letter in "abcd":
        whole = f"r{letter}x"
        parts |= {whole: Part(whole, 8), f"e{letter}x": Part(whole, 4), f"{letter}x": Part(whole, 2), f"{letter}l": Part(whole, 1)}
        parts[f"{letter}h"] = Part(whole, 1, 1)
    for name in ("si", "di", "bp", "sp"):
        whole = f"r{name}"
        parts |= {whole: Part(whole, 8), f"e{name}": Part(whole, 4), name: Part(whole, 2), f"{name}l": Part(whole, 1)}
    for number in range(8, 16):
        whole = f"r{number}"
        parts |= {f"{whole}{suffix}": Part(whole, size) for suffix, size in (("", 8), ("d", 4), ("w", 2), ("b", 1))}
    return parts


GENERAL: Mapping[str, Part] = _general()
VECTOR: Mapping[str, Part] = {f"xmm{number}": Part(f"xmm{number}", VECTOR_BYTES) for number in range(16)}
# What a condition may name; the others below can only stand in an instruction.
OBSERVED: Mapping[str, Part] = {**GENERAL, **VECTOR}
SEGMENTS = frozenset(("cs", "ds", "es", "fs", "gs", "ss"))
OTHERS = SEGMENTS | {f"mm{number}" for number in range(8)} | {f"ymm{number}" for number in range(16)}
# No instruction of a test writes these as data: they keep the value that the test gives them.
CONSTANT = SEGMENTS | {"rip", "eip"}

_BY_SIZE = {(part.whole, part.size): name for name, part in GENERAL.items() if part.offset == 0}


def sized(name: str, size: int) -> str:
    """The part of a general register that has `size` bytes; ah and its like stay as they are."""
    part = GENERAL[name]
    return name if part.size == size else _BY_SIZE[part.whole, size]
