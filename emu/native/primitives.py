"""Raw memory and function pointers for compiled code, with a plain-Python twin of each primitive.

Everything hot in emu is written against the few functions here. Compiled by Numba (`lowering`) they become a pointer cast, a load
or an indirect call; with `NUMBA_DISABLE_JIT=1` the same source runs as ordinary Python, slowly, and must give the same results.
"""

import ctypes
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

NEVER = 2**62  # a time that no run reaches
MASK64 = 2**64 - 1


_views: dict[tuple[int, int, Any], Any] = {}


@cache
def _with_attributes(dtype: Any) -> Any:
    """The same records with their fields as attributes, inner records too: np.record has them, at four times the cost."""

    def field(name: str) -> property:
        return property(itemgetter(name), lambda record, value: record.__setitem__(name, value))

    inner = {name: _with_attributes(kind) if kind.names else kind for name, (kind, _) in dtype.fields.items()}
    offsets = [offset for _, offset in dtype.fields.values()]
    whole = np.dtype({"names": list(inner), "formats": list(inner.values()), "offsets": offsets, "itemsize": dtype.itemsize})
    return np.dtype((type("Record", (np.void,), {name: field(name) for name in inner}), whole))


def array_at(address: int, length: int, dtype: Any) -> Any:
    """View of `length` elements of `dtype` at a raw host address."""
    key = (int(address), int(length), dtype)
    if key not in _views:
        plain = np.dtype(dtype)
        if plain.names:
            plain = _with_attributes(plain)
        buffer = (ctypes.c_char * (plain.itemsize * int(length))).from_address(int(address))
        _views[key] = np.frombuffer(buffer, dtype=plain)
    return _views[key]


def call(function: int, a: int, b: int, c: int, d: int, e: int) -> int:
    """Call a C function by address with up to five integer or pointer arguments; returns its int."""
    return int(_PROTOTYPE(int(function))(int(a), int(b), int(c), int(d), int(e)))


_PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)


def signed(value: int) -> int:
    """`value` modulo 2**64 as a signed 64-bit number: what compiled integers do by themselves."""
    value = int(value) & MASK64
    return value - 2**64 if value >> 63 else value


MIX = -0x61C8864680B583EB  # 2**64 / golden ratio, odd: spreads every bit of a digest


def mix(digest: int, value: int) -> int:
    """`digest` with `value` folded in; depends on the order of the values."""
    digest = ((int(digest) ^ int(value)) * MIX) & MASK64
    digest ^= digest >> 29
    return signed(digest)


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Host address of an array's first byte; the caller keeps the array alive."""
    return int(array.ctypes.data)
