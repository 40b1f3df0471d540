"""Looking a row of the protocol up: one that is not there is noted, for `Bus.check` to report."""

from emu.memory.moesi import ACTION, NEXT, NO_ROW, Event
from emu.native import njit

EVENTS = len(Event)


@njit
def action_of(bus, state, event):  # type: ignore[no-untyped-def]
    """What is done about an event."""
    action = ACTION[state, event]
    if action == NO_ROW:
        bus.missing_row = 1 + state * EVENTS + event
    return action


@njit
def next_state(bus, state, event):  # type: ignore[no-untyped-def]
    """The state behind an event."""
    following = NEXT[state, event]
    if following == NO_ROW:
        bus.missing_row = 1 + state * EVENTS + event
    return following
