"""Coherence: where an access finds its line, what that costs, and what it does to everyone's copy, all by the rows of `moesi`.

A load changes states when it is issued, a store when it drains (the caller says when). `find` only looks; `take` does what it has
found.
"""

import numpy as np

from emu.memory.cache import NOBODY, drop, drop_from_l1s, l1_fill, l2_fill, l3_of, place_of, states_of
from emu.memory.flight import busy_cycles, fill_cycles, miss_buffer_cycles, start_transfer, take_miss_buffer
from emu.memory.moesi import CAUSES, LEVELS, SOURCES, Action, Event, Line, Source
from emu.memory.records import FOR_LOAD, FOR_LOCKED, I64, MOVE, NO_STORE
from emu.memory.rows import action_of, next_state
from emu.memory.watch import disturb
from emu.native import array_at, njit
from emu.set_associative import count, hit
from emu.trace.record import Cause

S_I, S_M, S_T, S_B = int(Line.I), int(Line.M), int(Line.T), int(Line.B)
READ, READ_ALONE, READ_SHARED, WRITE = (int(event) for event in (Event.READ, Event.READ_ALONE, Event.READ_SHARED, Event.WRITE))
PROBE_READ, PROBE_WRITE, NEAR_READ, NEAR_WRITE = (
    int(event) for event in (Event.PROBE_READ, Event.PROBE_WRITE, Event.NEAR_READ, Event.NEAR_WRITE)
)
HIT, SIBLING, FETCH, UPGRADE, SUPPLY = (
    int(action) for action in (Action.HIT, Action.SIBLING, Action.FETCH, Action.UPGRADE, Action.SUPPLY)
)
FROM_NOBODY, FROM_L2, FROM_SIBLING, FROM_L3, FROM_MEMORY, FROM_MODULE, BY_UPGRADE = (int(source) for source in (
    Source.OWN, Source.L2, Source.SIBLING, Source.L3, Source.MEMORY, Source.MODULE, Source.UPGRADE,
))  # fmt: skip
CAUSE_OF = np.array([int(cause) for cause in CAUSES])
C_FIRST, C_LAST = int(Cause.SIBLING_LINE), int(Cause.UPGRADE)  # of the causes that are transactions


@njit
def seen(bus, place, line):  # type: ignore[no-untyped-def]
    """State of a line in a core's module, as that core sees it."""
    state = I64(states_of(bus)[line * bus.holders + place.module])
    if state == S_M:
        owner = array_at(bus.line.owner, bus.lines, np.int16)[line]
        if owner != NOBODY and owner != place.l1:
            return I64(S_B) if bus.write_back != 0 else I64(S_T)
    return state


@njit
def level_of(bus, module, holder):  # type: ignore[no-untyped-def]
    """How far away a holder is, from 0 on."""
    return I64(array_at(bus.levels, bus.modules * bus.holders, np.uint8)[module * bus.holders + holder])


@njit
def probe_event(bus, level, write):  # type: ignore[no-untyped-def]
    """What an access of a module is to a holder that is so far away."""
    if level < bus.l3_levels:
        return NEAR_WRITE if write else NEAR_READ
    return PROBE_WRITE if write else PROBE_READ


@njit
def others(bus, module, line, write):  # type: ignore[no-untyped-def]
    """How far away the nearest is that would supply a line's data (LEVELS: nobody), and the farthest that holds it (or NOBODY)."""
    states = states_of(bus)
    nearest, farthest = I64(LEVELS), I64(NOBODY)
    for holder in range(bus.holders):
        state = I64(states[line * bus.holders + holder])
        if state != S_I and holder != module:
            level = level_of(bus, module, holder)
            farthest = max(farthest, level)
            if action_of(bus, state, probe_event(bus, level, write)) == SUPPLY:
                nearest = min(nearest, level)
    return nearest, farthest


@njit
def probe(bus, module, line, write, at):  # type: ignore[no-untyped-def]
    """Probe all others that hold a line, at `at`: their copies move on by their rows."""
    states = states_of(bus)
    for holder in range(bus.holders):
        state = I64(states[line * bus.holders + holder])
        if state != S_I and holder != module:
            following = next_state(bus, state, probe_event(bus, level_of(bus, module, holder), write))
            states[line * bus.holders + holder] = following
            array_at(bus.line.probed, bus.lines * bus.holders, I64)[line * bus.holders + holder] = at
            if following == S_I:
                drop(bus, holder, line)


@njit
def in_l3(bus, module, line):  # type: ignore[no-untyped-def]
    """State of a line in the L3 that a module has, I if it has none."""
    return I64(states_of(bus)[line * bus.holders + l3_of(bus, module)]) if bus.l3s > 0 else I64(S_I)


@njit
def leave_l3(bus, module, line):  # type: ignore[no-untyped-def]
    """A line goes from the L3 to one of its modules, if it is there; returns its state."""
    state = in_l3(bus, module, line)
    if state != S_I:
        states_of(bus)[line * bus.holders + l3_of(bus, module)] = S_I
        drop(bus, l3_of(bus, module), line)
    return state


@njit
def find(bus, place, line, write):  # type: ignore[no-untyped-def]
    """Where an access finds a line as things stand, a `Source`; and how far away the farthest other copy is that it asks for."""
    state, from_l3 = seen(bus, place, line), False
    if state == S_I:
        state = in_l3(bus, place.module, line)
        from_l3 = state != S_I
    nearest, farthest = I64(LEVELS), I64(NOBODY)
    if state == S_I:
        nearest, farthest = others(bus, place.module, line, write)
    action = action_of(bus, state, event_of(state, write, farthest))
    if action == SIBLING:
        return I64(FROM_SIBLING), farthest
    if action == UPGRADE:
        nearest, farthest = others(bus, place.module, line, write)
        return BY_UPGRADE + max(farthest, 0), farthest
    if action == FETCH:
        return (FROM_MODULE + nearest if nearest < LEVELS else I64(FROM_MEMORY)), farthest
    if from_l3:
        return I64(FROM_L3), farthest
    return I64(FROM_L2) if action == HIT else I64(FROM_NOBODY), farthest


