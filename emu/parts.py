"""How a compiled function becomes a part of those that call it.

Numba makes each function ready to run by itself, and each of its callers anew with all that it calls: a function five calls deep is
optimised and turned into machine code six times. Here a function that others call is only typed and lowered, as a part. What can be
called from outside, by Python or by C, is linked once with all the parts that it needs, and optimised as one piece.
"""

import gc
from typing import Any

from numba import types
from numba.core import compiler, event, registry, sigutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock


class _PartLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function, without that of those that it calls."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True


class _WholeLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function with all that it needs."""

    def finalize(self) -> None:
        found: dict[Any, None] = {}
        _add_needed(self, found)
        self._linking_libraries = list(found)
        super().finalize()


def _add_needed(library: Any, found: dict[Any, None]) -> None:
    """Add the libraries that one calls, and that these call."""
    for each in library._linking_libraries:
        if each not in found:
            found[each] = None
            if isinstance(each, _PartLibrary):
                _add_needed(each, found)


class _PartCompiler(compiler.CompilerBase):  # type: ignore[misc]
    """Compiles what is called from compiled code."""

    def define_pipelines(self) -> list[Any]:
        """Stop in front of machine code."""
        self.state.flags.no_compile = True
        return _pipelines(self.state, _PartLibrary)


class WholeCompiler(compiler.CompilerBase):  # type: ignore[misc]
    """Compiles what is called from outside."""

    def compile_extra(self, func: Any) -> Any:
        """Python's garbage collector would take a tenth of the time, to find next to nothing."""
        collects = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(func)
        finally:
            if collects:
                gc.enable()

    def define_pipelines(self) -> list[Any]:
        """Numba's own passes."""
        return _pipelines(self.state, _WholeLibrary)


def _pipelines(state: Any, library: type[Any]) -> list[Any]:
    """Numba's own, with a library of that kind."""
    state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
    state.library.enable_object_caching()
    return [compiler.DefaultPassBuilder.define_nopython_pipeline(state)]


def _widest(kind: Any) -> Any:
    """The type in whose place others are passed: of a constant, that of any number; of a narrow number, that of 64 bits."""
    kind = types.unliteral(kind)
    narrow = isinstance(kind, types.Integer) and kind.bitwidth < 64
    return types.int64 if narrow else kind


class Part(registry.CPUDispatcher):  # type: ignore[misc]
    """A function as compiled code calls it: `get_call_template` and `get_overload` are what Numba asks of it."""

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        """Compiled when it is first called, for each kind of arguments once."""
        options = {**options, "nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(function, targetoptions=options, pipeline_class=_PartCompiler)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Numba 0.68 would compile a function anew for each constant, and each width of a number, that it is called with."""
        return super().get_call_template(tuple(map(_widest, args)), kws)

    @global_compiler_lock  # type: ignore[untyped-decorator]
    def compile(self, sig: Any) -> None:
        """Type and lower the function for these arguments, if that has not been done."""
        args, returned = sigutils.normalize_signature(sig)
        if tuple(args) in self.overloads:
            return
        with event.trigger_event("numba:compile", data={"dispatcher": self, "args": args, "return_type": returned}):
            made = self._compiler.compile(args, returned)
        made = made._replace(entry_point=object())  # what calls to it are found by: there is no address yet
        self.targetctx.insert_user_function(made.entry_point, made.fndesc, [made.library])
        self.overloads[tuple(args)] = made
