"""The coherence protocol as a table: (state, event) -> (next state, action), one line a row.

MOESI as AMD64 APM volume 2 section 7.3 states it, kept once per module at L2 (the L1s are write-through and only valid or
invalid), with broadcast probes and no directory; who supplies the data follows gem5's MOESI_AMD_Base (see
docs/machine.md). A pair that is not in the table cannot happen, and `NEXT` holds INVALID_ROW for it.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Line(IntEnum):
    """State of a line in one module."""

    I = 0  # noqa: E741  (the protocol's own name)
    S = 1  # newest data, others may share it
    E = 2  # only copy, memory is current
    O = 3  # noqa: E741  newest data, memory stale, others may share it
    M = 4  # only copy, memory is stale


class Event(IntEnum):
    """What can happen to a line in one module."""

    READ_ALONE = 0  # a core of the module reads, no other module holds the line
    READ_SHARED = 1  # a core of the module reads, another module holds the line
    WRITE = 2  # a core of the module writes
    PROBE_READ = 3  # another module reads
    PROBE_WRITE = 4  # another module writes
    EVICT = 5  # the L2 needs the way


class Action(IntEnum):
    """What the module does about it."""

    NOTHING = 0
    FETCH = 1  # data from another module's cache or from memory
    UPGRADE = 2  # invalidating probe, no data
    SUPPLY = 3  # give the data to the reader or writer
    WRITE_BACK = 4  # data to memory


class Row(NamedTuple):
    """One row of the protocol."""

    state: Line
    event: Event
    next: Line
    action: Action


I, S, E, O, M = Line  # noqa: E741
PROTOCOL = (
    Row(I, Event.READ_ALONE, E, Action.FETCH),
    Row(I, Event.READ_SHARED, S, Action.FETCH),
    Row(I, Event.WRITE, M, Action.FETCH),
    Row(I, Event.PROBE_READ, I, Action.NOTHING),
    Row(I, Event.PROBE_WRITE, I, Action.NOTHING),
    Row(S, Event.READ_ALONE, S, Action.NOTHING),
    Row(S, Event.READ_SHARED, S, Action.NOTHING),
    Row(S, Event.WRITE, M, Action.UPGRADE),
    Row(S, Event.PROBE_READ, S, Action.NOTHING),
    Row(S, Event.PROBE_WRITE, I, Action.NOTHING),
    Row(S, Event.EVICT, I, Action.NOTHING),
    Row(E, Event.READ_ALONE, E, Action.NOTHING),
    Row(E, Event.WRITE, M, Action.NOTHING),
    Row(E, Event.PROBE_READ, S, Action.NOTHING),
    Row(E, Event.PROBE_WRITE, I, Action.NOTHING),
    Row(E, Event.EVICT, I, Action.NOTHING),
    Row(O, Event.READ_ALONE, O, Action.NOTHING),
    Row(O, Event.READ_SHARED, O, Action.NOTHING),
    Row(O, Event.WRITE, M, Action.UPGRADE),
    Row(O, Event.PROBE_READ, O, Action.SUPPLY),
    Row(O, Event.PROBE_WRITE, I, Action.SUPPLY),
    Row(O, Event.EVICT, I, Action.WRITE_BACK),
    Row(M, Event.READ_ALONE, M, Action.NOTHING),
    Row(M, Event.WRITE, M, Action.NOTHING),
    Row(M, Event.PROBE_READ, O, Action.SUPPLY),
    Row(M, Event.PROBE_WRITE, I, Action.SUPPLY),
    Row(M, Event.EVICT, I, Action.WRITE_BACK),
)

INVALID_ROW = 255


def _tables() -> tuple[np.ndarray, np.ndarray]:
    following = np.full((len(Line), len(Event)), INVALID_ROW, np.uint8)
    action = np.full((len(Line), len(Event)), INVALID_ROW, np.uint8)
    for row in PROTOCOL:
        assert following[row.state, row.event] == INVALID_ROW, f"two rows for {row.state.name}, {row.event.name}"
        following[row.state, row.event] = row.next
        action[row.state, row.event] = row.action
    return following, action


NEXT, ACTION = _tables()
