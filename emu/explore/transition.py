"""One transition: what a core may do from here, doing it, and taking it back."""

import numpy as np

from emu.engine.account import index_of
from emu.engine.deliver import deliver
from emu.engine.env import IF
from emu.engine.loop import run_core
from emu.engine.records import CORE, FRESH, INSTRUCTION, RUNNING, STOP_EXCEPTION, STOP_SPECIAL, STORES, WAIT_STORES
from emu.engine.registers import RFLAGS, get
from emu.engine.sharing import SHARING, is_shared
from emu.explore.checkers.observer import look_at_calls
from emu.explore.records import DRAIN, INTERRUPT, PENDING
from emu.explore.state import STATE_WORDS, at_end, copy_words, hash_core, hash_journal, restore, save
from emu.explore.strategy.records import UNKNOWN
from emu.memory.records import BUFFER, BUS, RING, STORE
from emu.memory.store_buffer import drain_head
from emu.memory.undo import take_back
from emu.native import NEVER, array_at, njit

I64 = np.int64
CORE_BYTES = CORE.itemsize
CORE_WORDS = CORE_BYTES // 8
MOVED, REFUSED, FAILED = range(3)
LOCAL_MAX = 1_000_000  # instructions that touch no memory, one behind the other: of more it is not known whether they end
ROUND_MAX = 4_096  # after so many it is asked whether they go round for ever; a round of more is not seen
TURN_MAX = 1_024  # in a reduced search, where most code touches nothing that is shared, the others have their turn after so many
# pc of a core that will do nothing any more that anybody could see: it goes round for ever without touching memory, or has halted
NOWHERE, HALT = -1, -2
PRIVATE_MAX = 1_000  # ORDERED instructions of one transition: a core that waits for what nobody has touched yet must be left
LATER = 1 << 50  # when every interrupt that was ever sent has arrived


@njit
def enabled(search, machine, core, kind):  # type: ignore[no-untyped-def]
    """Whether this core may do such a transition now."""
    bus = array_at(machine.bus, 1, BUS)[0]
    pending = array_at(bus.buffers, bus.cores, BUFFER)[core.index].count
    if kind == DRAIN:
        return pending > 0
    if kind == INTERRUPT:
        open_to_it = core.irq.at != NEVER and core.irq.shadow == 0
        return search.devices != 0 and open_to_it and pending == 0 and interruptible(machine, core)
    return may_step(search, machine, core, pending)


@njit
def interruptible(machine, core):  # type: ignore[no-untyped-def]
    """Whether IF is set."""
    return get(core, RFLAGS) & IF != 0


@njit
def may_step(search, machine, core, pending):  # type: ignore[no-untyped-def]
    """Whether the instruction at the core's pc may execute: not at the end, not with stores that it must wait for."""
    if search.sequential != 0 and pending > 0:
        return False
    if core.status != RUNNING or core.pc in (NOWHERE, HALT) or at_end(search, machine, core):
        return False
    index = index_of(machine, core, core.pc)
    if index < 0:
        return True  # the fault is the step's to report
    traits = array_at(machine.instructions, index + 1, INSTRUCTION)[index].traits
    if traits & WAIT_STORES:
        return pending == 0
    return pending < search.buffer_depth or traits & STORES == 0


@njit
def run_one(machine, core, first_cycle, horizon):  # type: ignore[no-untyped-def]
    """Let a core execute one ORDERED instruction (none if `first_cycle` is 1) and others behind it, up to a number of them."""
    core.stage = FRESH
    core.current = -1
    core.clock = first_cycle
    core.retired_at = first_cycle
    core.irq.watch = NEVER
    core.limit = 0
    core.horizon = horizon
    return run_core(machine, core)


@njit
def most_alone(search):  # type: ignore[no-untyped-def]
    """How many instructions that are not ORDERED a core may execute one behind the other."""
    return TURN_MAX if search.reduced != 0 else ROUND_MAX


@njit
def settle(search, machine, core):  # type: ignore[no-untyped-def]
    """Bring a core to its next instruction that touches memory; False if it faults, or does not come to one."""
    if core.status == RUNNING:
        return run_one(machine, core, 1, most_alone(search)) and come_to_rest(search, machine, core)
    if search.devices == 0:  # nothing can wake it, and of its record the way back restores the pc alone
        core.status = RUNNING
        core.pc = HALT
    save(core, state_now(search, core.index))
    return True


