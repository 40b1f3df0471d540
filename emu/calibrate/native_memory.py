"""Memory that can be executed, memory for data, and calls of what lies there: ctypes, with threads pinned to cores."""

import ctypes
import mmap
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from emu.calibrate.routine import Routine, assemble
from emu.errors import UserError
from emu.native import address_of

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
BELOW = 1 << 16  # bytes below the data: a signal may come while a benchmark has its stack there
MACHINES = ("x86_64", "AMD64")
REFUSED = "emu calibrate host runs machine code of its own"


def check_machine() -> None:
    """Refuse a machine that cannot run the loops, in one line."""
    if platform.machine() not in MACHINES or not hasattr(os, "sched_setaffinity"):
        raise UserError(f"{REFUSED}: it needs Linux on x86-64, and this is {platform.system()} on {platform.machine()}")


class Code:
    """Routines in memory that can be executed."""

    def __init__(self, routines: list[Routine]) -> None:
        """Assemble and map them; a kernel that forbids it is a `UserError`."""
        check_machine()
        size = sum(16 * len(each.statements) + 64 for each in routines)
        try:
            self._mapping = mmap.mmap(-1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        except (OSError, ValueError) as error:
            raise UserError(f"{REFUSED}, and this kernel forbids memory that can be written and executed: {error}") from None
        base = address_of(np.frombuffer(self._mapping, np.uint8))
        text = assemble(list({each.name: each for each in routines}.values()), base)
        self._mapping[: len(text.code)] = text.code
        self._functions = {name: FUNCTION(address) for name, address in text.labels.items()}

    def __getitem__(self, name: str) -> Callable[[int, int, int], int]:
        """A routine as a function of data, iterations and flags."""
        return self._functions[name]


class Data:
    """Zeroed memory in small pages."""

    def __init__(self, size: int) -> None:
        """Map it, each page touched."""
        self._mapping = mmap.mmap(-1, BELOW + size)
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            self._mapping.madvise(mmap.MADV_NOHUGEPAGE)
        self.words: NDArray[np.uint64] = np.frombuffer(self._mapping, np.uint64)[BELOW // 8 :]
        self.words[:] = 0
        self.address = address_of(self.words)


def pinned(cpu: int) -> ThreadPoolExecutor:
    """One thread on one core, that does what it is given in order."""
    return ThreadPoolExecutor(1, initializer=lambda: os.sched_setaffinity(0, {cpu}))
