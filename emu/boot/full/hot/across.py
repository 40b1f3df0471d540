"""Accesses across two pages, which lie anywhere in memory: each part on the one road."""

from emu.boot.full.hot.records import I64, PAGE
from emu.boot.full.hot.text import change_code, store_code
from emu.boot.hot.walk import NOWHERE, READ, WRITE, translate
from emu.engine.env import CPL, HFLAGS, get32
from emu.engine.records import INSTRUCTION, LOADS, LOCKED
from emu.engine.schedule import stall_dispatch
from emu.engine.trace import LOAD, STORE, note_access, note_earlier_access
from emu.engine.trace_lines import keep_place, note_lines
from emu.memory.access import atomic, load
from emu.memory.store_buffer import push_store, read_ram
from emu.native import array_at, call, mix, njit
from emu.trace.record import Cause

C_FULL = int(Cause.STORE_BUFFER_FULL)


@njit
def second_page(gear, boot, full, core, cpu, address, access):  # type: ignore[no-untyped-def]
    """Physical address of the page behind the one that an access begins in; NOWHERE if it will fault there, or is no RAM."""
    full.crossings += 1
    if call(gear.find_linear, core.index, address, 0, 0, 0) != 0:
        return I64(NOWHERE)
    following = (full.linear | (PAGE - 1)) + 1
    found = translate(boot, cpu, following, access, get32(cpu, HFLAGS) & CPL == 3)
    return found if found >> 12 < gear.frames else I64(NOWHERE)


@njit
def see(bus, core, address, size):  # type: ignore[no-untyped-def]
    """What was loaded, a byte after the other, into the digest."""
    for each in range(size):
        core.digest = mix(core.digest, read_ram(bus, address + each, 1))


@njit
def note_parts(machine, core, access, address, size, second, second_size, value):  # type: ignore[no-untyped-def]
    """What the instruction in flight did, for the trace: an access to each page, with the value of the whole."""
    note_earlier_access(machine, core, access, address)
    note_access(core, access, address, value, size)
    note_earlier_access(machine, core, access, second)
    note_access(core, access, second, value, second_size)


@njit
def load_across(gear, boot, bus, machine, full, core, cpu, address, size):  # type: ignore[no-untyped-def]
    """A load across pages: nothing, if its second page faults."""
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    locked = instruction.traits & LOCKED != 0
    second = second_page(gear, boot, full, core, cpu, address, WRITE if locked else READ)
    if second == NOWHERE:
        return
    first = PAGE - (address & (PAGE - 1))
    if locked:
        cycles = atomic(bus, core.index, core.clock, address, first, instruction.latency)
        note_lines(machine, core, address, first, False)
        cycles += atomic(bus, core.index, core.clock, second, size - first, instruction.latency)
    else:
        cycles = load(bus, core.index, core.clock, core.start, address, first)
        note_lines(machine, core, address, first, False)
        cycles = max(cycles, load(bus, core.index, core.clock, core.start, second, size - first)) + 1
    note_lines(machine, core, second, size - first, False)
    core.data_at = max(core.data_at, core.start + cycles)
    see(bus, core, address, first)
    see(bus, core, second, size - first)
    note_parts(machine, core, LOAD, address, first, second, size - first, I64(0))


@njit
def store_across(gear, boot, bus, machine, full, core, cpu, address, size, value):  # type: ignore[no-untyped-def]
    """A store across pages, byte by byte: nothing, if its second page faults."""
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    second = second_page(gear, boot, full, core, cpu, address, WRITE)
    if second == NOWHERE:
        return
    core.digest = mix(core.digest, value)
    first = PAGE - (address & (PAGE - 1))
    slots = array_at(gear.frame_slots, gear.frames, I64)
    note_parts(machine, core, STORE, address, first, second, size - first, value)
    if slots[address >> 12] != 0 or slots[second >> 12] != 0:
        store_code(machine, bus, full, core, address, first)
        store_code(machine, bus, full, core, second, size - first)
        if slots[address >> 12] != 0:
            change_code(gear, boot, full, cpu, address, first)
        if slots[second >> 12] != 0:
            change_code(gear, boot, full, cpu, second, size - first)
        return
    if instruction.traits & LOCKED:
        return  # visible at once: the lines are its own since it has loaded
    data_at = max(core.operands_at, core.data_at) + (instruction.latency if instruction.traits & LOADS else 0)
    retires_at = max(core.retired_at, data_at, core.start + 1)
    wait = I64(0)
    for offset in range(size):
        at = address + offset if offset < first else second + offset - first
        byte = value >> (8 * offset)
        wait = push_store(bus, core.index, core.clock, core.start, at, I64(1), byte, I64(-1), data_at, retires_at)
    note_lines(machine, core, address, first, False)
    if machine.tracing.at != 0:
        keep_place(machine, bus, core, address, first, first, size - first)
        keep_place(machine, bus, core, second, size - first, size - first, 0)
    if wait > 0:
        stall_dispatch(core, core.clock + wait, C_FULL)