@njit
def run_visible(search, machine, core):  # type: ignore[no-untyped-def]
    """Execute the instruction at the core's pc and those behind it that are not ORDERED; False as in `settle`."""
    if not run_one(machine, core, 0, most_alone(search)):
        return False
    if core.stop == STOP_SPECIAL or core.stop == STOP_EXCEPTION:
        return settle(search, machine, core)
    return come_to_rest(search, machine, core)


@njit
def come_to_rest(search, machine, core):  # type: ignore[no-untyped-def]
    """A core is at an ORDERED instruction, comes to one, or goes round for ever; False if that cannot be told."""
    if core.clock > most_alone(search):
        # With devices an interrupt may be what a core without an end waits for.
        if search.devices == 0 and goes_round(search, machine, core):
            core.pc = NOWHERE
        elif search.reduced == 0:
            core.horizon = LOCAL_MAX
            if not run_core(machine, core) or core.clock > LOCAL_MAX:
                return False
    save(core, state_now(search, core.index))
    return True


@njit
def goes_round(search, machine, core):  # type: ignore[no-untyped-def]
    """Whether a core's registers come to be as they have been, no memory changed in between (Brent's algorithm, 1980)."""
    bus = array_at(machine.bus, 1, BUS)[0]
    seen_low, seen_high, seen_changes = I64(0), I64(0), I64(0)
    look_again = 1
    for count in range(1, 2 * ROUND_MAX + 1):
        hash_core(search, machine, core)
        hashes = array_at(search.hashes, 2 * search.core_count, I64)
        low, high = hashes[2 * core.index], hashes[2 * core.index + 1]
        if low == seen_low and high == seen_high and bus.journal.count == seen_changes:
            return True
        if count == look_again:
            seen_low, seen_high, seen_changes = low, high, bus.journal.count
            look_again = 2 * count
        clock = core.clock
        core.horizon = clock
        if not run_core(machine, core) or core.clock == clock:
            return False  # at a fault, or at an ORDERED instruction
    return False


@njit
def state_now(search, index):  # type: ignore[no-untyped-def]
    """Host address of a core's state where the search stands."""
    return search.now + 8 * STATE_WORDS * index


@njit
def state_before(search):  # type: ignore[no-untyped-def]
    """Host address of the moved core's state before the transition at the end of the path."""
    return search.saved + 8 * STATE_WORDS * search.depth


@njit
def cores_before(search):  # type: ignore[no-untyped-def]
    """Host address of the cores' records before the transition at the end of the path."""
    return search.cores_saved + CORE_BYTES * search.core_count * search.depth


@njit
def hashes_before(search):  # type: ignore[no-untyped-def]
    """Host address of the cores' hashes before the transition at the end of the path."""
    return search.hashes_saved + 16 * search.core_count * search.depth


@njit
def execute(search, machine, core, kind):  # type: ignore[no-untyped-def]
    """Do a transition: MOVED, REFUSED if it may not be yet (a write to the xAPIC waits for earlier stores), or FAILED."""
    bus = array_at(machine.bus, 1, BUS)[0]
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core.index]
    begin, pending, apic_writes = bus.journal.count, buffer.count, machine.counters.apic_writes
    if kind == DRAIN:
        drain_head(bus, core.index)
    else:
        if search.reduced != 0:
            array_at(machine.sharing, 1, SHARING)[0].visible = 0
        if kind == INTERRUPT:
            interrupt(machine, core)
            good = settle(search, machine, core)
        else:
            good = run_visible(search, machine, core)
        if pending > 0 and machine.counters.apic_writes != apic_writes:
            return REFUSED
        if search.reduced != 0:
            note_what_was_done(search, machine)
        if not good or (search.reduced != 0 and not run_private(search, machine, bus, core)):
            return FAILED
    if search.reduced != 0:
        look_at_calls(machine, core)
        drain_private(machine, bus, core.index)
    hash_journal(search, bus, begin)
    hash_core(search, machine, core)
    if machine.counters.apic_writes != apic_writes:
        hash_others(search, machine, core)
    return MOVED


@njit
def note_what_was_done(search, machine):  # type: ignore[no-untyped-def]
    """Keep what an instruction has done; what it would do was found out before others went on, or not at all."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    search.did.address = sharing.address if sharing.visible != 0 else UNKNOWN
    search.did.writes, search.did.value, search.did.size = sharing.writes, sharing.value, sharing.size


@njit
def hash_others(search, machine, core):  # type: ignore[no-untyped-def]
    """A core may have sent others an interrupt: that is a part of their states."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    for index in range(search.core_count):
        if index != core.index:
            hash_core(search, machine, cores[index])


