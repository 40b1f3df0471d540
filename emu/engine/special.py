"""Instructions that Unicorn leaves to the engine: system calls, HLT, the clock, CPUID.

All of them run between two turns of Unicorn, when registers may be set and the privilege level may change.
"""

import numpy as np

from emu.engine.account import pass_time
from emu.engine.apic import watch_interrupts
from emu.engine.env import CODE_64, CPL, CS, FMASK, HFLAGS, LSTAR, SS, STACK, STAR, get32, get64, put32, put_segment
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
from emu.engine.registers import R11, RAX, RBX, RCX, RDX, RFLAGS, get, put
from emu.engine.trace import note
from emu.memory.records import BUS
from emu.native import array_at, njit
from emu.trace.record import Kind, State

KERNEL_CS = 0x10
IDLE = int(State.IDLE)
K_HALT, K_WAKE = int(Kind.HALT), int(Kind.WAKE)


@njit
def emulate(machine, core, special, size):  # type: ignore[no-untyped-def]
    """Execute the special instruction at `core.pc`; False if it cannot be."""
    core.stage = FRESH
    following = core.pc + size
    if special == SP_RDTSC:
        put(core, RAX, core.clock & 0xFFFFFFFF)
        put(core, RDX, core.clock >> 32)
        core.pc = following
    elif special == SP_SYSCALL:
        flags = get(core, RFLAGS)
        put(core, RCX, following)
        put(core, R11, flags)
        put(core, RFLAGS, flags & ~get64(core, FMASK))
        enter_kernel(core, ((get64(core, STAR) >> 32) & 0xFFFC) + 8)
        core.pc = get64(core, LSTAR)
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
        machine.counters.halts += 1
    elif special == SP_CPUID:
        cpuid(machine, core)
        core.pc = following
    else:
        core.fault.kind = FAULT_ENGINE
        return False
    return True


@njit
def enter_kernel(core, stack_segment):  # type: ignore[no-untyped-def]
    """Ring 3 to ring 0: the privilege level, CS and SS."""
    put32(core, HFLAGS, get32(core, HFLAGS) & ~CPL)
    put_segment(core, CS, KERNEL_CS, CODE_64)
    put_segment(core, SS, stack_segment, STACK)


@njit
def cpuid(machine, core):  # type: ignore[no-untyped-def]
    """Answer from the machine file: rows of (leaf, subleaf or -1, eax, ebx, ecx, edx); unknown leaves read zero."""
    leaf, subleaf = get(core, RAX) & 0xFFFFFFFF, get(core, RCX) & 0xFFFFFFFF
    rows = array_at(machine.cpuid, machine.cpuid_rows * 6, I64)
    a = b = c = d = np.int64(0)
    for row in range(machine.cpuid_rows):
        if rows[6 * row] == leaf and (rows[6 * row + 1] == subleaf or rows[6 * row + 1] < 0):
            a, b, c, d = rows[6 * row + 2], rows[6 * row + 3], rows[6 * row + 4], rows[6 * row + 5]
    if leaf == 1:
        b |= core.index << 24
    if leaf == 0x8000001E:
        a, b = core.index, (b & ~0xFF) | (core.index // array_at(machine.bus, 1, BUS)[0].cores_per_module)
    put(core, RAX, a)
    put(core, RBX, b)
    put(core, RCX, c)
    put(core, RDX, d)


@njit
def wake(machine, core):  # type: ignore[no-untyped-def]
    """The core leaves HLT for the interrupt that has come."""
    arrival = max(core.irq.at, core.halted_at)
    asleep = arrival > core.halted_at
    core.clock = arrival + (machine.costs.halt_exit if asleep else 0)
    pass_time(core, IDLE, core.clock)
    core.status = RUNNING
    note(machine, core, K_WAKE, core.clock, 0, 0, core.clock - core.halted_at)
