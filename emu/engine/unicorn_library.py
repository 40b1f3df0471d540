"""The C library of Unicorn, called by address or directly: what the engine and the boot machine both need of it."""

import ctypes

from unicorn.unicorn_py3.unicorn import uclib

from emu.errors import InternalError


def function_pointer(name: str) -> int:
    """Address of a function of the Unicorn library."""
    return int(ctypes.cast(getattr(uclib, name), ctypes.c_void_p).value or 0)


def check(error: int, what: str) -> None:
    """Unicorn did what it was asked for, or it is an `InternalError`."""
    if error:
        raise InternalError(f"Unicorn refused {what}: error {error}")
