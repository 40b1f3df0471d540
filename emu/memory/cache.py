"""L1s, L2s and the coherence between modules: what an access to a line costs and what it does to everyone's copy.

A load changes states when it is issued, a store when it drains (the caller says when). While a line travels between
modules it is busy, and the next module that wants it waits: contention serialises at the line.
"""

import numpy as np

from emu.memory.moesi import ACTION, NEXT, Action, Event, Line
from emu.memory.records import I64, MISSES, REQUESTS
from emu.native import array_at, njit
from emu.set_associative import EMPTY, hit, insert, remove
from emu.trace.record import Cause

S_I, S_M = int(Line.I), int(Line.M)
FETCH, UPGRADE, SUPPLY, WRITE_BACK = (int(a) for a in (Action.FETCH, Action.UPGRADE, Action.SUPPLY, Action.WRITE_BACK))
READ_ALONE, READ_SHARED, WRITE = int(Event.READ_ALONE), int(Event.READ_SHARED), int(Event.WRITE)
PROBE_READ, PROBE_WRITE, EVICT = int(Event.PROBE_READ), int(Event.PROBE_WRITE), int(Event.EVICT)
C_L2, C_SIBLING, C_REMOTE, C_MEMORY, C_UPGRADE = (
    int(c) for c in (Cause.L2_HIT, Cause.SIBLING_LINE, Cause.REMOTE_LINE, Cause.MEMORY, Cause.UPGRADE)
)


@njit
def l1_drop_module(bus, module, line, spare):  # type: ignore[no-untyped-def]
    """Invalidate the line in the L1s of a module, except core `spare` (-1: none is spared)."""
    first = module * bus.cores_per_module
    for core in range(first, min(first + bus.cores_per_module, bus.cores)):
        if core != spare:
            remove(bus.l1, core, line, line)


