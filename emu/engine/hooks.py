"""The C callbacks that Unicorn calls for what is left to it: thin shells around the accesses, the xAPIC, and faults."""

from ctypes import CFUNCTYPE, c_bool, c_int32, c_int64

from unicorn import unicorn_const as uc_const

from emu.engine import apic
from emu.engine.access import load_access, store_access
from emu.engine.account import note_cause
from emu.engine.deliver import PAGE_FAULT
from emu.engine.interpreter.arithmetic import clip
from emu.engine.records import (
    CORE,
    FAULT_EXCEPTION,
    FAULT_MEMORY,
    FIXUP,
    INSTRUCTION,
    MACHINE,
    STOP_EXCEPTION,
    STOP_FAULT,
    STOP_HANDED_BACK,
)
from emu.engine.schedule import stall_dispatch
from emu.engine.sharing import DEVICE, notice
from emu.engine.turn import stop
from emu.memory.records import BUS
from emu.memory.store_buffer import stores_visible_at
from emu.native import array_at, hook, njit
from emu.trace.record import Cause

C_MMIO = int(Cause.MMIO)
WRITE = uc_const.UC_MEM_WRITE
i64, i32 = c_int64, c_int32
CODE_HOOK = CFUNCTYPE(None, i64, i64, i32, i64)  # uc, address, size, user data
MEMORY_HOOK = CFUNCTYPE(None, i64, i32, i64, i32, i64, i64)  # uc, access type, address, size, value, user data
INVALID_HOOK = CFUNCTYPE(c_bool, i64, i32, i64, i32, i64, i64)
INTERRUPT_HOOK = CFUNCTYPE(None, i64, i32, i64)  # uc, exception number, user data
MMIO_READ = CFUNCTYPE(c_int64, i64, i64, i32, i64)  # uc, offset, size, user data
MMIO_WRITE = CFUNCTYPE(None, i64, i64, i32, i64, i64)  # uc, offset, size, value, user data


@hook(CODE_HOOK)
def on_code(uc, address, size, user):  # type: ignore[no-untyped-def]
    """Before each instruction: one was left to Unicorn, the next one is not."""
    core = array_at(user, 1, CORE)[0]
    if core.left != 0:
        core.left = 0
        return
    core.pc = address
    stop(array_at(core.machine, 1, MACHINE)[0], core, STOP_HANDED_BACK)


@hook(MEMORY_HOOK)
def on_access(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """Before each load and store. One hook for both, as each that is compiled has all of the memory layer in it."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if kind == WRITE:
        store_access(machine, core, address, size, clip(value, size))
    else:
        load_access(machine, core, address, size)


@hook(INVALID_HOOK)
def on_invalid(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    """An access that no mapping allows: the run ends as a guest fault."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    core.fault.kind = FAULT_MEMORY
    core.fault.code = kind
    core.fault.address = address
    stop(machine, core, STOP_FAULT)
    return False


@njit
def has_fixup(machine, core):  # type: ignore[no-untyped-def]
    """Whether the kernel knows how to go on after a page fault of the instruction in flight."""
    if core.current < 0:
        return False
    return array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits & FIXUP != 0


@hook(INTERRUPT_HOOK)
def on_exception(uc, number, user):  # type: ignore[no-untyped-def]
    """An exception in the guest: the run ends as a guest fault, unless the kernel has a fixup for a page fault here."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if number == PAGE_FAULT and has_fixup(machine, core):
        stop(machine, core, STOP_EXCEPTION)
        return
    core.fault.kind = FAULT_EXCEPTION
    core.fault.code = number
    stop(machine, core, STOP_FAULT)


@hook(MMIO_READ)
def on_apic_read(uc, offset, size, user):  # type: ignore[no-untyped-def]
    """A load from the core's xAPIC page."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    if machine.sharing != 0:
        notice(machine, core, DEVICE, False)
    core.data_at = max(core.start, core.retired_at) + machine.costs.mmio_read
    note_cause(core, machine.costs.mmio_read, C_MMIO)
    return apic.read(machine, core, offset)


@hook(MMIO_WRITE)
def on_apic_write(uc, offset, size, value, user):  # type: ignore[no-untyped-def]
    """A store to the core's xAPIC page: it waits for the earlier stores."""
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    machine.counters.apic_writes += 1
    if machine.sharing != 0:
        notice(machine, core, DEVICE, True)
    visible_at = stores_visible_at(array_at(machine.bus, 1, BUS)[0], core.index)
    core.data_at = max(core.start, core.operands_at, core.retired_at, visible_at) + machine.costs.mmio_write
    note_cause(core, core.data_at - core.start, C_MMIO)
    stall_dispatch(core, core.data_at, C_MMIO)
    apic.write(machine, core, offset, value)
