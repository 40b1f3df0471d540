"""The coherence protocol as a table: (state, event) -> (next state, action), one line a row.

MOESI as AMD64 APM volume 2 section 7.3 states it, kept once per module at L2 and once per L3, with probes and no directory; who
supplies the data follows gem5's MOESI_AMD_Base (see docs/machine.md). What an access costs and what is counted follows from its
row: `Source`. A pair that is not in the table cannot happen; `coherence.row` reports one that does.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from emu.trace.record import Cause


class Line(IntEnum):
    """State of a line in one module, or in an L3."""

    I = 0  # noqa: E741  (the protocol's own name)
    S = 1  # newest data, others may share it
    E = 2  # only copy, memory is current
    O = 3  # noqa: E741  newest data, memory stale, others may share it
    M = 4  # only copy, memory is stale
    # M, as a core sees it if another core of its module has written the line last: the L1s are written through, or written back.
    T = 5
    B = 6


class Event(IntEnum):
    """What can happen to a line in one module, or in an L3."""

    READ = 0  # a core of the module reads
    READ_ALONE = 1  # it reads what the module has not got, and nobody else has
    READ_SHARED = 2  # it reads what the module has not got, and somebody else has
    WRITE = 3  # a core of the module writes
    PROBE_READ = 4  # another module reads
    PROBE_WRITE = 5  # another module writes
    NEAR_READ = 6  # another module of the same L3 reads
    NEAR_WRITE = 7  # another module of the same L3 writes
    EVICT = 8  # the last cache that holds it for this module needs the way


class Action(IntEnum):
    """What is done about it."""

    NOTHING = 0
    HIT = 1  # data from the module's own L2
    SIBLING = 2  # data from the core of the module that wrote them
    FETCH = 3  # data from whoever supplies them, or from memory
    UPGRADE = 4  # invalidating probe, no data
    SUPPLY = 5  # give the data to the reader or writer
    WRITE_BACK = 6  # data to memory


class Row(NamedTuple):
    """One row of the protocol."""

    state: Line
    event: Event
    next: Line
    action: Action


I, S, E, O, M, T, B = Line  # noqa: E741
PROTOCOL = (
    Row(I, Event.READ_ALONE, E, Action.FETCH),
    Row(I, Event.READ_SHARED, S, Action.FETCH),
    Row(I, Event.WRITE, M, Action.FETCH),
    Row(S, Event.READ, S, Action.HIT),
    Row(S, Event.WRITE, M, Action.UPGRADE),
    Row(S, Event.PROBE_READ, S, Action.NOTHING),
    Row(S, Event.PROBE_WRITE, I, Action.NOTHING),
    Row(S, Event.NEAR_READ, S, Action.SUPPLY),
    Row(S, Event.NEAR_WRITE, I, Action.SUPPLY),
    Row(S, Event.EVICT, I, Action.NOTHING),
    Row(E, Event.READ, E, Action.HIT),
    Row(E, Event.WRITE, M, Action.NOTHING),
    Row(E, Event.PROBE_READ, S, Action.NOTHING),
    Row(E, Event.PROBE_WRITE, I, Action.NOTHING),
    Row(E, Event.NEAR_READ, S, Action.SUPPLY),
    Row(E, Event.NEAR_WRITE, I, Action.SUPPLY),
    Row(E, Event.EVICT, I, Action.NOTHING),
    Row(O, Event.READ, O, Action.HIT),
    Row(O, Event.WRITE, M, Action.UPGRADE),
    Row(O, Event.PROBE_READ, O, Action.SUPPLY),
    Row(O, Event.PROBE_WRITE, I, Action.SUPPLY),
    Row(O, Event.NEAR_READ, O, Action.SUPPLY),
    Row(O, Event.NEAR_WRITE, I, Action.SUPPLY),
    Row(O, Event.EVICT, I, Action.WRITE_BACK),
    Row(M, Event.READ, M, Action.HIT),
    Row(M, Event.WRITE, M, Action.NOTHING),
    Row(M, Event.PROBE_READ, O, Action.SUPPLY),
    Row(M, Event.PROBE_WRITE, I, Action.SUPPLY),
    Row(M, Event.NEAR_READ, O, Action.SUPPLY),
    Row(M, Event.NEAR_WRITE, I, Action.SUPPLY),
    Row(M, Event.EVICT, I, Action.WRITE_BACK),
    Row(T, Event.READ, T, Action.SIBLING),
    Row(T, Event.WRITE, M, Action.SIBLING),
    Row(B, Event.READ, M, Action.SIBLING),  # the other core's L1 has written it back
    Row(B, Event.WRITE, M, Action.SIBLING),
)

NO_ROW = 255
LEVELS = 4  # distances between modules that a machine file can tell apart


class Source(IntEnum):
    """Where a core finds a line that it accesses, or whom it must ask: what this costs is `Bus.costs`, by source."""

    OWN = 0  # nobody is asked
    L2 = 1
    SIBLING = 2  # the core of the same module that wrote it
    L3 = 3
    MEMORY = 4
    MODULE = 5  # another one, at the nearest distance; the others follow
    UPGRADE = MODULE + LEVELS  # copies as far away as the nearest distance go; the others follow


SOURCES = Source.UPGRADE + LEVELS
CAUSES = (
    *(Cause.NONE, Cause.L2_HIT, Cause.SIBLING_LINE, Cause.L3_HIT, Cause.MEMORY),
    *[Cause.REMOTE_LINE] * LEVELS,
    *[Cause.UPGRADE] * LEVELS,
)


# What can be done about what the module's own cores do, about what other modules do, and when a line leaves.
OWN_ACTIONS = frozenset((Action.NOTHING, Action.HIT, Action.SIBLING, Action.FETCH, Action.UPGRADE))
ACTIONS = {event: OWN_ACTIONS for event in Event if event <= Event.WRITE} | {
    **{event: frozenset((Action.NOTHING, Action.SUPPLY)) for event in Event if Event.PROBE_READ <= event <= Event.NEAR_WRITE},
    Event.EVICT: frozenset((Action.NOTHING, Action.WRITE_BACK)),
}


def tables(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """The next states and the actions by state and event; a row that says nothing sensible is an `AssertionError`."""
    following = np.full((len(Line), len(Event)), NO_ROW, np.uint8)
    action = np.full((len(Line), len(Event)), NO_ROW, np.uint8)
    for row in rows:
        name = f"{row.state.name}, {row.event.name}"
        assert following[row.state, row.event] == NO_ROW, f"two rows for {name}"
        assert row.action in ACTIONS[row.event], f"{name}: {row.action.name} is nothing that can be done"
        assert row.next <= Line.M or (row.event == Event.READ and row.next == row.state), (
            f"{name}: only M is kept for {row.next.name}"
        )
        following[row.state, row.event] = row.next
        action[row.state, row.event] = row.action
    return following, action


NEXT, ACTION = tables(PROTOCOL)