@njit
def event_of(state, write, farthest):  # type: ignore[no-untyped-def]
    """What an access is to the module that makes it, which has the line in a state."""
    if write:
        return WRITE
    if state != S_I:
        return READ
    return READ_ALONE if farthest == NOBODY else READ_SHARED


@njit
def take(bus, place, line, write, source, farthest, at):  # type: ignore[no-untyped-def]
    """The line comes from where `find` has found it: all copies of it move on by their rows, this module has it in its L2."""
    bus.transactions[source] += 1
    state = seen(bus, place, line)
    if state != S_I:
        hit(bus.l2, place.module, line, line)
    else:
        state = leave_l3(bus, place.module, line)
        l2_fill(bus, place.module, line)
    if source >= FROM_MEMORY:
        probe(bus, place.module, line, write, at)
    following = next_state(bus, state, event_of(state, write, farthest))
    states_of(bus)[line * bus.holders + place.module] = S_M if following == S_T else following
    owners = array_at(bus.line.owner, bus.lines, np.int16)
    if write:
        drop_from_l1s(bus, place.module, line, place.l1)
        owners[line] = place.l1
    elif state >= S_T and following != S_T:
        owners[line] = NOBODY


@njit
def cost(bus, kind, source):  # type: ignore[no-untyped-def]
    """Cycles until a line is in the L1, or owned, by kind of access (FOR_LOAD, STORE, FOR_LOCKED) and source."""
    return array_at(bus.latency.costs, (FOR_LOCKED + 1) * SOURCES, I64)[kind * SOURCES + source]


@njit
def log_move(bus, core, line, source, cycles, store):  # type: ignore[no-untyped-def]
    """Tell who writes a trace from where a line came; of a store, by its place in the ring, also if it was here."""
    cause = CAUSE_OF[source]
    if store == NO_STORE and not C_FIRST <= cause <= C_LAST:
        return
    move = array_at(bus.moves.at, bus.moves.room, MOVE)[bus.moves.count % bus.moves.room]
    move.core = core
    move.line = line
    move.cause = cause
    move.cycles = cycles
    move.store = store
    bus.moves.count += 1


@njit
def read_line(bus, core, line, at):  # type: ignore[no-untyped-def]
    """A core reads a line at `at`: cycles until it has its data. Fills L1 and L2 and moves the states."""
    place = place_of(bus, core)
    if hit(bus.l1, place.l1, line, line):
        return bus.latency.l1_hit + fill_cycles(bus, place.module, line, at)
    source, farthest = find(bus, place, line, False)
    bus.met.cause = CAUSE_OF[source]
    l1_fill(bus, place.l1, line)
    delay = miss_buffer_cycles(bus, place.l1, at)
    if source >= FROM_L3:
        delay += busy_cycles(bus, line, at + delay)
    asked = at + delay
    take(bus, place, line, False, source, farthest, asked)
    delay += cost(bus, FOR_LOAD, source)
    if source >= FROM_L3:
        start_transfer(bus, place.module, line, asked, at + delay)
    else:
        delay = max(delay, fill_cycles(bus, place.module, line, at))
    take_miss_buffer(bus, place.l1, at + delay)
    if bus.moves.at != 0:
        log_move(bus, core, line, source, delay, NO_STORE)
    return bus.latency.l1_hit + delay


@njit
def find_to_write(bus, place, line, kind):  # type: ignore[no-untyped-def]
    """As `find`; and what is locked, or written back, must be in the L1."""
    source, farthest = find(bus, place, line, True)
    if source == FROM_NOBODY and (kind == FOR_LOCKED or bus.write_back != 0) and count(bus.l1, place.l1, line, line) == 0:
        source = I64(FROM_L2)
    return source, farthest


@njit
def ownership(bus, core, line, kind):  # type: ignore[no-untyped-def]
    """Whom a core must ask for a line that it writes, as things stand, a `Source`, and the cycles until the line is its own."""
    source, farthest = find_to_write(bus, place_of(bus, core), line, kind)
    return source, cost_to_write(bus, kind, source, farthest)


@njit
def cost_to_write(bus, kind, source, farthest):  # type: ignore[no-untyped-def]
    """Cycles until a line that `find_to_write` has found is owned."""
    cycles = cost(bus, kind, source)
    if source >= FROM_MEMORY and farthest != NOBODY:
        cycles = max(cycles, cost(bus, kind, BY_UPGRADE + farthest))  # the data are here, but not all copies are gone
    return cycles


@njit
def own_line(bus, core, line, kind, at, store):  # type: ignore[no-untyped-def]
    """The line becomes this core's to write at `at`: every other copy is invalidated, this module is in M.

    `store` is the place in the ring of the store that drains, or NO_STORE.
    """
    disturb(bus, line)
    place = place_of(bus, core)
    source, farthest = find_to_write(bus, place, line, kind)
    take(bus, place, line, True, source, farthest, at)
    if bus.moves.at != 0:
        log_move(bus, core, line, source, cost_to_write(bus, kind, source, farthest), store)
    if (kind == FOR_LOCKED or bus.write_back != 0) and not hit(bus.l1, place.l1, line, line):
        l1_fill(bus, place.l1, line)
