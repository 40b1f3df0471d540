"""Interrupts and page faults through the IDT: the frame on the kernel stack, the privilege level, the time they take.

Only page faults that the kernel has a fixup for are delivered; all other exceptions end the run as guest faults.
"""

from emu.engine.account import LOCK_WAIT, pass_time, state_of
from emu.engine.apic import acknowledge, watch_interrupts
from emu.engine.env import CS, ERROR_CODE, IDT, IF, SS, TR, get32, get64
from emu.engine.records import FRESH, INSTRUCTION
from emu.engine.registers import RFLAGS, RSP, get, put
from emu.engine.special import enter_kernel
from emu.engine.trace import NO_ACCESS, note, note_access
from emu.engine.trace_lines import note_lines
from emu.memory.access import load, store
from emu.memory.records import BUS
from emu.memory.store_buffer import drain_due, read_ram, stores_visible_at, withdraw, write_ram
from emu.native import array_at, njit
from emu.trace.record import Access, Cause, Kind, State

TF_IF_DF_NT_AC = 0x44700
TEXT_MAP, DIRECT_MAP = -(2**31), -(0x7800 << 32)  # 0xffffffff80000000 and 0xffff880000000000 as signed numbers
PAGE_FAULT = 14
PF_WRITE = 2  # in the error code
NO_ERROR_CODE = -1
INTERRUPT = int(State.INTERRUPT)
K_INTERRUPT = int(Kind.INTERRUPT)
C_SYSTEM = int(Cause.SYSTEM)
A_STORE = int(Access.STORE)


@njit
def physical(address):  # type: ignore[no-untyped-def]
    """Physical address of a kernel virtual address in one of the two linear maps."""
    return address - TEXT_MAP if address >= TEXT_MAP else address - DIRECT_MAP


@njit
def push(machine, core, address, value):  # type: ignore[no-untyped-def]
    """One store of the interrupt microcode."""
    bus = array_at(machine.bus, 1, BUS)[0]
    core.data_at += store(bus, core.index, core.clock, core.clock, address, 8, value, -1, core.clock, core.clock)
    write_ram(bus, address, 8, value)
    note_lines(machine, core, address, 8, True)


@njit
def fetch(machine, core, address):  # type: ignore[no-untyped-def]
    """One load of the interrupt microcode: a quadword of RAM."""
    bus = array_at(machine.bus, 1, BUS)[0]
    cycles = load(bus, core.index, core.clock, core.clock, address, 8)
    core.data_at = max(core.data_at, core.clock + cycles)
    note_lines(machine, core, address, 8, False)
    return read_ram(bus, address, 8)


@njit
def deliver(machine, core):  # type: ignore[no-untyped-def]
    """Take the pending interrupt through the IDT, or wait until IF is set, all before it has retired and its stores are out."""
    if get(core, RFLAGS) & IF == 0:
        core.irq.masked = 1
        watch_interrupts(core)
        return
    if not quiet(machine, core):
        return  # others may come first now
    through_gate(machine, core, acknowledge(core, core.clock), NO_ERROR_CODE)
    machine.counters.interrupts += 1


@njit
def quiet(machine, core):  # type: ignore[no-untyped-def]
    """Whether all before the next instruction has retired and its stores are out; if not, the core waits until they are."""
    bus = array_at(machine.bus, 1, BUS)[0]
    if bus.next_drain <= core.clock:
        drain_due(bus, core.clock)
    quiet_at = max(core.retired_at, stores_visible_at(bus, core.index))
    if quiet_at > core.clock:
        core.clock = quiet_at
        return False
    return True


@njit
def page_fault(machine, core):  # type: ignore[no-untyped-def]
    """The instruction in flight, which has a fixup, touched what is not mapped or not allowed: it does not retire.

    What it had done so far (elements of a string instruction) counts as its routine's time, what the exception costs as
    interrupt time. CR2 is Unicorn's. The handler begins with the stores before the fault still in the buffer.
    """
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    code = error_code(core)
    if code & PF_WRITE:
        undo_store(machine, core)
    abandon(core, instruction)
    core.pc = core.current_pc
    through_gate(machine, core, PAGE_FAULT, code)
    note_access(core, NO_ACCESS, 0, 0, 0)


@njit
def abandon(core, instruction):  # type: ignore[no-untyped-def]
    """The instruction in flight does not retire: the time that it has taken is its routine's."""
    before = max(core.clock, core.retired_at)
    state = state_of(core, instruction.state)
    cycles = pass_time(core, state, before)
    if state < LOCK_WAIT:
        core.cycles_by_cause[0] += cycles
    core.clock = before


@njit
def error_code(core):  # type: ignore[no-untyped-def]
    """The error code that Unicorn has for the fault."""
    return get32(core, ERROR_CODE)


@njit
def undo_store(machine, core):  # type: ignore[no-untyped-def]
    """Take a store back that the hook has seen, as its first bytes lie on a page that is there, and that never happened."""
    if core.access.kind & A_STORE != 0 and (core.access.address & 0xFFF) + core.access.size > 0x1000:
        withdraw(array_at(machine.bus, 1, BUS)[0], core.index, core.access.size)  # a store across lines has an entry a byte


@njit
def through_gate(machine, core, vector, code):  # type: ignore[no-untyped-def]
    """Go to the handler of a vector: the frame with the error code, if there is one, is on the kernel stack."""
    bus = array_at(machine.bus, 1, BUS)[0]
    core.data_at = core.clock
    flags = get(core, RFLAGS)
    stack, segment, selector = get(core, RSP), get32(core, SS), get32(core, CS)
    top = stack
    if selector & 3:
        tss = physical(get64(core, TR + 8)) + 4
        top = fetch(machine, core, tss)
    gate = physical(get64(core, IDT + 8)) + 16 * vector
    low, high = fetch(machine, core, gate), read_ram(bus, gate + 8, 4)
    frame = (top & ~15) - 40
    at = physical(frame)
    push(machine, core, at + 32, segment & 0xFFFF)
    push(machine, core, at + 24, stack)
    push(machine, core, at + 16, flags)
    push(machine, core, at + 8, selector & 0xFFFF)
    push(machine, core, at, core.pc)
    if code != NO_ERROR_CODE:
        frame -= 8
        push(machine, core, at - 8, code)
    if selector & 3:
        enter_kernel(core, 0)
    put(core, RSP, frame)
    put(core, RFLAGS, flags & ~TF_IF_DF_NT_AC)
    core.pc = (high << 32) | ((low >> 32) & 0xFFFF0000) | (low & 0xFFFF)
    begin_handler(machine, core, vector)


@njit
def begin_handler(machine, core, vector):  # type: ignore[no-untyped-def]
    """The handler of a vector begins at `core.pc`: what the way there has cost, up to `core.data_at`, is interrupt time."""
    core.clock = core.data_at + machine.costs.interrupt_entry
    core.cycles_by_cause[C_SYSTEM] += pass_time(core, INTERRUPT, core.clock)
    core.late_cause = 0
    core.barrier = 0
    core.cause = 0
    core.cause_cycles = 0
    core.stage = FRESH
    core.current = -1
    note(machine, core, K_INTERRUPT, core.clock, vector, 0, core.pc)
