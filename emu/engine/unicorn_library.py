"""The C library of Unicorn, called by address or directly: what the engine and the boot machine both need of it."""

import ctypes
from functools import cache
from typing import Any

import unicorn
from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib

from emu.errors import InternalError


def function_pointer(name: str) -> int:
    """Address of a function of the Unicorn library."""
    return int(ctypes.cast(getattr(uclib, name), ctypes.c_void_p).value or 0)


def check(error: int, what: str) -> None:
    """Unicorn did what it was asked for, or it is an `InternalError`."""
    if error:
        raise InternalError(f"Unicorn refused {what}: error {error}")


@cache
def unsynced_offset() -> int:
    """Where an engine (struct uc_struct) keeps skip_sync_pc_on_exit.

    While it is set, Unicorn does not work out the program counter in front of each hook of an access, which takes it longer
    than the hook: a hook in front of the instruction has been given it. It is found by writing the program counter, which
    sets quit_request and, behind it, this.
    """
    uc: Any = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
    uc.reg_read(x86.UC_X86_REG_RIP)  # the engine is complete from here on
    library = ctypes.CDLL(None)
    library.malloc_usable_size.restype = ctypes.c_size_t
    size = library.malloc_usable_size(ctypes.c_void_p(uc._uch.value))
    images = [ctypes.string_at(uc._uch.value, size)]
    uc.reg_write(x86.UC_X86_REG_RIP, 0)
    images.append(ctypes.string_at(uc._uch.value, size))
    changed = [at for at in range(size) if images[0][at] != images[1][at]]
    if len(changed) != 2 or any(images[1][at] != 1 for at in changed):
        raise InternalError(f"Unicorn's engine has another layout than 2.1.4: writing the program counter changes bytes {changed}")
    return changed[1]
