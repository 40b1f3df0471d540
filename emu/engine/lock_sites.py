"""Where locks are taken: what each place has waited for each lock, and held it; and waits that are given up.

A lock that is taken by a routine of its own (LOCK_CODE) is taken by whoever called that; any other one where the instruction is.
"""

from emu.engine.core_parts import HELD
from emu.engine.lock_frames import SPREAD, frame_of
from emu.engine.log import WAIT, log_event
from emu.engine.records import FRAME, I64, LOCK, SITE, WAIT_BUCKETS
from emu.native import array_at, njit

FULL = -1  # there is no room for another site


@njit
def bits_of(cycles):  # type: ignore[no-untyped-def]
    """Place of a number of cycles in a histogram."""
    bits = 0
    while cycles >> bits > 0 and bits < WAIT_BUCKETS - 1:
        bits += 1
    return bits


@njit
def site_of(machine, core, index, frame):  # type: ignore[no-untyped-def]
    """The site of the lock operation in flight on a lock, in a frame or -1; a new one if need be; FULL if the table is."""
    address = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)[frame].site if frame >= 0 else core.current_pc
    sites = array_at(machine.locking.sites, machine.locking.site_count, SITE)
    at = ((index * SPREAD ^ address * SPREAD) >> 8) & (machine.locking.site_count - 1)
    while sites[at].address != 0:
        if sites[at].address == address and sites[at].lock == index:
            return I64(at)
        at = (at + 1) & (machine.locking.site_count - 1)
    if 4 * machine.locking.sites_used >= 3 * machine.locking.site_count:
        return I64(FULL)
    machine.locking.sites_used += 1
    sites[at].address = address
    sites[at].lock = index
    return I64(at)


@njit
def begin_wait(machine, core, index):  # type: ignore[no-untyped-def]
    """The wait for a lock that has just begun has a site."""
    frame = frame_of(machine, core)
    core.wait.site[core.wait.depth] = site_of(machine, core, index, frame)
    frames = array_at(machine.locking.frames, machine.locking.frame_room, FRAME)
    core.wait.stack[core.wait.depth] = frames[frame].stack if frame >= 0 else 0
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
    if lock.site >= 0 and machine.log.room != 0:
        site = array_at(machine.locking.sites, machine.locking.site_count, SITE)[lock.site]
        log_event(machine, core, core.retired_at, WAIT, lock.owner, index, site.address)


@njit
def take_at_site(machine, core, index, waited_at_all, waited):  # type: ignore[no-untyped-def]
    """A lock is taken: by the site at which the wait began, if there was one; `core.wait.depth` is that of before the wait."""
    site = core.wait.site[core.wait.depth] if waited_at_all else site_of(machine, core, index, frame_of(machine, core))
    array_at(machine.locking.locks, machine.locking.count, LOCK)[index].site = site
    if site < 0:
        return
    record = array_at(machine.locking.sites, machine.locking.site_count, SITE)[site]
    record.acquisitions += 1
    if waited_at_all:
        record.wait_cycles_min = min(record.wait_cycles_min, waited) if record.contended > 0 else waited
        record.contended += 1
        record.wait_cycles += waited
        record.wait_cycles_max = max(record.wait_cycles_max, waited)
        record.waits[bits_of(waited)] += 1
    if core.hold.count < HELD:
        core.hold.locks[core.hold.count] = index
        core.hold.count += 1


@njit
def release_at_site(machine, index, held):  # type: ignore[no-untyped-def]
    """A lock is free that was taken at a known site."""
    lock = array_at(machine.locking.locks, machine.locking.count, LOCK)[index]
    record = array_at(machine.locking.sites, machine.locking.site_count, SITE)[lock.site]
    record.hold_cycles_min = min(record.hold_cycles_min, held) if record.hold_cycles > 0 else held
    record.hold_cycles += held
    record.hold_cycles_max = max(record.hold_cycles_max, held)
    record.holds[bits_of(held)] += 1
    lock.site = -1


@njit
def let_go(core, index):  # type: ignore[no-untyped-def]
    """A core has stored what releases a lock: what it does from here on it does without that lock."""
    kept = 0
    for place in range(core.hold.count):
        if core.hold.locks[place] != index:
            core.hold.locks[kept] = core.hold.locks[place]
            kept += 1
    core.hold.count = kept


@njit
def count_under_locks(machine, core):  # type: ignore[no-untyped-def]
    """An event happens under every lock that the core holds."""
    locks = array_at(machine.locking.locks, machine.locking.count, LOCK)
    sites = array_at(machine.locking.sites, machine.locking.site_count, SITE)
    for place in range(core.hold.count):
        site = locks[core.hold.locks[place]].site
        if site >= 0:
            sites[site].events += 1


@njit
def count_iteration(machine, core):  # type: ignore[no-untyped-def]
    """A core that waits has gone round once."""
    site = core.wait.site[core.wait.depth - 1]
    if site >= 0:
        array_at(machine.locking.sites, machine.locking.site_count, SITE)[site].spin_iterations += 1
