"""Where an engine of Unicorn keeps its state: found by what is in it, as no function of the library says so.

An engine of another layout is refused.
"""

import ctypes
import os
from itertools import chain
from typing import Any, Self

from unicorn import x86_const as x86

from emu.engine import env
from emu.errors import InternalError

SENTINELS = tuple(0x5A17_3C00_0000_0001 * n & (2**64 - 1) for n in range(3, 19))
GENERAL_REGISTERS = ("RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", *(f"R{n}" for n in range(8, 16)))
UC_BYTES, CPU_BYTES = 0x1800, 0x800  # as much of struct uc_struct and of CPUState as is searched
OFFSET_MAX = 2**63 - 0x1000  # of a file
_FOUND = [(440, 296)]  # where in them the pointers are: in Unicorn 2.1.4 on Linux, or in the last engine that was looked into


def find_state(uc: Any) -> tuple[int, int]:
    """Host addresses of CPUX86State and CPUState: the pointers that lead to registers with values that nothing else has."""
    for name, value in zip(GENERAL_REGISTERS, SENTINELS, strict=True):
        uc.reg_write(getattr(x86, f"UC_X86_REG_{name}"), value)
    with Readable() as readable:
        state, cpu = _follow_pointers(int(uc._uch.value), readable)
    for name in GENERAL_REGISTERS:
        uc.reg_write(getattr(x86, f"UC_X86_REG_{name}"), 0)
    if ctypes.c_uint32.from_address(cpu + env.CFLAGS_NEXT_TB).value != 0xFFFFFFFF:
        raise InternalError("Unicorn's CPUState has another layout than 2.1.4")
    return state, cpu


def _follow_pointers(engine: int, readable: "Readable") -> tuple[int, int]:
    """From the engine to a CPUState to a CPUX86State; the pointers are at the same places in all engines."""
    wanted = b"".join(value.to_bytes(8, "little") for value in SENTINELS)
    anywhere = ((at, field) for at in range(0, UC_BYTES, 8) for field in range(0, CPU_BYTES, 8))
    for at, field in chain(_FOUND, anywhere):
        cpu = readable.word(engine + at)
        state = None if cpu is None else readable.word(cpu + field)
        if cpu is not None and state is not None and readable.read(state, len(wanted)) == wanted:
            _FOUND[:] = [(at, field)]
            return state, cpu
    raise InternalError("Unicorn's CPU state was not found: it has another layout than 2.1.4")


class Readable:
    """The host memory of this process, read by the kernel: for following pointers that may be none, or no longer any."""

    def __enter__(self) -> Self:
        """As it is now."""
        self._memory = os.open("/proc/self/mem", os.O_RDONLY)
        return self

    def __exit__(self, *exception: object) -> None:
        """Done."""
        os.close(self._memory)

    def read(self, address: int, size: int) -> bytes:
        """Bytes; none of them where not all can be read."""
        try:
            return os.pread(self._memory, size, address) if address < OFFSET_MAX else b""
        except OSError:
            return b""

    def word(self, address: int) -> int | None:
        """Eight bytes, if they can be read."""
        content = b"" if address % 8 else self.read(address, 8)
        return int.from_bytes(content, "little") if len(content) == 8 else None
