"""The registers of a core of `emu boot`, by gdb's names."""

from collections.abc import Callable

from emu.boot.core import Core
from emu.debug.registers import FLOATING, GENERAL
from emu.engine import env

PLACES = dict(zip(("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"), range(0, 64, 8), strict=True))
SEGMENTS = {"cs": env.CS, "ss": env.SS, "ds": env.DS, "es": env.ES, "fs": env.FS, "gs": env.GS}
BASES = {"fs_base": env.FS + 8, "gs_base": env.GS + 8}
CONTROL = {
    "k_gs_base": env.KERNEL_GS_BASE, "cr0": env.CR0, "cr2": env.CR2, "cr3": env.CR3, "cr4": env.CR4, "efer": env.EFER,
}  # fmt: skip


def pc_of(core: Core) -> int:
    """Where a core is."""
    return core.cpu.get64(env.EIP)


def _word(at: int) -> Callable[[Core], int]:
    return lambda core: core.cpu.get64(at)


def _segment(at: int) -> Callable[[Core], int]:
    return lambda core: core.cpu.get32(at)


def _floating(number: int) -> Callable[[Core], int]:
    return lambda core: core.cpu.floating(number)


def _control(number: int) -> Callable[[Core], int]:
    return lambda core: core.cpu.floating_control()[number] if number < 3 else 0


def _vector(number: int) -> Callable[[Core], int]:
    return lambda core: core.cpu.vector(number)


READ: dict[str, Callable[[Core], int]] = {
    **{name: _word(PLACES[name] if name in PLACES else 8 * int(name[1:])) for name in GENERAL},
    "rip": pc_of,
    "eflags": lambda core: core.cpu.flags() & 0xFFFFFFFF,
    **{name: _segment(at) for name, at in SEGMENTS.items()},
    **{f"st{number}": _floating(number) for number in range(8)},
    **{name: _control(number) for number, name in enumerate(FLOATING)},
    **{f"xmm{number}": _vector(number) for number in range(16)},
    "mxcsr": lambda core: core.cpu.floating_control()[3],
    **{name: _word(at) for name, at in (BASES | CONTROL).items()},
}
