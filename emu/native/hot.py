"""Functions that are compiled: what compiled code calls, what Python calls, what Unicorn calls.

Numba is imported when something is to be compiled. A run whose code an earlier one has compiled does without it.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cached_property, update_wrapper, wraps
from typing import Any, TypeVar, cast, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])
C_TYPES: dict[Any, Any] = {int: ctypes.c_int64, bool: ctypes.c_bool, type(None): None}  # what annotations are to C
JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Hot:
    """A function that is compiled when compiled code calls it."""

    made: list["Hot"] = []  # all that there are, to say how far compiling is

    def __init__(self, function: Callable[..., Any], *, inline: bool = False) -> None:
        """Nothing is compiled yet."""
        update_wrapper(self, function)
        self.py_func, self.inline = function, inline
        Hot.made.append(self)

    @property
    def _numba_type_(self) -> Any:
        """What Numba takes it for where compiled code names it."""
        return self._part._numba_type_

    @cached_property
    def _part(self) -> Any:
        from emu.native.parts import Part

        return Part(self)

    @cached_property
    def _dispatcher(self) -> Any:
        from emu.native.parts import dispatcher_of

        return dispatcher_of(self)

    def __call__(self, *arguments: Any) -> Any:
        """Compiled for these arguments, whatever they are: for tests. What emu calls from Python is an `Entry`."""
        return self._dispatcher(*arguments)


class Entry(Hot):
    """A hot function that Python or Unicorn calls: a C function of numbers. Those of a package are compiled together."""

    units: dict[str, list["Entry"]] = {}  # of each package

    def __init__(self, function: Callable[..., Any], prototype: Any, *, alone: bool = False) -> None:
        """As C sees it: a type of `ctypes.CFUNCTYPE` or `PYFUNCTYPE`. One that stands `alone` is a unit of its own."""
        super().__init__(function)
        self.prototype = prototype
        self.symbol = f"{function.__module__}.{function.__name__}"
        self.unit_name = self.symbol if alone else function.__module__.rpartition(".")[0]
        self.unit = self.units.setdefault(self.unit_name, [])
        self.unit.append(self)

    @cached_property
    def address(self) -> int:
        """Where its machine code is, which is loaded or made now."""
        from emu.native.machine_code import address_of_entry

        return address_of_entry(self)

    @cached_property
    def _native(self) -> Any:
        return self.prototype(self.address)

    def __call__(self, *arguments: Any) -> Any:
        """From Python."""
        return self._native(*arguments)


class Twin:
    """The same where nothing is compiled."""

    def __init__(self, function: Callable[..., Any], prototype: Any) -> None:
        """C calls Python."""
        update_wrapper(self, function)
        self._function, self._shell = function, prototype(function)

    @property
    def address(self) -> int:
        """Where C calls it."""
        return ctypes.cast(self._shell, ctypes.c_void_p).value or 0

    def __call__(self, *arguments: Any) -> Any:
        """From Python."""
        return self._function(*arguments)


def njit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a hot function (or leave it as Python when the compiler is off)."""
    return Hot(function) if JIT else function


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, compiled into what calls it: for the few that every instruction goes through, as a call costs them dear."""
    return Hot(function, inline=True) if JIT else function


def entry(function: F, *, alone: bool = False) -> F:
    """Compile what Python calls: a function of numbers, as its annotations say (int, bool, None)."""
    kinds = get_type_hints(function)
    returned = kinds.pop("return")
    if JIT:
        prototype = ctypes.PYFUNCTYPE(C_TYPES[returned], *(C_TYPES[kind] for kind in kinds.values()))
        return cast("F", Entry(function, prototype, alone=alone))
    return cast("F", wraps(function)(lambda *arguments: _PLAIN[returned](function(*arguments))))


def alone(function: F) -> F:
    """The same, compiled by itself: small, and called where nothing else of its package is."""
    return entry(function, alone=True)


_PLAIN: dict[Any, Callable[[Any], Any]] = {int: int, bool: bool, type(None): lambda answer: None}


def hook(prototype: Any) -> Callable[[Callable[..., Any]], Entry | Twin]:
    """Compile what Unicorn calls, at its `address`: a C function of a type that `ctypes.CFUNCTYPE` has made."""
    return lambda function: (Entry if JIT else Twin)(function, prototype)
