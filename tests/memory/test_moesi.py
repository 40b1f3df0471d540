"""The protocol table: complete, and every row what the architecture manual says."""

import pytest

from emu.memory.moesi import ACTION, INVALID_ROW, NEXT, PROTOCOL, Action, Event, Line

IMPOSSIBLE = {
    (Line.I, Event.EVICT),  # a line that is not here cannot leave
    (Line.E, Event.READ_SHARED),  # the only copy: no other module can hold it
    (Line.M, Event.READ_SHARED),
}


@pytest.mark.parametrize("state", Line)
@pytest.mark.parametrize("event", Event)
def test_every_pair_has_a_row_or_cannot_happen(state: Line, event: Event) -> None:
    assert (NEXT[state, event] == INVALID_ROW) == ((state, event) in IMPOSSIBLE)


def test_tables_hold_the_rows() -> None:
    for row in PROTOCOL:
        assert (NEXT[row.state, row.event], ACTION[row.state, row.event]) == (row.next, row.action)


def test_a_write_always_ends_in_m_and_a_write_probe_in_i() -> None:
    for state in Line:
        assert NEXT[state, Event.WRITE] == Line.M
        assert NEXT[state, Event.PROBE_WRITE] == Line.I


def test_dirty_lines_supply_their_data_and_are_written_back() -> None:
    for state in (Line.M, Line.O):
        assert ACTION[state, Event.PROBE_READ] == ACTION[state, Event.PROBE_WRITE] == Action.SUPPLY
        assert ACTION[state, Event.EVICT] == Action.WRITE_BACK
    for state in (Line.S, Line.E):
        assert ACTION[state, Event.PROBE_READ] == Action.NOTHING
