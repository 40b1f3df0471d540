"""Unicorn's CPU state, read and written in place: where each field of QEMU's CPUX86State is, and flags put together.

Offsets are those of Unicorn 2.1.4 (qemu/target/i386/cpu.h); `emu.engine.unicorn_state` checks them against a running engine.
"""

import numpy as np
from unicorn import x86_const as x86

from emu.native import array_at, call, njit

I64, U32 = np.int64, np.uint32
REGS, EIP, EFLAGS, CC_SRC, CC_OP, DF, HFLAGS = 0, 128, 136, 152, 168, 172, 176
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = (8 * n for n in (0, 1, 2, 3, 4, 5, 6, 7, 11))
# A segment: u32 selector, u64 base at 8, u32 limit at 16, u32 flags at 20
ES, CS, SS, DS, FS, GS, LDT, TR, GDT, IDT = (184 + 24 * n for n in range(10))
CR0, CR2, CR3, CR4, EFER = 424, 440, 448, 456, 592
XMM, XMM_BYTES = 824, 64  # ZMMReg xmm_regs[]
STAR, LSTAR, FMASK, KERNEL_GS_BASE, TSC_AUX = 4824, 4840, 4856, 4864, 4896
ERROR_CODE, IS_INT, BREAKPOINTS, OLD_EXCEPTION = 5384, 5388, 5464, 5496
BREAKPOINT_COUNT = 4  # pointers to hardware breakpoints, which are the host's
# CPUState
CFLAGS_NEXT_TB = 24

CPL, INHIBIT_IRQ, CS32, SS32, ADDSEG, LMA, CS64 = 3, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 14, 1 << 15
IF, TF, NT, RF, VM = 0x200, 0x100, 0x4000, 0x10000, 0x20000
ARITHMETIC, DIRECTION = 0x8D5, 0x400
CC_OP_EFLAGS = 1
PAGING, WRITE_PROTECT = 1 << 31, 1 << 16
NO_EXECUTE = 1 << 11  # EFER
CODE_64, STACK = 0x00AF9B00, 0x00CF9300  # descriptor flags
RFLAGS = x86.UC_X86_REG_EFLAGS


@njit
def get64(core, offset):  # type: ignore[no-untyped-def]
    """A field of 64 bits."""
    return array_at(core.env + offset, 1, I64)[0]


@njit
def put64(core, offset, value):  # type: ignore[no-untyped-def]
    """Set a field of 64 bits."""
    array_at(core.env + offset, 1, I64)[0] = value


@njit
def get32(core, offset):  # type: ignore[no-untyped-def]
    """A field of 32 bits."""
    return I64(array_at(core.env + offset, 1, U32)[0])


@njit
def put32(core, offset, value):  # type: ignore[no-untyped-def]
    """Set a field of 32 bits."""
    array_at(core.env + offset, 1, U32)[0] = U32(value & 0xFFFFFFFF)


@njit
def get_flags(machine, core):  # type: ignore[no-untyped-def]
    """RFLAGS, whose arithmetic bits QEMU computes when they are asked for."""
    core.scratch[0] = 0
    call(machine.reg_read, core.uc, RFLAGS, core.scratch_at, 0, 0)
    return core.scratch[0]


@njit
def put_flags(core, flags):  # type: ignore[no-untyped-def]
    """Set all of RFLAGS, in a hook."""
    put64(core, EFLAGS, (flags & ~(ARITHMETIC | DIRECTION)) | 2)
    put64(core, CC_SRC, flags & ARITHMETIC)
    put32(core, CC_OP, I64(CC_OP_EFLAGS))
    put32(core, DF, I64(-1) if flags & DIRECTION else I64(1))


@njit
def put_segment(core, segment, selector, flags):  # type: ignore[no-untyped-def]
    """Load a flat segment."""
    put32(core, segment, selector)
    put64(core, segment + 8, I64(0))
    put32(core, segment + 16, I64(0xFFFFFFFF))
    put32(core, segment + 20, I64(flags))


@njit
def linear_pc(core):  # type: ignore[no-untyped-def]
    """The linear address of the next instruction."""
    pc = get64(core, EIP)
    return pc if get32(core, HFLAGS) & CS64 else (pc + get64(core, CS + 8)) & 0xFFFFFFFF
