"""A core's registers, where its Unicorn instance has them: the general ones in the order of their numbers, RIP, RFLAGS.

RFLAGS has all flags between Unicorn's calls (x86_cpu_exec_enter and _exit, qemu/target/i386/cpu.c), but is not all that its own
functions look at: `show_flags` is for those who ask them.
"""

from emu.engine.env import ARITHMETIC, CC_OP, CC_OP_EFLAGS, CC_SRC, DF, DIRECTION, EFLAGS, I64, put32, put64
from emu.native import array_at, inlined

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 = range(12)
RFLAGS = EFLAGS // 8
REGISTERS = RFLAGS + 1


@inlined
def registers_of(core):  # type: ignore[no-untyped-def]
    """All of them."""
    return array_at(core.env, REGISTERS, I64)


@inlined
def get(core, register):  # type: ignore[no-untyped-def]
    """Value of a register."""
    return int(array_at(core.env, REGISTERS, I64)[register])


@inlined
def put(core, register, value):  # type: ignore[no-untyped-def]
    """Set a register."""
    array_at(core.env, REGISTERS, I64)[register] = value


@inlined
def show_flags(core):  # type: ignore[no-untyped-def]
    """Let Unicorn's functions find what RFLAGS says."""
    flags = get(core, RFLAGS)
    put32(core, CC_OP, CC_OP_EFLAGS)
    put64(core, CC_SRC, flags & ARITHMETIC)
    put32(core, DF, -1 if flags & DIRECTION else 1)
