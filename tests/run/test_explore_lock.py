"""Exploration of locks: those that come with emu pass in every order; what is wrong is found, and found again."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.broken_locks import NOT_ATOMIC
from emu.errors import UserError
from emu.explore.replay_string import decode, encode
from emu.run.explore_run import Explored
from emu.run.extent import Extent, checkers_off
from emu.run.hunt import FAIRNESS, OFF
from emu.run.lock_explore import CHECKERS, OPTIONAL, LockPlan, explore, reopen
from emu.subjects.bench.lock_file import shipped

TICKETS_SPENT = 0xFFFFFFFF  # of 16 bits each: the next ticket is the last before both halves begin again
UNLOCK = "    inc word ptr [rdi]"
CARRIES = "    lock add dword ptr [rdi], 0x1"
COUNT_AND_RETURN = "    inc qword ptr [rdi + 0x8]\n    ret\n"


def explored(
    lock: str | Path,
    cores: int = 2,
    *rounds: int,
    word: int = 0,
    strategy: str = "exhaustive",
    schedules: int = 3_000,
    off: frozenset[str] = OFF,
) -> list[Explored]:
    plan = LockPlan(str(lock), "a10-7800", cores, rounds or (1,), word, Extent(strategy, schedules=schedules), off)
    return list(explore(plan, lambda done, total: None))


@pytest.mark.parametrize(
    ("also", "without", "strategy", "words"),
    [
        (["fault"], [], "auto", "with: wanted data-race or fairness, got 'fault'"),
        (["data-race"], [], "exhaustive", "--with data-race: it looks at walks, and exhaustive makes none"),
        (["fairness"], [], "random", "--with fairness: a whole search proves it, and random is none"),
        ([], ["data-race"], "auto", "without: wanted one of two-inside, livelock, fault, got 'data-race'"),
    ],
)
def test_who_looks_is_said_by_name(also: list[str], without: list[str], strategy: str, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        checkers_off(also, without, CHECKERS, OPTIONAL, strategy)
    assert checkers_off(["fairness"], ["livelock"], CHECKERS, OPTIONAL, "auto") == {"livelock", "data-race"}


@pytest.fixture
def carrying(tmp_path: Path) -> Path:
    """The ticket lock whose unlock adds to the whole word: the carry out of the head goes into the tail."""
    text = shipped()["ticket"].read_text()
    assert UNLOCK in text
    path = tmp_path / "carrying.S"
    path.write_text(text.replace(UNLOCK, CARRIES))
    return path


@pytest.fixture
def not_atomic(tmp_path: Path) -> Path:
    path = tmp_path / "not-atomic.S"
    path.write_text(NOT_ATOMIC)
    return path


@pytest.mark.parametrize("name", shipped())
def test_what_comes_with_emu_passes_in_every_order(name: str) -> None:
    (found,) = explored(name)
    assert found.hunted.exhausted
    assert found.hunted.finding is None


@pytest.mark.parametrize(("name", "overtaken"), [("ticket", 2), ("mcs", 2), ("clh", 2), ("tas", 4)])
def test_a_queue_lets_each_of_the_others_go_first_once(name: str, overtaken: int) -> None:
    (found,) = explored(name, 3, 2, strategy="random")
    assert (found.hunted.overtaken, found.hunted.fair) == (overtaken, False)


@pytest.mark.parametrize(("name", "cores", "rounds", "overtaken"), [("ticket", 3, 2, 2), ("tas", 3, 2, 4), ("mcs", 2, 3, 1)])
def test_a_whole_search_proves_the_bound(name: str, cores: int, rounds: int, overtaken: int) -> None:
    (found,) = explored(name, cores, rounds, off=OFF - {FAIRNESS})
    assert (found.hunted.overtaken, found.hunted.fair, found.hunted.exhausted) == (overtaken, True, True)
    (other,) = explored(name, cores, rounds)
    assert (other.hunted.overtaken, other.hunted.fair) == (None, False)
    assert other.hunted.states < found.hunted.states


def test_what_is_to_come_is_guessed_from_what_has_been() -> None:
    (whole,) = explored("mcs", 3, 2, schedules=2_000)
    (part,) = explored("mcs", 3, 2, schedules=500)
    assert whole.hunted.exhausted
    assert whole.hunted.to_come is None
    assert part.hunted.to_come is not None
    left = whole.hunted.states - part.hunted.states
    assert left / 3 < part.hunted.to_come < left * 3


@pytest.mark.deep
@pytest.mark.parametrize("name", ["qspinlock", "mcs"])
def test_queues_of_three_cores_pass_in_every_order(name: str) -> None:
    assert [each.hunted.exhausted for each in explored(name, 3)] == [True]


@pytest.mark.parametrize("strategy", ["exhaustive", "random"])
def test_two_inside_are_found_and_found_again(not_atomic: Path, strategy: str) -> None:
    (found,) = explored(not_atomic, strategy=strategy)
    finding = found.hunted.finding
    assert finding is not None
    assert finding.checker == "two-inside"
    assert finding.summary.startswith("2 sections were gone through and their counter says 1")
    read = decode(found.replay)
    again = reopen(read).replayed().finding
    assert again is not None
    assert again.tokens == read.tokens
    assert replace(again, strategy="", schedules=0) == replace(finding, strategy="", schedules=0)


def raced(lock: str | Path, cores: int = 3) -> Explored:
    plan = LockPlan(str(lock), "a10-7800", cores, (2,), 0, Extent("random", schedules=150), off=frozenset())
    (found,) = explore(plan, lambda done, total: None)
    return found


@pytest.mark.parametrize("name", shipped())
def test_what_comes_with_emu_orders_all_that_it_guards(name: str) -> None:
    assert raced(name).hunted.finding is None


@pytest.mark.parametrize("where", ["in front of the lock", "behind the unlock"])
def test_a_plain_counter_outside_the_section_is_a_race(tmp_path: Path, where: str) -> None:
    label, statement = ("acquire:", "inc qword ptr [rdi + 0x8]") if where.startswith("in") else ("release:", "")
    text = shipped()["tas"].read_text()
    assert label in text
    counts = text.replace(label, f"{label}\n    {statement}") if statement else text.rstrip().removesuffix("ret") + COUNT_AND_RETURN
    path = tmp_path / "counts.S"
    path.write_text(counts)
    found = raced(path)
    finding = found.hunted.finding
    assert finding is not None
    assert finding.checker == "data-race"
    assert finding.summary.startswith("lock+0x8: core ")
    assert "counts.S:" in finding.summary
    again = reopen(decode(found.replay)).replayed().finding
    assert again is not None
    assert again.summary == finding.summary


@pytest.mark.parametrize("strategy", ["exhaustive", "random"])
def test_an_unlock_that_carries_is_refuted_where_tickets_begin_again(carrying: Path, strategy: str) -> None:
    (found,) = explored(carrying, word=TICKETS_SPENT, strategy=strategy)
    finding = found.hunted.finding
    assert finding is not None
    assert finding.checker == "livelock"
    assert "acquire+" in finding.summary
    assert finding.picture.acts[0].words == "stores lock = 0x10000"  # by the release: the carry is in the tail


def test_neither_the_carry_alone_nor_the_word_alone_is_wrong(carrying: Path) -> None:
    for lock, word in ((carrying, 0), ("ticket", TICKETS_SPENT)):
        (found,) = explored(lock, word=word)
        assert found.hunted.exhausted


def test_a_find_of_a_file_that_has_changed_is_refused(not_atomic: Path) -> None:
    (found,) = explored(not_atomic)
    not_atomic.write_text(shipped()["tas"].read_text())
    with pytest.raises(UserError, match=r"a schedule of another .*not-atomic\.S: the file has changed"):
        reopen(decode(found.replay))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"words": None}, "lacks what says of which lock"),
        ({"lock": 5}, "lacks what says of which lock"),
        ({"cores": 99}, "cores must be 2"),
    ],
)
def test_a_string_that_says_nonsense_is_refused(not_atomic: Path, change: dict[str, int], words: str) -> None:
    (found,) = explored(not_atomic)
    read = decode(found.replay)
    with pytest.raises(UserError, match=words):
        reopen(decode(encode(read.kind, {**read.header, **change}, read.tokens)))


def test_a_lock_without_memory_in_common_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "halts.S"
    path.write_text("acquire:\n    hlt\n    ret\nrelease:\n    ret\n")
    with pytest.raises(UserError, match="no memory is shared"):
        explored(path)