@njit
def interrupt(machine, core):  # type: ignore[no-untyped-def]
    """Take the pending interrupt of highest priority."""
    core.status = RUNNING
    core.clock = LATER
    core.retired_at = LATER
    core.irq.masked = 0
    deliver(machine, core)


@njit
def run_private(search, machine, bus, core):  # type: ignore[no-untyped-def]
    """Go on with instructions that no other core can notice; the first that one can is taken back, for the search to place.

    What that one would do is known from then on: `search.pending`.
    """
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core.index]
    pending = array_at(search.pending, search.core_count, PENDING)[core.index]
    pending.address = UNKNOWN
    copy_cores(search, search.trial_cores, machine.cores)
    for _ in range(PRIVATE_MAX):
        drain_private(machine, bus, core.index)
        if core.clock > TURN_MAX or not may_step(search, machine, core, buffer.count):
            return True
        look_at_calls(machine, core)
        begin, pc, apic_writes = bus.journal.count, core.pc, machine.counters.apic_writes
        copy_core(search, search.trial_cores, machine.cores, core.index)  # the others stay as they are until what others notice
        sharing.visible, flagged = 0, sharing.flagged
        if not run_one(machine, core, 0, 0):
            return False
        if sharing.visible != 0 or machine.counters.apic_writes != apic_writes:
            pending.address, pending.writes = sharing.address, sharing.writes
            pending.value, pending.size = sharing.value, sharing.size
            take_back(bus, begin)
            search.taken_back += 1
            sharing.flagged = flagged  # what it does wrong it will do again, when its turn comes
            machine.log.count = 0
            copy_cores(search, machine.cores, search.trial_cores)
            restore(core, state_now(search, core.index))
            core.pc = pc
            return True
        if not settle(search, machine, core):
            return False
    return True


@njit
def copy_cores(search, target, source):  # type: ignore[no-untyped-def]
    """Copy the records of the cores between host addresses: interrupts pending, halted or not."""
    if search.devices != 0:
        copy_words(target, source, search.core_count * CORE_WORDS)


@njit
def copy_core(search, target, source, index):  # type: ignore[no-untyped-def]
    """The same for one core."""
    if search.devices != 0:
        copy_words(target + CORE_BYTES * index, source + CORE_BYTES * index, CORE_WORDS)


@njit
def drain_private(machine, bus, index):  # type: ignore[no-untyped-def]
    """Drain the oldest stores as long as no other core can tell."""
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[index]
    while buffer.count > 0:
        entry = array_at(bus.stores, bus.cores * RING, STORE)[index * RING + buffer.head]
        if is_shared(machine, entry.address, entry.width):
            return
        drain_head(bus, index)


@njit
def save_core(search, machine, frame, core, kind):  # type: ignore[no-untyped-def]
    """Write down in a frame what its transition is about to change."""
    frame.core = core.index
    frame.kind = kind
    frame.journal = array_at(machine.bus, 1, BUS)[0].journal.count
    frame.pc = core.pc
    for half in range(2):
        frame.memory_hash[half] = search.memory_hash[half]
    copy_words(hashes_before(search), search.hashes, 2 * search.core_count)
    if kind != DRAIN:
        copy_words(state_before(search), state_now(search, core.index), STATE_WORDS)
    copy_cores(search, cores_before(search), machine.cores)


@njit
def retract(search, machine, frame):  # type: ignore[no-untyped-def]
    """Undo a frame's transition."""
    bus = array_at(machine.bus, 1, BUS)[0]
    take_back(bus, frame.journal)
    machine.log.count = 0  # calls of the allocator that have not been made
    copy_cores(search, machine.cores, cores_before(search))
    core = array_at(machine.cores, machine.core_count, CORE)[frame.core]
    if frame.kind != DRAIN:
        copy_words(state_now(search, frame.core), state_before(search), STATE_WORDS)
        restore(core, state_now(search, frame.core))
    core.pc = frame.pc
    copy_words(search.hashes, hashes_before(search), 2 * search.core_count)
    for half in range(2):
        search.memory_hash[half] = frame.memory_hash[half]
