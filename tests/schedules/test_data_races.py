"""Data races, on schedules that are written down step by step."""

import numpy as np
import pytest

from emu.engine.sharing import DEVICE
from emu.explore.records import DRAIN, INTERRUPT, KINDS, STEP
from emu.explore.walk_records import CHOICE
from emu.isa.decode import decode_bytes
from emu.schedules.data_races import DataRaces, Program

LOCK, DATA, FLAG = 0x1000, 0x2000, 0x3000
CODE = {  # one instruction each, by what it does
    "xchg": "87 07",  # xchg [rdi], eax
    "load": "8b 07",  # mov eax, [rdi]
    "store": "89 07",  # mov [rdi], eax
    "add": "ff 07",  # inc dword [rdi]
    "wait": "8b 07 85 c0 74 fa",  # mov eax, [rdi]; test eax, eax; je
}
PLACES = {name: 0x100 * number for number, name in enumerate(CODE, 1)}
DECODED = {at: each for name, text in CODE.items() for at, each in decode_bytes(bytes.fromhex(text), PLACES[name]).items()}
WRITES = {"xchg", "store", "add"}

Step = tuple[int, int, str, int]  # core, kind, instruction, address


def does(core: int, what: str, at: int) -> list[Step]:
    """A store is followed by its drain."""
    return [(core, STEP, what, at), *([(core, DRAIN, what, at)] if what in ("store", "add") else [])]


def races(*parts: list[Step], marked: bool = False, known: list[list[Step]] | None = None) -> list[tuple[int, int]]:
    found = DataRaces(Program(DECODED, {LOCK}, {LOCK}, lambda pc, at: marked, lambda each: f"core {each.core}", hex))
    found.learn(choices(*(known or [])))
    return [(race.first.step, race.second.step) for race in found.races(choices(*parts))]


def choices(*parts: list[Step]) -> np.ndarray:
    steps = [step for part in parts for step in part]
    rows = np.zeros(len(steps), CHOICE)
    for row, (core, kind, what, at) in zip(rows, steps, strict=True):
        row["agent"], row["task"], row["pc"] = core * KINDS + kind, core, PLACES[what]
        row["address"], row["size"], row["writes"] = at, 4, what in WRITES
    return rows


def under_lock(core: int) -> list[Step]:
    return [*does(core, "xchg", LOCK), *does(core, "add", DATA), *does(core, "store", LOCK)]


def interrupts(core: int) -> list[Step]:
    return [(core, STEP, "store", DEVICE)]


def is_interrupted(core: int) -> list[Step]:
    return [(core, INTERRUPT, "load", -1)]


@pytest.mark.parametrize(
    "steps",
    [
        [under_lock(0), under_lock(1), under_lock(0)],
        [does(0, "load", DATA), does(1, "load", DATA)],
        [does(0, "store", DATA), does(1, "store", DATA + 4)],
        [does(0, "store", DATA), does(0, "store", FLAG), does(1, "wait", FLAG), does(1, "load", DATA)],
        [does(0, "store", DATA), does(0, "xchg", FLAG), does(1, "xchg", FLAG), does(1, "load", DATA)],
        [does(0, "store", DATA), does(0, "store", LOCK), does(1, "xchg", LOCK), does(1, "load", DATA)],
        [does(0, "store", DATA), interrupts(0), is_interrupted(1), does(1, "load", DATA)],
    ],
    ids=[
        "a lock",
        "two loads",
        "two halves of a word",
        "a flag that is waited for",
        "locked instructions",
        "a lock that was held",
        "an interrupt",
    ],
)
def test_what_is_ordered_is_no_race(steps: list[list[Step]]) -> None:
    assert not races(*steps, known=[does(1, "wait", FLAG)])


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([does(0, "store", DATA), does(1, "load", DATA)], [(1, 3)]),
        ([under_lock(0), does(1, "store", DATA)], [(2, 6)]),
        ([does(0, "xchg", FLAG), does(1, "add", FLAG)], [(1, 2)]),
        ([does(0, "store", FLAG), does(0, "store", DATA), does(1, "wait", FLAG), does(1, "load", DATA)], [(3, 6)]),
        ([does(0, "store", DATA), [(0, STEP, "store", FLAG)], does(1, "wait", FLAG), does(1, "load", DATA)], [(1, 5)]),
        ([interrupts(0), does(0, "store", DATA), is_interrupted(1), does(1, "load", DATA)], [(2, 5)]),
    ],
    ids=[
        "plain",
        "one without the lock",
        "a plain change beside a locked one",
        "behind the flag",
        "a flag that does not show yet",
        "behind the interrupt",
    ],
)
def test_what_nothing_orders_is_a_race(steps: list[list[Step]], found: list[tuple[int, int]]) -> None:
    assert races(*steps, known=[does(1, "wait", FLAG)]) == found


def test_marked_accesses_do_not_race_and_pass_on_what_came_before() -> None:
    steps = [does(0, "store", DATA), does(1, "load", DATA)]
    assert not races(*steps, marked=True)


def test_a_word_that_is_waited_for_in_another_schedule_is_synchronisation() -> None:
    steps = [does(0, "store", FLAG), does(1, "load", FLAG)]
    assert races(*steps) == [(1, 3)]
    assert not races(*steps, known=[does(1, "wait", FLAG)])
