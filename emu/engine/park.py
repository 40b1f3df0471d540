"""Cores that wait are parked: a loop that only rereads an unchanged line is gone through by arithmetic, exact to the cycle.

A core stands in front of the loop's load with the same registers, and with the same pipeline relative to its clock, as one and two
iterations ago: nothing but the line can change what it does, so all further iterations are alike. It is left alone until the line
is written or leaves its L1 (`memory.watch`), an interrupt is near, or time is up. What it would have done until then is added up:
each field that an iteration changes changes so many times as much, and the digest takes in each instruction with its time.
"""

from emu.engine.park_records import (
    CORE_BYTES,
    CORE_WORDS,
    FIRST_LOOK,
    GENERAL_REGISTERS,
    HEADS,
    LOOK_AGAIN,
    MARGIN,
    PARK,
    PERIODS_A_FLIGHT,
)
from emu.engine.park_state import (
    counters_are_saturated,
    loads_until,
    repeat_history,
    replay_digest,
    same_change,
    same_pipeline,
    shift_pipeline,
    take_body,
)
from emu.engine.probes import SPIN
from emu.engine.records import ACCOUNTED, CORE, I64, INSTRUCTION, LOCK, PROBED
from emu.engine.registers import RFLAGS, get
from emu.engine.schedule import bound
from emu.memory.records import BUFFER, BUS, WATCH
from emu.memory.store_buffer import drain_due
from emu.memory.watch import watch
from emu.native import NEVER, array_at, njit
from emu.timing.pipeline import PIPELINE


@njit
def park_of(machine, core):  # type: ignore[no-untyped-def]
    """The PARK record of a core."""
    return array_at(machine.parking.parks, machine.core_count, PARK)[core.index]


@njit
def words_of(machine, core):  # type: ignore[no-untyped-def]
    """A core's record as words."""
    return array_at(machine.cores + CORE_BYTES * core.index, CORE_WORDS, I64)


@njit
def count_visit(core, address, size, seen):  # type: ignore[no-untyped-def]
    """A core has loaded: the same as the last time, so that it may be waiting, or something else."""
    if core.current_pc == core.visit.pc and address == core.visit.address and seen == core.visit.value:
        core.visit.count += 1
        if core.visit.count >= core.visit.wanted:
            core.limit = I64(-1)  # it stops in front of the load the next time
        return
    core.visit.pc = core.current_pc
    core.visit.address = address if (address & 63) + size <= 64 else I64(-1)
    core.visit.value = seen
    core.visit.count = 0
    core.visit.wanted = I64(FIRST_LOOK)


@njit
def look(machine, core):  # type: ignore[no-untyped-def]
    """A core may wait in a loop: park it if it stands in front of the load as it did one and two iterations ago."""
    park = park_of(machine, core)
    if core.stage != ACCOUNTED or core.pc != core.visit.pc or core.visit.address < 0:
        core.visit.wanted = core.visit.count + LOOK_AGAIN
        return
    if park.visits != core.visit.count - 1:
        park.heads = 0
    same = is_same(machine, core, park)
    if park.heads > 0 and not same:
        park.heads = 0
        core.visit.wanted = core.visit.count + LOOK_AGAIN
        return
    park.heads += 1
    if park.heads == HEADS:
        park.heads = 0
        core.visit.wanted = core.visit.count + LOOK_AGAIN
        if fits(machine, core, park):
            begin(machine, core, park)
        return
    array_at(park.core, 1, CORE)[0] = core
    array_at(park.pipeline, 1, PIPELINE)[0] = array_at(core.pipeline, 1, PIPELINE)[0]
    park.visits = core.visit.count
    core.visit.wanted = core.visit.count + 1


@njit
def is_same(machine, core, park):  # type: ignore[no-untyped-def]
    """Whether a core stands as it did at the last look; notes what has changed since, which must be what changed before that."""
    before = array_at(park.core, 1, CORE)[0]
    registers = same_registers(machine, core, park)
    pipelines = array_at(park.pipeline, 1, PIPELINE)[0], array_at(core.pipeline, 1, PIPELINE)[0]
    pipeline = same_pipeline(pipelines[0], before.clock, pipelines[1], core.clock)
    change = same_change(park, array_at(park.core, CORE_WORDS, I64), words_of(machine, core))
    return registers and pipeline and (change or park.heads < HEADS - 1)


@njit
def same_registers(machine, core, park):  # type: ignore[no-untyped-def]
    """Note the guest's registers and flags; whether they are those of the last look."""
    same = True
    for place in range(GENERAL_REGISTERS + 1):
        value = get(core, place if place < GENERAL_REGISTERS else RFLAGS)
        same = same and value == park.registers[place]
        park.registers[place] = value
    return same


