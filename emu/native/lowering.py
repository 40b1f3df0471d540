"""What the primitives of `primitives` are to Numba."""

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, overload, type_callable
from numba.np.arrayobj import make_array, populate_array

from emu.native import primitives


@type_callable(primitives.array_at)
def _type_of_array_at(context: Any) -> Any:
    return lambda address, length, dtype: types.Array(dtype.dtype, 1, "C")


@lower_builtin(primitives.array_at, types.Integer, types.Integer, types.DTypeSpec)
def _array_at(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    address, length = (context.cast(builder, args[n], signature.args[n], types.intp) for n in (0, 1))
    view = make_array(signature.return_type)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(signature.return_type.dtype)))
    data = builder.inttoptr(address, view.data.type)
    populate_array(view, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return view._getvalue()


@intrinsic
def _call(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        i64, i32 = cgutils.ir.IntType(64), cgutils.ir.IntType(32)
        pointer = builder.inttoptr(args[0], cgutils.ir.FunctionType(i32, [i64] * 5).as_pointer())
        return builder.call(pointer, list(args[1:]))

    return types.int32(*(types.int64,) * 6), codegen


@overload(primitives.call)
def _call_compiled(function, a, b, c, d, e):  # type: ignore[no-untyped-def]
    def invoke(function, a, b, c, d, e):  # type: ignore[no-untyped-def]
        return _call(function, a, b, c, d, e)

    return invoke


@overload(primitives.signed)
def _signed(value):  # type: ignore[no-untyped-def]
    def identity(value):  # type: ignore[no-untyped-def]
        return value

    return identity


@overload(primitives.mix)
def _mix(digest, value):  # type: ignore[no-untyped-def]
    def compiled(digest, value):  # type: ignore[no-untyped-def]
        product = np.uint64((digest ^ value) * np.int64(primitives.MIX))
        return np.int64(product ^ (product >> np.uint64(29)))

    return compiled
