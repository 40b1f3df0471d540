"""Instructions that Unicorn leaves to the engine: system calls, HLT, the clock, CPUID.

All of them run between two turns of Unicorn, when registers may be set and the privilege level may change.
"""

import numpy as np
from unicorn import x86_const as x86

from emu.engine.account import pass_time
from emu.engine.apic import watch_interrupts
from emu.engine.records import (
    FAULT_ENGINE,
    FRESH,
    HALTED,
    I64,
    RUNNING,
    SP_CPUID,
    SP_HLT,
    SP_RDTSC,
    SP_SYSCALL,
)
from emu.engine.registers import RFLAGS, get, get_msr, put
from emu.engine.trace import note
from emu.memory.records import BUS
from emu.native import array_at, call, njit
from emu.trace.record import Kind, State

RAX, RBX, RCX, RDX, R11 = (
    x86.UC_X86_REG_RAX, x86.UC_X86_REG_RBX, x86.UC_X86_REG_RCX, x86.UC_X86_REG_RDX, x86.UC_X86_REG_R11
)  # fmt: skip
LSTAR, STAR, SFMASK = 0xC0000082, 0xC0000081, 0xC0000084
KERNEL_CS = 0x10
IDLE = int(State.IDLE)
K_HALT, K_WAKE = int(Kind.HALT), int(Kind.WAKE)


@njit
def emulate(machine, core, special, size):  # type: ignore[no-untyped-def]
    """Execute the special instruction at `core.pc`; False if it cannot be."""
    core.stage = FRESH
    following = core.pc + size
    if special == SP_RDTSC:
        put(machine, core, RAX, core.clock & 0xFFFFFFFF)
        put(machine, core, RDX, core.clock >> 32)
        core.pc = following
    elif special == SP_SYSCALL:
        flags = get(machine, core, RFLAGS)
        put(machine, core, RCX, following)
        put(machine, core, R11, flags)
        put(machine, core, RFLAGS, flags & ~get_msr(machine, core, SFMASK))
        enter_kernel(machine, core, ((get_msr(machine, core, STAR) >> 32) & 0xFFFC) + 8)
        core.pc = get_msr(machine, core, LSTAR)
        core.irq.masked = 0
        watch_interrupts(core)
    elif special == SP_HLT:
        core.pc = following
        core.status = HALTED
        core.irq.masked = 0
        core.irq.shadow = 0
        watch_interrupts(core)
        core.halted_at = core.clock
        note(machine, core, K_HALT, core.clock, 0, 0, 0)
        machine.halts += 1
    elif special == SP_CPUID:
        cpuid(machine, core)
        core.pc = following
    else:
        core.fault.kind = FAULT_ENGINE
        return False
    return True


@njit
def enter_kernel(machine, core, stack_segment):  # type: ignore[no-untyped-def]
    """Ring 3 to ring 0: CS, SS and the privilege level, in a saved context (see UnicornCore.context)."""
    call(machine.context_save, core.uc, core.context.at, 0, 0, 0)
    words = array_at(core.context.cs - 0x20, 20, np.uint32)  # hflags; CS and SS from word 8 on: selector, .., flags
    words[0] &= np.uint32(0xFFFFFFFC)
    words[8] = np.uint32(KERNEL_CS)
    words[13] = np.uint32(0x00AF9B00)
    words[14] = np.uint32(stack_segment)
    words[19] = np.uint32(0x00CF9300)
    call(machine.context_restore, core.uc, core.context.at, 0, 0, 0)


@njit
def cpuid(machine, core):  # type: ignore[no-untyped-def]
    """Answer from the machine file: rows of (leaf, subleaf or -1, eax, ebx, ecx, edx); unknown leaves read zero."""
    leaf, subleaf = get(machine, core, RAX) & 0xFFFFFFFF, get(machine, core, RCX) & 0xFFFFFFFF
    rows = array_at(machine.cpuid, machine.cpuid_rows * 6, I64)
    a = b = c = d = np.int64(0)
    for row in range(machine.cpuid_rows):
        if rows[6 * row] == leaf and (rows[6 * row + 1] == subleaf or rows[6 * row + 1] < 0):
            a, b, c, d = rows[6 * row + 2], rows[6 * row + 3], rows[6 * row + 4], rows[6 * row + 5]
    if leaf == 1:
        b |= core.index << 24
    if leaf == 0x8000001E:
        a, b = core.index, (b & ~0xFF) | (core.index // array_at(machine.bus, 1, BUS)[0].cores_per_module)
    put(machine, core, RAX, a)
    put(machine, core, RBX, b)
    put(machine, core, RCX, c)
    put(machine, core, RDX, d)


@njit
def wake(machine, core):  # type: ignore[no-untyped-def]
    """The core leaves HLT for the interrupt that has come."""
    arrival = max(core.irq.at, core.halted_at)
    asleep = arrival > core.halted_at
    core.clock = arrival + (machine.halt_exit if asleep else 0)
    pass_time(core, IDLE, core.clock)
    core.status = RUNNING
    note(machine, core, K_WAKE, core.clock, 0, 0, core.clock - core.halted_at)
