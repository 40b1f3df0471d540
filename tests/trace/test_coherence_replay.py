"""The replay by hand-made sequences: every kind of event, and every hit that is none."""

import pytest

from emu.trace.coherence_replay import CoherenceReplay, Event

NONE, READ, UPGRADE, WRITE = Event.NONE, Event.READ_MISS, Event.UPGRADE, Event.WRITE_MISS


@pytest.mark.parametrize(
    ("accesses", "events"),
    [
        ("0r 0r 0w 0w", [NONE, NONE, NONE, NONE]),  # from memory, then its own
        ("0w 1r 1r 0r", [NONE, READ, NONE, NONE]),  # both may read what one has written
        ("0r 1r 1w", [NONE, NONE, UPGRADE]),  # nobody wrote it: the second reader gets it from memory
        ("0w 1w 0r", [NONE, WRITE, READ]),
        ("0w 1r 1w 0r 0w", [NONE, READ, UPGRADE, READ, UPGRADE]),  # ping-pong of what is read, then written
        ("0w 1r 2r 2w 1r 0r", [NONE, READ, READ, UPGRADE, READ, READ]),
        ("0w 1r 2w 0w", [NONE, READ, WRITE, WRITE]),
    ],
)
def test_sequences(accesses: str, events: list[Event]):
    replay = CoherenceReplay()
    take = {"r": replay.load, "w": replay.store}
    assert [take[access[1]](int(access[0]), 7) for access in accesses.split()] == events


def test_lines_are_apart():
    replay = CoherenceReplay()
    replay.store(0, 1)
    assert replay.load(1, 2) is NONE
    assert replay.load(1, 1) is READ