@njit
def not_here(bus, core, line):  # type: ignore[no-untyped-def]
    """Whether this core's module has no copy of the line."""
    return array_at(bus.line_state, bus.lines * bus.modules, np.uint8)[line * bus.modules + core // bus.cores_per_module] == S_I


@njit
def l2_fill(bus, module, line):  # type: ignore[no-untyped-def]
    """Put the line into the module's L2; the least recently used line leaves the module (and its L1s: inclusive)."""
    old = insert(bus.l2, module, line, line)
    if old != EMPTY:
        states = array_at(bus.line_state, bus.lines * bus.modules, np.uint8)
        state = states[old * bus.modules + module]
        if ACTION[state, EVICT] == WRITE_BACK:
            bus.write_backs += 1
        states[old * bus.modules + module] = NEXT[state, EVICT]
        l1_drop_module(bus, module, old, -1)


@njit
def l2_drop(bus, module, line):  # type: ignore[no-untyped-def]
    """Take a line out of a module that has lost it."""
    remove(bus.l2, module, line, line)
    l1_drop_module(bus, module, line, -1)


@njit
def probe(bus, module, line, event, at):  # type: ignore[no-untyped-def]
    """Probe every other module at `at`; returns 2 if one supplied the data, 1 if one holds the line, 0 if none does."""
    states = array_at(bus.line_state, bus.lines * bus.modules, np.uint8)
    found = 0
    for other in range(bus.modules):
        state = states[line * bus.modules + other]
        if other != module and state != S_I:
            found = max(found, 2 if ACTION[state, event] == SUPPLY else 1)
            states[line * bus.modules + other] = NEXT[state, event]
            array_at(bus.line_probed, bus.lines * bus.modules, I64)[line * bus.modules + other] = at
            if NEXT[state, event] == S_I:
                l2_drop(bus, other, line)
    return found


@njit
def waits(bus, line, at):  # type: ignore[no-untyped-def]
    """Cycles until a line in flight may be asked for; a request that came before the one under way goes before it."""
    busy = array_at(bus.line_busy, bus.lines, I64)[line]
    if busy <= at or at < array_at(bus.line_asked, bus.lines, I64)[line] or bus.untimed != 0:
        return 0
    return busy - at


@njit
def fly(bus, module, line, at, until):  # type: ignore[no-untyped-def]
    """The line, asked for at `at`, is under way to a module until then."""
    array_at(bus.line_ready, bus.lines * bus.modules, I64)[line * bus.modules + module] = until
    busy = array_at(bus.line_busy, bus.lines, I64)
    if until > busy[line]:
        busy[line] = until
        array_at(bus.line_asked, bus.lines, I64)[line] = at


@njit
def arrives(bus, module, line, at):  # type: ignore[no-untyped-def]
    """Cycles from `at` until a line that the module has asked for is there."""
    ready = array_at(bus.line_ready, bus.lines * bus.modules, I64)[line * bus.modules + module]
    return ready - at if ready > at and bus.untimed == 0 else 0


@njit
def miss_waits(bus, core, at):  # type: ignore[no-untyped-def]
    """Cycles until a miss buffer of the L1 is free."""
    requests = array_at(bus.requests, bus.cores, REQUESTS)[core]
    if requests.count < bus.miss_buffers:
        return 0
    frees = requests.until[(requests.count - bus.miss_buffers) & (MISSES - 1)]
    return frees - at if frees > at and bus.untimed == 0 else 0


@njit
def miss(bus, core, until):  # type: ignore[no-untyped-def]
    """A miss buffer of the L1 is taken until then."""
    requests = array_at(bus.requests, bus.cores, REQUESTS)[core]
    requests.until[requests.count & (MISSES - 1)] = until
    requests.count += 1


@njit
def read_line(bus, core, line, at):  # type: ignore[no-untyped-def]
    """A core reads a line at `at`: cycles beyond an L1 hit. Fills L1 and L2 and moves the states."""
    module = core // bus.cores_per_module
    if hit(bus.l1, core, line, line):
        return arrives(bus, module, line, at)
    states = array_at(bus.line_state, bus.lines * bus.modules, np.uint8)
    state = states[line * bus.modules + module]
    insert(bus.l1, core, line, line)
    delay = miss_waits(bus, core, at)
    if state != S_I:
        hit(bus.l2, module, line, line)
        writer = array_at(bus.line_writer, bus.lines, np.int16)[line]
        if writer != core and writer // bus.cores_per_module == module and state == S_M:
            bus.cause = C_SIBLING
            bus.transfers_within_module += 1
            delay += bus.sibling_line
        else:
            bus.cause = C_L2
            delay += bus.l2_hit
        delay = max(delay, arrives(bus, module, line, at))
        miss(bus, core, at + delay)
        return delay
    delay += waits(bus, line, at + delay)
    found = probe(bus, module, line, PROBE_READ, at + delay)
    states[line * bus.modules + module] = NEXT[state, READ_ALONE if found == 0 else READ_SHARED]
    l2_fill(bus, module, line)
    asked = at + delay
    if found == 2:
        bus.cause = C_REMOTE
        bus.transfers_across_modules += 1
        delay += bus.remote_line
    else:
        bus.cause = C_MEMORY
        bus.memory_reads += 1
        delay += bus.memory
    fly(bus, module, line, asked, at + delay)
    miss(bus, core, at + delay)
    return delay


@njit
def ownership_cycles(bus, core, line):  # type: ignore[no-untyped-def]
    """Cycles to own a line for writing as things stand: 0 when this core's module owns it; sets `bus.cause`."""
    module = core // bus.cores_per_module
    states = array_at(bus.line_state, bus.lines * bus.modules, np.uint8)
    state = states[line * bus.modules + module]
    action = ACTION[state, WRITE]
    if action == UPGRADE:
        bus.cause = C_UPGRADE
        return bus.upgrade
    if action == FETCH:
        for other in range(bus.modules):
            there = states[line * bus.modules + other]
            if other != module and ACTION[there, PROBE_WRITE] == SUPPLY:
                bus.cause = C_REMOTE
                return bus.remote_write
        bus.cause = C_MEMORY
        return bus.memory
    writer = array_at(bus.line_writer, bus.lines, np.int16)[line]
    if writer != core and state == S_M and writer // bus.cores_per_module == module:
        bus.cause = C_SIBLING
        return bus.sibling_line
    return 0


@njit
def own_line(bus, core, line, at):  # type: ignore[no-untyped-def]
    """The line becomes this core's to write at `at`: every other copy is invalidated, this module is in M."""
    module = core // bus.cores_per_module
    states = array_at(bus.line_state, bus.lines * bus.modules, np.uint8)
    writers = array_at(bus.line_writer, bus.lines, np.int16)
    state = states[line * bus.modules + module]
    action = ACTION[state, WRITE]
    if action == FETCH:
        if probe(bus, module, line, PROBE_WRITE, at) == 2:
            bus.transfers_across_modules += 1
        else:
            bus.memory_reads += 1
        l2_fill(bus, module, line)
    else:
        if action == UPGRADE:
            probe(bus, module, line, PROBE_WRITE, at)
            bus.upgrades += 1
        elif writers[line] != core and state == S_M:
            bus.transfers_within_module += 1
        hit(bus.l2, module, line, line)
    l1_drop_module(bus, module, line, core)
    states[line * bus.modules + module] = NEXT[state, WRITE]
    writers[line] = core
