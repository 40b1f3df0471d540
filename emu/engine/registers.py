"""Unicorn's registers, from compiled code."""

from unicorn import x86_const as x86

from emu.native import call, njit

RFLAGS, RAX, RSP, MSR = x86.UC_X86_REG_RFLAGS, x86.UC_X86_REG_RAX, x86.UC_X86_REG_RSP, x86.UC_X86_REG_MSR


@njit
def get(machine, core, register):  # type: ignore[no-untyped-def]
    """Value of a register of up to 64 bits."""
    core.scratch[0] = 0
    call(machine.reg_read, core.uc, register, core.scratch_at, 0, 0)
    return core.scratch[0]


@njit
def put(machine, core, register, value):  # type: ignore[no-untyped-def]
    """Set a register."""
    core.scratch[0] = value
    call(machine.reg_write, core.uc, register, core.scratch_at, 0, 0)


@njit
def get_msr(machine, core, number):  # type: ignore[no-untyped-def]
    """Value of a model-specific register (struct uc_x86_msr: number, value)."""
    core.scratch[0] = number
    core.scratch[1] = 0
    call(machine.reg_read, core.uc, MSR, core.scratch_at, 0, 0)
    return core.scratch[1]
