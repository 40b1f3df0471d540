"""What the caches hold: L1s of cores, L2s of modules, which include those, and L3s, into which L2s evict.

The state of a line is kept once for each L2 and once for each L3, in `line.state`; an L1 only has it or not.
"""

import numpy as np

from emu.memory.moesi import Action, Event, Line
from emu.memory.records import I64, PLACE
from emu.memory.rows import action_of, next_state
from emu.memory.watch import disturb
from emu.native import array_at, njit
from emu.set_associative import EMPTY, insert, remove

S_I = int(Line.I)
EVICT, WRITE_BACK = int(Event.EVICT), int(Action.WRITE_BACK)
NOBODY = -1


@njit
def place_of(bus, core):  # type: ignore[no-untyped-def]
    """Which caches a core has."""
    return array_at(bus.places, bus.cores, PLACE)[core]


@njit
def states_of(bus):  # type: ignore[no-untyped-def]
    """The state of a line in module m is at `line * bus.holders + m`, in L3 number n at `line * bus.holders + bus.modules + n`."""
    return array_at(bus.line.state, bus.lines * bus.holders, np.uint8)


@njit
def not_here(bus, core, line):  # type: ignore[no-untyped-def]
    """Whether this core's module has no copy of the line."""
    return states_of(bus)[line * bus.holders + place_of(bus, core).module] == S_I


@njit
def drop_from_l1s(bus, module, line, spared):  # type: ignore[no-untyped-def]
    """Take a line out of the L1s of a module, but for one of them (NOBODY: none is spared)."""
    first = module * bus.l1s_per_module
    for l1 in range(first, min(first + bus.l1s_per_module, bus.l1s)):
        if l1 != spared:
            remove(bus.l1, l1, line, line)


@njit
def l1_fill(bus, l1, line):  # type: ignore[no-untyped-def]
    """Put a line into an L1; what falls out is written to the L2 if it is not there yet."""
    old = insert(bus.l1, l1, line, line)
    if bus.write_back != 0 and old != EMPTY:
        owners = array_at(bus.line.owner, bus.lines, np.int16)
        if owners[old] == l1:
            owners[old] = NOBODY


@njit
def l2_fill(bus, module, line):  # type: ignore[no-untyped-def]
    """Put a line into a module's L2; the one used least recently leaves the module: for the L3, or for good."""
    old = insert(bus.l2, module, line, line)
    if old == EMPTY:
        return
    disturb(bus, old)
    states = states_of(bus)
    here = old * bus.holders + module
    state = I64(states[here])
    if bus.l3s > 0:
        array_at(bus.line.owner, bus.lines, np.int16)[old] = NOBODY
        states[here] = S_I
        l3_take(bus, module // bus.modules_per_l3, old, state)
    else:
        states[here] = evicted(bus, state)
    drop_from_l1s(bus, module, old, NOBODY)


@njit
def l3_take(bus, l3, line, state):  # type: ignore[no-untyped-def]
    """An L3 takes in what one of its L2s has evicted, which another one may have evicted before."""
    states = states_of(bus)
    here = line * bus.holders + bus.modules + l3
    if states[here] == S_I:
        old = insert(bus.l3, l3, line, line)
        if old != EMPTY:
            there = old * bus.holders + bus.modules + l3
            states[there] = evicted(bus, I64(states[there]))
    states[here] = max(states[here], state)  # an owner's copy is more than a shared one


@njit
def evicted(bus, state):  # type: ignore[no-untyped-def]
    """The last cache of a module that held a line needs its way: the line's state there afterwards."""
    if action_of(bus, state, EVICT) == WRITE_BACK:
        bus.write_backs += 1
    return next_state(bus, state, EVICT)


@njit
def drop(bus, holder, line):  # type: ignore[no-untyped-def]
    """Take a line out of a module, or of an L3, that has lost it."""
    if holder < bus.modules:
        remove(bus.l2, holder, line, line)
        drop_from_l1s(bus, holder, line, NOBODY)
    else:
        remove(bus.l3, holder - bus.modules, line, line)


@njit
def l3_of(bus, module):  # type: ignore[no-untyped-def]
    """The number as a holder of the L3 that a module has, NOBODY if it has none."""
    return bus.modules + module // bus.modules_per_l3 if bus.l3s > 0 else I64(NOBODY)
