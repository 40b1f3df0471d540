"""How a compiled function becomes a part of those that call it.

Numba makes each function ready to run by itself, and each of its callers anew with all that it calls: a function five calls deep is
optimised and turned into machine code six times. Here a function that others call is only typed and lowered, as a part. What is
called from outside, by Python or by C, is linked once with all the parts that it needs, and optimised as one piece.
"""

import ctypes
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import compiler, event, registry, sigutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.runtime.nrt import rtsys
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    RewriteSemanticConstants,
    TranslateByteCode,
)

from emu import compiled
from emu.native import lowering
from emu.native.hot import Entry, Hot

OPTIONS = {"nopython": True, "error_model": "numpy"}
C_TYPES = {ctypes.c_int64: types.int64, ctypes.c_int32: types.int32, ctypes.c_bool: types.boolean, None: types.none}
PASSES = (
    TranslateByteCode, FixupArgs, IRProcessing, RewriteSemanticConstants, DeadBranchPrune, GenericRewrites, ReconstructSSA,
    NopythonTypeInference, PreLowerStripPhis, IRLegalization, AnnotateTypes, NativeLowering, NoPythonBackend,
)  # fmt: skip
# Hot code owns no memory, so Numba's counts of references have nothing to do: its calls are gone with these.
NO_COUNTS = "define void @NRT_incref(ptr %0) { ret void }\ndefine void @NRT_decref(ptr %0) { ret void }"
assert lowering  # what the primitives are to Numba is known once it is imported


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
        self._linking_libraries: list[Any] = _needed(self._linking_libraries)
        super().finalize()


class _UnitLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of C functions with all that they need, which nothing else sees."""

    def emit_object(self, symbols: set[str]) -> bytes:
        """An ELF object that has nothing but these symbols, and refers to nothing."""
        for each in _needed(self._linking_libraries):
            if each is not rtsys.library:
                self._final_module.link_in(each._get_module_for_linking(), preserve=True)
        self._final_module.link_in(llvm.parse_assembly(NO_COUNTS))
        for each in (*self._final_module.functions, *self._final_module.global_variables):
            if not each.is_declaration and each.name not in symbols:
                each.linkage = llvm.Linkage.internal
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)
        return bytes(self._codegen._tm.emit_object(self._final_module))


def _needed(libraries: Sequence[Any], found: dict[Any, None] | None = None) -> list[Any]:
    """The libraries that one calls, and those that these call."""
    found = {} if found is None else found
    for each in libraries:
        if each not in found:
            found[each] = None
            if isinstance(each, _PartLibrary):
                _needed(each._linking_libraries, found)
    return list(found)


class _PartCompiler(compiler.CompilerBase):  # type: ignore[misc]
    """Compiles what is called from compiled code."""

    def define_pipelines(self) -> list[Any]:
        """Stop in front of machine code."""
        self.state.flags.no_compile = True
        return _pipelines(self.state, _PartLibrary)


class _WholeCompiler(compiler.CompilerBase):  # type: ignore[misc]
    """Compiles what tests call."""

    def define_pipelines(self) -> list[Any]:
        """Numba's own passes."""
        return _pipelines(self.state, _WholeLibrary)


def _pipelines(state: Any, library: type[Any]) -> list[Any]:
    """Those of Numba's passes that hot code needs: it has no closures, no `with`, no arrays that are made."""
    state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
    state.library.enable_object_caching()
    manager = PassManager("hot")
    for each in PASSES:
        manager.add_pass(each, each.__name__)
    manager.finalize()
    return [manager]


def _widest(kind: Any) -> Any:
    """The type in whose place others are passed: of a constant, that of any number; of a narrow number, that of 64 bits."""
    kind = types.unliteral(kind)
    narrow = isinstance(kind, types.Integer) and kind.bitwidth < 64
    return types.int64 if narrow else kind


class Part(registry.CPUDispatcher):  # type: ignore[misc]
    """A function as compiled code calls it: `get_call_template` and `get_overload` are what Numba asks of it."""

    def __init__(self, function: Hot) -> None:
        """Compiled when it is first called, for each kind of arguments once."""
        options = {**OPTIONS, "forceinline": function.inline, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(function.py_func, targetoptions=options, pipeline_class=_PartCompiler)

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


def dispatcher_of(function: Hot) -> Any:
    """What a test calls from Python, with any arguments: kept where Numba keeps what it compiles."""
    folder = compiled.folder(compiled.sources_of(function.py_func.__module__))
    numba.config.CACHE_DIR = str(folder)
    decorate = numba.njit(cache=folder is not None, pipeline_class=_WholeCompiler, error_model=OPTIONS["error_model"])
    return decorate(function.py_func)


@global_compiler_lock  # type: ignore[untyped-decorator]
def object_of(unit: Sequence[Entry]) -> bytes:
    """The machine code of C functions, an ELF object."""
    target = registry.cpu_target.target_context
    library = _UnitLibrary(target.codegen(), unit[0].symbol)
    with _no_collections():
        for each in unit:
            args = tuple(C_TYPES[kind] for kind in each.prototype._argtypes_)
            part = Part(each)
            part.compile(C_TYPES[each.prototype._restype_](*args))
            made = part.overloads[args]
            library.add_linking_library(made.library)
            library.add_ir_module(_shell(target, each.symbol, made.fndesc))
        return library.emit_object({each.symbol for each in unit})


def _shell(target: Any, symbol: str, function: Any) -> ir.Module:
    """A C function around one of Numba's, which puts its answer at an address. It has no error to report: hot code raises none."""
    module = target.create_module(symbol)
    convention = target.call_conv
    inner = ir.Function(module, convention.get_function_type(function.restype, function.argtypes), function.llvm_func_name)
    models = [target.data_model_manager[kind] for kind in function.argtypes]
    gives = None if function.restype is types.none else target.data_model_manager[function.restype]
    returned = ir.VoidType() if gives is None else gives.get_data_type()
    outer = ir.Function(module, ir.FunctionType(returned, [model.get_data_type() for model in models]), symbol)
    builder = ir.IRBuilder(outer.append_basic_block())
    arguments = [model.from_data(builder, value) for model, value in zip(models, outer.args, strict=True)]
    _, answer = convention.call_function(builder, inner, function.restype, function.argtypes, arguments)
    if gives is None:
        builder.ret_void()
    else:
        builder.ret(gives.as_data(builder, answer))
    return module


class _Compiling(event.Listener):  # type: ignore[misc]
    """Hears of each function that is compiled: of none that was kept."""

    def __init__(self) -> None:
        self._done: set[Any] = set()

    def on_start(self, event: Any) -> None:
        if not self._done:
            compiled.tell(0, len(Hot.made))

    def on_end(self, event: Any) -> None:
        self._done |= {each for each in Hot.made if each.py_func is event.data["dispatcher"].py_func}
        compiled.tell(len(self._done), len(Hot.made))


event.register("numba:compile", _Compiling())


@contextmanager
def _no_collections() -> Iterator[None]:
    """Python's garbage collector would take a tenth of the time of compiling, to find next to nothing."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
