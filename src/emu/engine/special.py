"""Instructions and events that Unicorn leaves to the engine: system calls, HLT, the clock, CPUID, interrupt delivery.

All of them run between two turns of Unicorn, when registers may be set and the privilege level may change.
"""

import numpy as np
from unicorn import x86_const as x86

from emu.engine.account import note, slower
from emu.engine.apic import take, watch
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
from emu.memory.access import load, store
from emu.memory.records import BUS
from emu.memory.store_buffer import drain_cycles, read_ram, write_ram
from emu.native import array_at, call, njit
from emu.trace_record import Cause, Kind, State

RAX, RBX, RCX, RDX, RSP, R11 = (
    x86.UC_X86_REG_RAX, x86.UC_X86_REG_RBX, x86.UC_X86_REG_RCX, x86.UC_X86_REG_RDX, x86.UC_X86_REG_RSP, x86.UC_X86_REG_R11
)  # fmt: skip
RFLAGS, CS, SS, IDTR, TR, MSR = (
    x86.UC_X86_REG_RFLAGS, x86.UC_X86_REG_CS, x86.UC_X86_REG_SS, x86.UC_X86_REG_IDTR, x86.UC_X86_REG_TR, x86.UC_X86_REG_MSR
)  # fmt: skip
IF, TF_IF_DF_NT_AC = 0x200, 0x44700
LSTAR, STAR, SFMASK = 0xC0000082, 0xC0000081, 0xC0000084
KERNEL_CS = 0x10
TEXT_MAP, DIRECT_MAP = -(2**31), -(0x7800 << 32)  # 0xffffffff80000000 and 0xffff880000000000 as signed numbers
IDLE, INTERRUPT = int(State.IDLE), int(State.INTERRUPT)
K_INTERRUPT, K_HALT, K_WAKE = int(Kind.INTERRUPT), int(Kind.HALT), int(Kind.WAKE)
C_SYSTEM = int(Cause.SYSTEM)


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


@njit
def get_base(machine, core, register):  # type: ignore[no-untyped-def]
    """Base of IDTR or TR (struct uc_x86_mmr: selector, base, limit, flags)."""
    core.scratch[1] = 0
    call(machine.reg_read, core.uc, register, core.scratch_at, 0, 0)
    return core.scratch[1]


@njit
def physical(address):  # type: ignore[no-untyped-def]
    """Physical address of a kernel virtual address in one of the two linear maps."""
    return address - TEXT_MAP if address >= TEXT_MAP else address - DIRECT_MAP


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
        core.masked = 0
        watch(core)
    elif special == SP_HLT:
        core.pc = following
        core.status = HALTED
        core.masked = 0
        core.shadow = 0
        watch(core)
        core.halted_at = core.clock
        note(machine, core, K_HALT, core.clock, 0, 0, 0)
        machine.halts += 1
    elif special == SP_CPUID:
        cpuid(machine, core)
        core.pc = following
    else:
        core.fault = FAULT_ENGINE
        return False
    return True


@njit
def enter_kernel(machine, core, stack_segment):  # type: ignore[no-untyped-def]
    """Ring 3 to ring 0: CS, SS and the privilege level, in a saved context (see UnicornCore.context)."""
    call(machine.context_save, core.uc, core.context, 0, 0, 0)
    words = array_at(core.context_cs - 0x20, 20, np.uint32)  # hflags; CS and SS from word 8 on: selector, .., flags
    words[0] &= np.uint32(0xFFFFFFFC)
    words[8] = np.uint32(KERNEL_CS)
    words[13] = np.uint32(0x00AF9B00)
    words[14] = np.uint32(stack_segment)
    words[19] = np.uint32(0x00CF9300)
    call(machine.context_restore, core.uc, core.context, 0, 0, 0)


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
    arrival = max(core.irq_at, core.halted_at)
    asleep = arrival > core.halted_at
    core.clock = arrival + (machine.halt_exit if asleep else 0)
    core.cycles[IDLE] += core.clock - core.retired_at
    core.retired_at = core.clock
    core.status = RUNNING
    note(machine, core, K_WAKE, core.clock, 0, 0, core.clock - core.halted_at)


@njit
def push(machine, core, address, value):  # type: ignore[no-untyped-def]
    """One store of the interrupt microcode."""
    bus = array_at(machine.bus, 1, BUS)[0]
    slower(core, store(bus, core.index, core.clock, address, 8, value, -1), C_SYSTEM)
    write_ram(bus, address, 8, value)


@njit
def deliver(machine, core):  # type: ignore[no-untyped-def]
    """Take the pending interrupt through the IDT if IF is set and the store buffer is empty; else wait for that."""
    flags = get(machine, core, RFLAGS)
    if flags & IF == 0:
        core.masked = 1
        watch(core)
        return
    bus = array_at(machine.bus, 1, BUS)[0]
    wait = drain_cycles(bus, core.index, core.clock)
    if wait > 0:
        core.clock += wait  # others may come first now
        return
    vector = take(core, core.clock)
    stack, segment, code = get(machine, core, RSP), get(machine, core, SS), get(machine, core, CS)
    top = stack
    if code & 3:
        tss = physical(get_base(machine, core, TR)) + 4
        slower(core, load(bus, core.index, core.clock, tss, 8), C_SYSTEM)
        top = read_ram(bus, tss, 8)
    gate = physical(get_base(machine, core, IDTR)) + 16 * vector
    slower(core, load(bus, core.index, core.clock, gate, 8), C_SYSTEM)
    low, high = read_ram(bus, gate, 8), read_ram(bus, gate + 8, 4)
    frame = (top & ~15) - 40
    at = physical(frame)
    push(machine, core, at + 32, segment & 0xFFFF)
    push(machine, core, at + 24, stack)
    push(machine, core, at + 16, flags)
    push(machine, core, at + 8, code & 0xFFFF)
    push(machine, core, at, core.pc)
    if code & 3:
        enter_kernel(machine, core, 0)
    put(machine, core, RSP, frame)
    put(machine, core, RFLAGS, flags & ~TF_IF_DF_NT_AC)
    core.pc = (high << 32) | ((low >> 32) & 0xFFFF0000) | (low & 0xFFFF)
    core.clock += machine.interrupt_entry + core.extra
    core.cycles[INTERRUPT] += core.clock - core.retired_at
    core.retired_at = core.clock
    core.extra = 0
    core.cause = 0
    core.cause_cycles = 0
    core.stage = FRESH
    core.current = -1
    machine.interrupts += 1
    note(machine, core, K_INTERRUPT, core.clock, vector, 0, core.pc)
