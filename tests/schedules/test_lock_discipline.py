"""Lock discipline, on schedules that are written down step by step."""

import numpy as np
import pytest

from emu.explore.records import DRAIN, KINDS, STEP
from emu.explore.walk_records import CHOICE
from emu.schedules.lock_discipline import LockDiscipline

ONE, OTHER, RUN_QUEUE = 0x1000, 0x2000, 0x3000
NAMES = {ONE: "one.lock", OTHER: "other.lock", RUN_QUEUE: "rq.lock"}
LOCKED_PC, PLAIN_PC = 0x10, 0x20
LOCKED_WORD = 4

Step = tuple[int, int, int, int, int, int, int]  # core, task, kind, pc, address, size, value


def takes(core: int, at: int, task: int | None = None) -> list[Step]:
    return [(core, core if task is None else task, STEP, LOCKED_PC, at, LOCKED_WORD, 1)]


def fails(core: int, at: int) -> list[Step]:
    return [(core, core, STEP, LOCKED_PC, at, LOCKED_WORD, 0x101)]


def releases(core: int, at: int, task: int | None = None) -> list[Step]:
    """As it enters the buffer; `shows` is when the others see it."""
    return [(core, core if task is None else task, STEP, PLAIN_PC, at, 1, 0)]


def shows(core: int, at: int) -> list[Step]:
    return [(core, core, DRAIN, 0, at, 1, 0)]


def goes_on(core: int, task: int) -> list[Step]:
    return [(core, task, STEP, PLAIN_PC, 0x9000, 8, 0)]


def both_in_turn() -> list[Step]:
    """Core 0 takes one lock, then the other."""
    steps = (takes(0, ONE), takes(0, OTHER), releases(0, OTHER), releases(0, ONE), shows(0, OTHER), shows(0, ONE))
    return [step for part in steps for step in part]


def look(*parts: list[Step], idle: int | None = None, held: int | None = None) -> str | None:
    steps = [step for part in parts for step in part]
    choices = np.zeros(len(steps), CHOICE)
    for row, (core, task, kind, pc, address, size, value) in zip(choices, steps, strict=True):
        row["agent"], row["task"], row["pc"] = core * KINDS + kind, task, pc
        row["address"], row["writes"], row["size"], row["value"] = address, 1, size, value
    words = {at: int(at == held) for at in NAMES}
    rules = LockDiscipline(NAMES, words, {"rq.lock"}, lambda pc: pc == LOCKED_PC, lambda core, pc: f"core {core}")
    tasks = {core: task for core, task, *_ in steps}
    return rules.look(choices, [idle if idle is not None else tasks.get(core, core) for core in range(2)])


@pytest.mark.parametrize(
    "steps",
    [
        [takes(0, ONE), releases(0, ONE), shows(0, ONE), takes(1, ONE), releases(1, ONE)],
        [takes(0, ONE), fails(1, ONE), releases(0, ONE), shows(0, ONE), takes(1, ONE), releases(1, ONE)],
        [takes(0, ONE), takes(0, OTHER), releases(0, OTHER), releases(0, ONE), goes_on(0, 3)],
        [takes(0, RUN_QUEUE), goes_on(0, 3), releases(0, RUN_QUEUE, task=3)],
        [takes(0, ONE), takes(1, OTHER), releases(0, ONE), releases(1, OTHER)],
    ],
    ids=["in turn", "a waiter", "nested, then asleep with none", "a run queue's", "two cores, a lock each"],
)
def test_what_is_right_passes(steps: list[list[Step]]) -> None:
    assert look(*steps) is None


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([takes(0, ONE), releases(0, ONE), releases(0, ONE)], "core 0 releases one.lock, which nobody holds"),
        ([takes(0, ONE), releases(1, ONE)], "core 1 releases one.lock, which core 0 has taken"),
        ([takes(0, ONE), goes_on(0, 3)], "t1 gives its core away with one.lock held, which core 0 has taken"),
        (
            [both_in_turn(), takes(1, OTHER), takes(1, ONE)],
            "core 1 takes one.lock with other.lock held, and core 0 took them the other way round",
        ),
    ],
    ids=["twice", "another's", "asleep with it", "order"],
)
def test_what_is_wrong_is_said(steps: list[list[Step]], words: str) -> None:
    assert look(*steps) == words


def test_a_lock_that_is_held_at_the_beginning_is_released_once() -> None:
    assert look(releases(0, ONE), held=ONE) is None
    assert look(releases(0, ONE), releases(0, ONE), held=ONE) == "core 0 releases one.lock, which nobody holds"


def test_a_core_that_is_idle_at_the_end_has_given_the_lock_along() -> None:
    assert look(takes(0, ONE), idle=7) == "t1 gives its core away with one.lock held, which core 0 has taken"
