"""The xAPIC of each core: identity, interrupt commands, end of interrupt, a periodic timer.

Only physical destinations are modelled. An interrupt reaches its target `ipi_flight` cycles after the command has retired
into the bus; the target takes it at an instruction boundary with IF set.
"""

from emu.engine.core_parts import VECTORS
from emu.engine.park_records import EARLY
from emu.engine.records import CORE, HALTED, WAITING_FOR_STARTUP
from emu.engine.schedule import bound
from emu.engine.trace import note
from emu.native import NEVER, array_at, njit
from emu.trace.record import Kind

ID, EOI, ICR, ICR_HIGH = 0x20, 0xB0, 0x300, 0x310
TIMER = 0xEF  # LOCAL_TIMER_VECTOR of Linux 4.8, arch/x86/include/asm/irq_vectors.h
FIXED, INIT, STARTUP = 0, 5, 6
K_IPI = int(Kind.IPI_SENT)


@njit
def read(machine, core, offset):  # type: ignore[no-untyped-def]
    """Value of a register; the delivery-status bit of the ICR always reads idle."""
    if offset == ID:
        return core.index << 24
    if offset == ICR_HIGH:
        return core.irq.icr_high
    return 0


@njit
def write(machine, core, offset, value):  # type: ignore[no-untyped-def]
    """Write a register: the store is made at `core.data_at`."""
    if offset == ICR_HIGH:
        core.irq.icr_high = value
    elif offset == ICR:
        send(machine, core, core.irq.icr_high >> 24, value)
    elif offset == EOI:
        core.irq.in_service = 0
        rearm(core)


@njit
def send(machine, core, target, command):  # type: ignore[no-untyped-def]
    """Send an interrupt command to one core."""
    if target < 0 or target >= machine.core_count:
        return
    other = array_at(machine.cores, machine.core_count, CORE)[target]
    mode = (command >> 8) & 7
    at = core.data_at + machine.costs.ipi_flight
    if mode == STARTUP and other.status == WAITING_FOR_STARTUP:
        other.irq.startup_at = min(other.irq.startup_at, at)
        bound(machine, core, at)
    elif mode == FIXED:
        machine.counters.ipis += 1
        post(machine, core, other, command & 0xFF, at)
    note(machine, core, K_IPI, core.data_at, target, 0, command & 0xFF)


@njit
def post(machine, core, other, vector, at):  # type: ignore[no-untyped-def]
    """Vector `vector` becomes pending at `other` at time `at`."""
    other.irq.arrival[vector] = min(other.irq.arrival[vector], at)
    rearm(other)
    if other.status == HALTED or other.index == core.index:
        bound(machine, core, at)
    elif other.parked != 0:
        bound(machine, core, at - EARLY * other.parked)


@njit
def rearm(core):  # type: ignore[no-untyped-def]
    """Recompute when the next interrupt that outranks the one in service arrives."""
    core.irq.at = NEVER
    for vector in range((core.irq.in_service & 0xF0) + 0x10 if core.irq.in_service else 0x20, VECTORS):
        core.irq.at = min(core.irq.at, core.irq.arrival[vector])
    watch_interrupts(core)


@njit
def watch_interrupts(core):  # type: ignore[no-untyped-def]
    """Look out for the next interrupt, unless they are known to be masked or held off by `sti`."""
    core.irq.watch = NEVER if core.irq.masked != 0 or core.irq.shadow != 0 else core.irq.at


@njit
def acknowledge(core, now):  # type: ignore[no-untyped-def]
    """Highest vector that has arrived by `now`, put in service; the timer arms itself again."""
    for vector in range(VECTORS - 1, 0x1F, -1):
        if core.irq.arrival[vector] <= now:
            core.irq.arrival[vector] = NEVER
            if vector == TIMER and core.irq.timer_period > 0:
                core.irq.arrival[vector] = now + core.irq.timer_period
            core.irq.in_service = vector
            rearm(core)
            return vector
    return 0
