"""The protocol: every row does what the sequences of `protocol` say, and none could be another one."""

import json
import subprocess
import sys

import pytest

from bench.memory import protocol
from bench.processes import environment
from emu.errors import InternalError
from emu.memory.moesi import PROTOCOL, Action, Event, Line, Row, tables


@pytest.mark.parametrize(("kind", "text"), protocol.sequences())
def test_accesses_find_their_line_and_leave_it_as_the_rows_say(kind: str, text: str) -> None:
    protocol.run(kind, text)


def test_each_change_of_each_row_is_noticed() -> None:
    """In a process of its own, as compiled code holds the tables as constants."""
    command = [sys.executable, "-m", "bench.memory.protocol"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment(NUMBA_DISABLE_JIT="1"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"rows": len(PROTOCOL), "asked": len(PROTOCOL), "strange": [], "unnoticed": []}


@pytest.mark.parametrize(
    "row",
    [
        PROTOCOL[0],  # for the second time
        Row(Line.I, Event.PROBE_READ, Line.I, Action.FETCH),
        Row(Line.I, Event.EVICT, Line.I, Action.SUPPLY),
        Row(Line.I, Event.READ, Line.T, Action.HIT),
        Row(Line.I, Event.READ, Line.I, Action.WRITE_BACK),
    ],
)
def test_a_row_that_says_nothing_sensible_is_refused(row: Row) -> None:
    with pytest.raises(AssertionError):
        tables([*PROTOCOL, row])


def test_a_row_that_is_missing_is_named() -> None:
    bus = protocol.Sequence("through").bus
    bus.put(missing_row=1 + Line.E * len(Event) + Event.READ_SHARED)
    with pytest.raises(InternalError, match="the coherence protocol has no row for E, READ_SHARED"):
        bus.check()
