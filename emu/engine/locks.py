"""Locks: what an access does to a lock word, and what is written down once its instruction retires or its store is visible."""

import numpy as np

from emu.engine.core_parts import WAITS
from emu.engine.lock_frames import frame_of
from emu.engine.lock_sites import begin_wait, let_go, release_at_site, take_at_site
from emu.engine.lock_word import (
    ACQUIRED,
    FAILED,
    FOUND,
    NOTHING,
    READ_WRITE,
    RELEASED,
    TICKET,
    change,
    is_count,
    is_writers,
    merged,
)
from emu.engine.log import READER_LEFT, WRITER_LEFT, log_event
from emu.engine.records import CORE, FRAME, I64, LOCK
from emu.engine.trace import note
from emu.memory.records import BUS, RELEASE, RELEASES
from emu.native import array_at, njit
from emu.trace.record import Kind

K_ACQUIRED, K_CONTENDED, K_RELEASED = (int(k) for k in (Kind.LOCK_ACQUIRED, Kind.LOCK_CONTENDED, Kind.LOCK_RELEASED))


@njit
def lock_at(machine, address):  # type: ignore[no-untyped-def]
    """The lock whose word starts at a physical address, or -1."""
    index = I64(array_at(machine.locking.of_line, (address >> 6) + 1, np.int16)[address >> 6])
    while index >= 0:
        lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
        if lock.address == address:
            return index
        index = lock.next
    return I64(-1)


@njit
def change_lock(machine, core, index, before, value, size, locked):  # type: ignore[no-untyped-def]
    """The store in flight changes a lock word: note what is to be settled when it retires; returns what it did."""
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
    if is_count(lock.kind, locked, size):
        return NOTHING
    done = change(lock.kind, before, merged(before, value, size), locked)
    if lock.kind == READ_WRITE:
        return leave_read_write(machine, core, lock, done, is_writers(before, merged(before, value, size)))
    if lock.kind == FOUND and done == ACQUIRED and not locked and not waits_for(core, index):
        return NOTHING
    if done == ACQUIRED:
        core.locking.acquiring = index
    elif done == FAILED:
        core.locking.failing = index
    elif done == RELEASED and lock.guard >= 0:
        core.hold.guards[lock.guard] -= 1
    if done == RELEASED and lock.site >= 0:
        let_go(core, index)
    core.locking.ticket = before >> 16
    return done


@njit
def leave_read_write(machine, core, lock, done, writer):  # type: ignore[no-untyped-def]
    """The store in flight may let go of a reader-writer lock; an attempt that fails, and takes back what it has added, does not."""
    if done == RELEASED:
        frame = frame_of(machine, core)
        if frame >= 0:
            taking = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[frame]
            if taking.spins and taking.lock == lock.virtual:
                return NOTHING
        lock.writer_leaves = 1 if writer else 0
    return done


@njit
def waits_for(core, index):  # type: ignore[no-untyped-def]
    """Whether a core waits for a lock."""
    return core.wait.depth > 0 and core.wait.lock[core.wait.depth - 1] == index


@njit
def look_at_ticket(machine, core, address, seen):  # type: ignore[no-untyped-def]
    """A core that waits has loaded: it has the ticket lock that it waits for once it sees its own ticket served."""
    place = core.wait.depth - 1
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[core.wait.lock[place]]
    if lock.kind == TICKET and lock.address == address and seen & 0xFFFF == core.wait.ticket[place]:
        core.locking.acquiring = core.wait.lock[place]


@njit
def account_locks(machine, core):  # type: ignore[no-untyped-def]
    """Retire the lock operation in flight: an acquisition, a failed attempt or an atomic release, as of now."""
    locks = array_at(machine.locking.locks, machine.locking.count, LOCK)
    note_releases(machine)
    if core.locking.releasing >= 0:
        release_lock(machine, core, core.locking.releasing, core.retired_at)
        core.locking.releasing = -1
    if core.locking.failing >= 0:
        index = core.locking.failing
        core.locking.failing = -1
        if not waits_for(core, index) and core.wait.depth < WAITS:
            locks[index].contended += 1
            core.wait.lock[core.wait.depth] = index
            core.wait.start[core.wait.depth] = core.retired_at
            core.wait.ticket[core.wait.depth] = core.locking.ticket
            if machine.locking.site_count != 0:
                begin_wait(machine, core, index)
            core.wait.depth += 1
            note(machine, core, K_CONTENDED, core.retired_at, index, locks[index].address, 0)
    if core.locking.acquiring >= 0:
        index = core.locking.acquiring
        core.locking.acquiring = -1
        since, waited = core.retired_at, 0
        waiting = waits_for(core, index)
        if waiting:
            core.wait.depth -= 1
            if locks[index].kind == TICKET:
                # Its ticket was served from then on, whenever it saw that.
                since = max(locks[index].released_at, core.wait.start[core.wait.depth])
            waited = since - core.wait.start[core.wait.depth]
            locks[index].wait_cycles += waited
            locks[index].wait_cycles_max = max(locks[index].wait_cycles_max, waited)
        locks[index].acquisitions += 1
        locks[index].acquired_at = since
        locks[index].owner = core.index
        locks[index].owner_task = core.task
        locks[index].owner_pc = core.current_pc
        if locks[index].guard >= 0:
            core.hold.guards[locks[index].guard] += 1
        if machine.locking.site_count != 0:
            take_at_site(machine, core, index, waiting, waited)
        note(machine, core, K_ACQUIRED, since, index, locks[index].address, waited)


@njit
def note_releases(machine):  # type: ignore[no-untyped-def]
    """Close the hold of every unlocking store that has become visible since the last look."""
    bus = array_at(machine.bus, 1, BUS)[0]
    cores = array_at(machine.cores, machine.core_count, CORE)
    while machine.locking.releases_seen < bus.released.count:
        release = array_at(bus.released.at, RELEASES, RELEASE)[machine.locking.releases_seen % RELEASES]
        machine.locking.releases_seen += 1
        release_lock(machine, cores[release.core], release.lock, release.cycle)


@njit
def release_lock(machine, core, index, cycle):  # type: ignore[no-untyped-def]
    """The lock is free from `cycle` on."""
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
    if lock.kind == READ_WRITE:
        log_event(machine, core, cycle, WRITER_LEFT if lock.writer_leaves else READER_LEFT, 0, lock.virtual, 0)
        return
    held = cycle - lock.acquired_at
    lock.hold_cycles += held
    lock.hold_cycles_max = max(lock.hold_cycles_max, held)
    if lock.site >= 0:
        release_at_site(machine, index, held)
    lock.owner = -1
    lock.released_at = cycle
    note(machine, core, K_RELEASED, cycle, index, lock.address, held)
