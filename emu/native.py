"""Raw memory and function pointers for compiled code, with a plain-Python twin of each primitive.

Everything hot in emu is written against the few functions here. Compiled by Numba they become a pointer cast, a load or
an indirect call; with `NUMBA_DISABLE_JIT=1` the same source runs as ordinary Python, slowly, and must give the same
results. `emu.compiled` says where compiled code is kept.
"""

import ctypes
from collections.abc import Callable
from functools import cache, partial
from operator import itemgetter
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import caching, cgutils, event
from numba.extending import intrinsic, lower_builtin, overload, type_callable
from numba.np.arrayobj import make_array, populate_array

from emu import compiled
from emu.parts import Part, WholeCompiler

NEVER = 2**62  # a time that no run reaches
MASK64 = 2**64 - 1


JIT = not numba.config.DISABLE_JIT
KEPT = JIT and compiled.folder() is not None
_hot: set[Callable[..., Any]] = set()  # functions that are to be compiled, or have been


def _choose_folder(function: Callable[..., Any]) -> None:
    """Numba keeps a function in the folder that is set while it is decorated."""
    if KEPT:
        gears = {
            "emu.boot.full.": compiled.FULL_SOURCES,
            "emu.boot.explore.": compiled.EXPLORE_SOURCES,
            "emu.boot.": compiled.BOOT_SOURCES,
        }
        sources = next((each for name, each in gears.items() if function.__module__.startswith(name)), compiled.HOT_SOURCES)
        numba.config.CACHE_DIR = str(compiled.folder(sources))


def njit(function: Callable[..., Any], *, inline: bool = False) -> Callable[..., Any]:
    """Compile a hot function (or leave it as Python when the compiler is off)."""
    _choose_folder(function)
    options = {"error_model": "numpy", "forceinline": inline}
    dispatcher: Any = numba.njit(cache=KEPT, pipeline_class=WholeCompiler, **options)(function)
    if JIT:
        part = cache(partial(Part, function, options))  # made when it is called for: most runs find everything kept
        dispatcher.get_call_template = lambda args, kws: part().get_call_template(args, kws)
        dispatcher.get_overload = lambda signature: part().get_overload(signature)
        _hot.add(function)
    return dispatcher  # type: ignore[no-any-return]


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, compiled into what calls it: for the few that every instruction goes through, as a call costs them dear."""
    return njit(function, inline=True)


class _Compiling(event.Listener):  # type: ignore[misc]
    """Hears of each function that is compiled: of none that was kept."""

    def __init__(self) -> None:
        self._done: set[Any] = set()

    def on_start(self, event: Any) -> None:
        if not self._done:
            compiled.tell(0, len(_hot))

    def on_end(self, event: Any) -> None:
        if event.data["dispatcher"].py_func in _hot:
            self._done.add(event.data["dispatcher"].py_func)
        compiled.tell(len(self._done), len(_hot))


def _keep(self: Any, signature: Any, code: Any, _keep: Callable[..., None] = caching.Cache.save_overload) -> None:
    """Keep compiled code; a disk that has no room for it costs the next run time, and this one nothing."""
    try:
        _keep(self, signature, code)
    except OSError as error:
        compiled.cannot_be_kept(error.strerror or str(error))


event.register("numba:compile", _Compiling())
caching.Cache.save_overload = _keep


def callback(signature: Any, function: Callable[..., Any]) -> tuple[int, object]:
    """C function pointer to `function`, and the object that must be kept alive with it."""
    if JIT:
        _choose_folder(function)
        made = numba.cfunc(signature, cache=KEPT, error_model="numpy", pipeline_class=WholeCompiler)(function)
        return made.address, made
    ctype: Any = {types.int64: ctypes.c_int64, types.int32: ctypes.c_int32, types.void: None, types.boolean: ctypes.c_bool}
    prototype = ctypes.CFUNCTYPE(ctype[signature.return_type], *(ctype[a] for a in signature.args))
    wrapped = prototype(function)
    return ctypes.cast(wrapped, ctypes.c_void_p).value or 0, wrapped


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


@type_callable(array_at)
def _type_of_array_at(context: Any) -> Any:
    return lambda address, length, dtype: types.Array(dtype.dtype, 1, "C")


@lower_builtin(array_at, types.Integer, types.Integer, types.DTypeSpec)
def _array_at(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    address, length = (context.cast(builder, args[n], signature.args[n], types.intp) for n in (0, 1))
    view = make_array(signature.return_type)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(signature.return_type.dtype)))
    data = builder.inttoptr(address, view.data.type)
    populate_array(view, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return view._getvalue()


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
