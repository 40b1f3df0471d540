"""Means of a walk: whole calls in steady state, holds by lock and by what came of them."""

import pytest

from emu.errors import CheckFailed
from emu.subjects.kernel.call_lengths import CallLengths, measure
from emu.subjects.path.sections import Outcome
from emu.subjects.path.tally import Tally
from emu.subjects.path.walk import Episode, Hold, Walk
from emu.trace.coherence_replay import Event

CALLS = ("semop", "futex")


def walk(rounds: int, *, at_once: bool = False) -> Walk:
    """Each round is a semop that wakes under its lock, one that sleeps with it, and what happens meanwhile; ten records apart."""
    found = Walk()
    for number in range(rounds):
        start = 100 * number
        semop = episode("semop", start, {"do_semtimedop": 100, "spin": 10})
        futex = episode("futex", start + 20, {"do_futex": 50 + number})
        found.episodes += [semop, futex, episode("idle", start + 30, {"do_idle": 40}), episode("reschedule", start + 40, {"f": 6})]
        found.holds += [
            hold("sem.lock", start + 1, semop, Outcome.WAKES, "try_to_wake_up" if at_once else "wake_q_add", 30),
            hold("runqueues", start + 2, semop, Outcome.GOES_ON, "", 70),
            hold("sem.lock", start + 21, futex, Outcome.SLEEPS, "", 12),
            hold("other", start + 31, found.episodes[-2], Outcome.GOES_ON, "", 5),
        ]
        found.transfers += [(start + 1, Event.READ_MISS, 0x40), (start + 3, Event.UPGRADE, 0x80)]
    return found


def episode(kind: str, first: int, functions: dict[str, int]) -> Episode:
    return Episode(kind=kind, first=first, over=True, functions={name: Tally(instructions=n) for name, n in functions.items()})


def hold(name: str, first: int, within: Episode, outcome: Outcome, woken_by: str, instructions: int) -> Hold:
    functions = {"f": Tally(instructions=instructions)}
    return Hold(name=name, first=first, lock=64, episode=within, outcome=outcome, woken_by=woken_by, functions=functions, over=True)


def measured(found: Walk, warm_up: int = 0, tail: int = 0) -> CallLengths:
    return measure(found, CALLS, warm_up, tail, lambda address: "low" if address < 0x80 else "high")


def test_means_of_calls_and_of_what_else_one_costs() -> None:
    found = measured(walk(4))
    assert found.counts == {"semop": 4, "futex": 4}
    assert {name: means.instructions for name, means in found.contexts.items()} == {
        "semop": 110, "futex": 51.5, "idle": 40, "reschedule": 6
    }  # fmt: skip
    assert [*found.functions["semop"]] == ["do_semtimedop", "spin"]
    assert (found.transfers, found.objects) == (
        {"read_miss": 1.0, "upgrade": 1.0, "write_miss": 0.0}, {"high": 1.0, "low": 1.0}
    )  # fmt: skip


def test_the_beginning_and_the_end_are_left_out() -> None:
    found = measured(walk(10), warm_up=2, tail=3)
    assert found.counts == {"semop": 5, "futex": 5}
    assert found.contexts["futex"].instructions == 54


def test_a_call_that_is_not_over_is_none() -> None:
    unfinished = walk(4)
    unfinished.episodes[1].over = False
    assert measured(unfinished).counts == {"semop": 4, "futex": 3}


def test_sections_are_by_call_lock_and_outcome() -> None:
    found = measured(walk(4))
    assert [(each.call, each.lock, each.outcome, each.holds, each.means.instructions) for each in found.sections] == [
        ("semop", "runqueues", Outcome.GOES_ON, 4, 70),
        ("semop", "sem.lock", Outcome.WAKES, 4, 30),
        ("futex", "sem.lock", Outcome.SLEEPS, 4, 12),
    ]
    assert found.sleeping_lock == "sem.lock"


@pytest.mark.parametrize("at_once", [True, False])
def test_who_wakes_under_the_lock(at_once: bool) -> None:
    assert measured(walk(2, at_once=at_once)).wakes_at_once("semop") == at_once
    assert not measured(walk(2, at_once=at_once)).wakes_at_once("futex")


@pytest.mark.parametrize(
    ("drop", "left_out", "words"),
    [("futex", 0, "made no whole call of futex in the region"), ("", 4, "made 4 calls of semop: too few, 4 are not steady state")],
)
def test_too_little(drop: str, left_out: int, words: str) -> None:
    found = walk(4)
    found.episodes = [each for each in found.episodes if each.kind != drop]
    with pytest.raises(CheckFailed, match=words):
        measured(found, warm_up=left_out)
