"""Raw memory and function pointers for compiled code, with a plain-Python twin of each primitive.

Everything hot in emu is written against the few functions here. Compiled by Numba they become a pointer cast, a load or
an indirect call; with `NUMBA_DISABLE_JIT=1` the same source runs as ordinary Python, slowly, and must give the same
results. Compiled code is kept in a cache folder named after the hot sources, because Numba does not notice that a
function called from another file has changed.
"""

import ctypes
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

HOT_PACKAGES = ("memory", "timing", "engine", "explore", "stress")
HOT_SOURCES = ("native.py", "trace/record.py", "set_associative.py", *(f"{name}/*.py" for name in HOT_PACKAGES))
NEVER = 2**62  # a time that no run reaches
MASK64 = 2**64 - 1


def _cache_folder() -> Path:
    package = Path(__file__).parent
    digest = hashlib.sha256(numba.__version__.encode())
    for source in (file for pattern in HOT_SOURCES for file in sorted(package.glob(pattern))):
        digest.update(source.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for base in (home, Path(tempfile.gettempdir())):
        folder = base / "emu" / digest.hexdigest()[:16]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="emu-"))


JIT = not numba.config.DISABLE_JIT
if JIT:
    numba.config.CACHE_DIR = str(_cache_folder())


def njit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a hot function (or leave it as Python when the compiler is off)."""
    compiled: Any = numba.njit(cache=True, error_model="numpy")(function)
    if JIT:
        resolve = compiled.get_call_template
        # Numba 0.68 would compile a function anew for each constant that it is called with.
        compiled.get_call_template = lambda args, kws: resolve(tuple(types.unliteral(each) for each in args), kws)
    return compiled  # type: ignore[no-any-return]


def callback(signature: Any, function: Callable[..., Any]) -> tuple[int, object]:
    """C function pointer to `function`, and the object that must be kept alive with it."""
    if JIT:
        compiled = numba.cfunc(signature, cache=True, error_model="numpy")(function)
        return compiled.address, compiled
    ctype: Any = {types.int64: ctypes.c_int64, types.int32: ctypes.c_int32, types.void: None, types.boolean: ctypes.c_bool}
    prototype = ctypes.CFUNCTYPE(ctype[signature.return_type], *(ctype[a] for a in signature.args))
    wrapped = prototype(function)
    return ctypes.cast(wrapped, ctypes.c_void_p).value or 0, wrapped


@intrinsic
def _pointer(typingctx: Any, address: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


@intrinsic
def _call(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        i64, i32 = cgutils.ir.IntType(64), cgutils.ir.IntType(32)
        pointer = builder.inttoptr(args[0], cgutils.ir.FunctionType(i32, [i64] * 5).as_pointer())
        return builder.call(pointer, list(args[1:]))

    return types.int32(*(types.int64,) * 6), codegen


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


@overload(array_at)
def _array_at(address, length, dtype):  # type: ignore[no-untyped-def]
    def view(address, length, dtype):  # type: ignore[no-untyped-def]
        return numba.carray(_pointer(address), (length,), dtype)

    return view


def call(function: int, a: int, b: int, c: int, d: int, e: int) -> int:
    """Call a C function by address with up to five integer or pointer arguments; returns its int."""
    return int(_PROTOTYPE(int(function))(int(a), int(b), int(c), int(d), int(e)))


_PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)


@overload(call)
def _call_compiled(function, a, b, c, d, e):  # type: ignore[no-untyped-def]
    def invoke(function, a, b, c, d, e):  # type: ignore[no-untyped-def]
        return _call(function, a, b, c, d, e)

    return invoke


def signed(value: int) -> int:
    """`value` modulo 2**64 as a signed 64-bit number: what compiled integers do by themselves."""
    value = int(value) & MASK64
    return value - 2**64 if value >> 63 else value


@overload(signed)
def _signed(value):  # type: ignore[no-untyped-def]
    def identity(value):  # type: ignore[no-untyped-def]
        return value

    return identity


MIX = -0x61C8864680B583EB  # 2**64 / golden ratio, odd: spreads every bit of a digest


def mix(digest: int, value: int) -> int:
    """`digest` with `value` folded in; depends on the order of the values."""
    digest = ((int(digest) ^ int(value)) * MIX) & MASK64
    digest ^= digest >> 29
    return signed(digest)


@overload(mix)
def _mix(digest, value):  # type: ignore[no-untyped-def]
    def compiled(digest, value):  # type: ignore[no-untyped-def]
        product = np.uint64((digest ^ value) * np.int64(MIX))
        return np.int64(product ^ (product >> np.uint64(29)))

    return compiled


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Host address of an array's first byte; the caller keeps the array alive."""
    return int(array.ctypes.data)
