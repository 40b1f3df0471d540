"""What hot code is written with, and how it becomes machine code: the one place that knows Numba and LLVM."""

from emu.native.hot import alone, entry, hook, inlined, njit
from emu.native.primitives import MASK64, MIX, NEVER, address_of, array_at, call, mix, signed

__all__ = [
    "MASK64",
    "MIX",
    "NEVER",
    "address_of",
    "alone",
    "array_at",
    "call",
    "entry",
    "hook",
    "inlined",
    "mix",
    "njit",
    "signed",
]  # fmt: skip