@njit
def fits(machine, core, park):  # type: ignore[no-untyped-def]
    """Whether all that a core does in its loop is known, and lasts for some time."""
    before, bus = array_at(park.core, 1, CORE)[0], array_at(machine.bus, 1, BUS)[0]
    period = core.clock - before.clock
    park.body = core.instructions - before.instructions
    if period <= 0 or period * PERIODS_A_FLIGHT > machine.costs.ipi_flight:
        return False
    if min(core.irq.watch, machine.end_at) - core.clock < MARGIN * period or core.irq.shadow != 0 or core.settling >= 0:
        return False
    if array_at(bus.buffers, bus.cores, BUFFER)[core.index].count > 0 or (core.wait.depth > 0 and machine.locking.site_count != 0):
        return False
    if not take_body(machine, core, park):
        return False
    digest = replay_digest(park, before.digest, core.visit.value, 0, 1, period)
    return digest == core.digest and counters_are_saturated(machine, core, park)


@njit
def begin(machine, core, park):  # type: ignore[no-untyped-def]
    """Park a core: `core.parked` is the cycles of an iteration."""
    core.parked = core.clock - array_at(park.core, 1, CORE)[0].clock
    machine.parking.parked += 1
    watch(array_at(machine.bus, 1, BUS)[0], core.index, core.visit.address >> 6)


@njit
def go_on(machine, core, loads):  # type: ignore[no-untyped-def]
    """A parked core has made so many loads more, and is in front of the next one."""
    park, period = park_of(machine, core), core.parked
    leave_park(machine, core)
    if loads <= 0:
        return
    core.digest = replay_digest(park, core.digest, core.visit.value, 1, loads, period)
    words = words_of(machine, core)
    for word in range(CORE_WORDS):
        words[word] += loads * park.change[word]
    repeat_history(core, park, loads, period)
    shift_pipeline(array_at(park.pipeline, 1, PIPELINE)[0], array_at(core.pipeline, 1, PIPELINE)[0], loads, period)
    if core.wait.depth > 0:
        lock = core.wait.lock[core.wait.depth - 1]
        array_at(machine.locking.locks, machine.locking.count, LOCK)[lock].spin_iterations += loads * park.pauses
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if instruction.traits & PROBED and core.spin.probe == instruction.probe:
        array_at(machine.probes.spins, machine.probes.spin_count, SPIN)[core.spin.probe].iterations += loads
    core.visit.wanted = core.visit.count + LOOK_AGAIN


@njit
def leave_park(machine, core):  # type: ignore[no-untyped-def]
    """The core takes turns again."""
    bus = array_at(machine.bus, 1, BUS)[0]
    array_at(bus.watching.watches, bus.cores, WATCH)[core.index].line = -1
    core.parked = 0
    machine.parking.parked -= 1


@njit
def go_on_before(machine, core, at):  # type: ignore[no-untyped-def]
    """Nothing happens to a parked core before a time: it goes on an iteration before that."""
    go_on(machine, core, loads_until(core, at, core.parked) - 1)


@njit
def go_on_all(machine, at):  # type: ignore[no-untyped-def]
    """No core is parked any more: a time has come at which all must be where they are."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    wake_disturbed(machine)
    for index in range(machine.core_count):
        if cores[index].parked != 0:
            go_on_before(machine, cores[index], at)


@njit
def wake_disturbed(machine):  # type: ignore[no-untyped-def]
    """Cores whose line has changed go on with the first load that comes after that; of one cycle, the lower core comes first."""
    bus = array_at(machine.bus, 1, BUS)[0]
    bus.watching.disturbed = 0
    cores, watches = array_at(machine.cores, machine.core_count, CORE), array_at(bus.watching.watches, bus.cores, WATCH)
    for index in range(machine.core_count):
        at = watches[index].at
        if cores[index].parked != 0 and at < NEVER:
            first = at + 1 if index < watches[index].actor else at
            go_on(machine, cores[index], loads_until(cores[index], first, cores[index].parked))


@njit
def attend(machine, index, now, until):  # type: ignore[no-untyped-def]
    """What has to be done for parked cores before core `index` acts at `now`; True if that is no longer the next one."""
    bus = array_at(machine.bus, 1, BUS)[0]
    if bus.watching.disturbed != 0:
        wake_disturbed(machine)
        return True
    if bus.next_drain <= now and bus.next_drain < NEVER:
        drain_due(bus, bus.next_drain)
        return True
    until = min(until, machine.end_at, machine.max_cycles)
    if now >= until:
        go_on_all(machine, until)
        return True
    core = array_at(machine.cores, machine.core_count, CORE)[index]
    if core.parked != 0:
        go_on_before(machine, core, now)
        return True
    return False


@njit
def let_others_see(machine, core, bus):  # type: ignore[no-untyped-def]
    """The access in flight has woken parked cores: this one does no more that others could notice before they have acted."""
    bound(machine, core, bus.now)
    core.limit = I64(-1)
