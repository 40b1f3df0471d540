"""Exploration of the message path: bugs found, repeated and made simple; what is right passes."""

from dataclasses import replace

import pytest

from emu.errors import UserError
from emu.explore.replay_string import decode, encode
from emu.run.explore_run import Explored, ExplorePlan, explore, reopen, scenarios
from emu.run.extent import Extent
from emu.run.hunt import OFF
from emu.runner.runner import Runner, silent
from emu.schedules.walker import switches
from emu.subjects.ipc_msg.script.text import parse

KNOWN = scenarios()
RIGHT = ("baseline", "wakeq", "wakeq-senders", "wakeq-release-fixed")


def explored(
    variant: str, *names: str, jobs: int = 1, strategy: str = "auto", schedules: int = 1_000, preempt: str = "none"
) -> list[Explored]:
    chosen = tuple(KNOWN[name] for name in names)
    plan = ExplorePlan(variant, chosen, "a10-7800", Extent(strategy, schedules=schedules), preempt)
    with Runner.local(jobs) as runner:
        return list(explore(plan, runner, silent))


@pytest.mark.parametrize("strategy", ["auto", pytest.param("exhaustive", marks=pytest.mark.deep)])
def test_a_preempted_sender_and_a_receiver_that_spins_are_a_livelock(strategy: str) -> None:
    (found,) = explored("baseline", "two-on-a-core", preempt="rt", strategy=strategy)
    finding = found.hunted.finding
    assert finding is not None
    assert finding.checker == "livelock"
    assert finding.summary.startswith("core 0 at do_msgrcv+")
    again = reopen(decode(found.replay)).replayed().finding
    assert again is not None
    assert again.summary == finding.summary


@pytest.mark.parametrize("variant", ["baseline-rt", "wakeq"])
def test_two_on_a_core_come_to_their_end_without_the_loop(variant: str) -> None:
    (found,) = explored(variant, "two-on-a-core", preempt="rt", strategy="exhaustive")
    assert found.hunted.exhausted


@pytest.fixture(scope="module")
def bug_of_2020() -> Explored:
    (found,) = explored("wakeq-release", "removed-with-sleepers")
    return found


def test_the_bug_of_2020_is_the_use_of_a_left_stack_frame(bug_of_2020: Explored) -> None:
    finding = bug_of_2020.hunted.finding
    assert finding is not None
    assert finding.checker == "stack-frame"
    assert finding.summary.startswith("core 1 at expunge_all+")
    assert switches(finding.tokens) <= 6
    assert finding.picture.acts[-1].routine.startswith("expunge_all+")


def test_a_find_repeats_choice_for_choice(bug_of_2020: Explored) -> None:
    read = decode(bug_of_2020.replay)
    again = reopen(read).replayed().finding
    assert again is not None
    assert again.tokens == read.tokens
    assert replace(again, strategy="", schedules=0) == replace(bug_of_2020.hunted.finding, strategy="", schedules=0)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"code": "0"}, "a schedule of another wakeq-release"), ({"words": None}, "lacks what says of which program")],
)
def test_a_schedule_of_something_else_is_refused(bug_of_2020: Explored, change: dict[str, str], words: str) -> None:
    read = decode(bug_of_2020.replay)
    with pytest.raises(UserError, match=words):
        reopen(decode(encode(read.kind, {**read.header, **change}, read.tokens)))


def test_the_fix_passes_where_the_bug_was_found() -> None:
    (found,) = explored("wakeq-release-fixed", "removed-with-sleepers", strategy="pct:3", schedules=300)
    assert found.hunted.finding is None
    assert found.hunted.schedules == 300


def test_every_order_of_a_hand_over_is_right() -> None:
    (found,) = explored("wakeq", "hand-off", strategy="exhaustive")
    assert found.hunted.exhausted
    assert found.hunted.finding is None


SLEEPER = "tasks 3\nt1: recv type=1 size=8\n"
SENT = "t2: send type=1"


def test_schedules_begin_where_a_task_is() -> None:
    """From the window on there is less left to come than from the call on."""
    whole = parse(f"{SLEEPER}{SENT} & t3: signal t1\n", "whole.script")
    there = parse(f"{SLEEPER}{SENT}\nt3: signal t1 while t2 at handoff_window\n", "there.script")
    hunted = []
    for script in (whole, there):
        plan = ExplorePlan("wakeq", (script,), "a10-7800", Extent("random", schedules=100))
        (found,) = explore(plan, Runner.local(), silent)
        assert found.hunted.finding is None, found.hunted.finding  # though the window is under the lock
        hunted.append(found.hunted)
    assert hunted[1].events < hunted[0].events
    assert found.operations == "t2: send type=1 & t3: signal t1 while t2 at handoff_window"


def test_a_scenario_without_overlap_is_refused() -> None:
    alone = parse("tasks 1\nt1: rmid\n", "alone.script")
    plan = ExplorePlan("wakeq", (alone,), "a10-7800", Extent(schedules=10))
    with pytest.raises(UserError, match=r"alone\.script: wanted operations that overlap"):
        list(explore(plan, Runner.local(), silent))


def test_a_search_that_can_see_nothing_is_an_error() -> None:
    alone = parse("tasks 2\nt1: msgget key=1 & t2: sleep\n", "nothing.script")
    plan = ExplorePlan("wakeq", (alone,), "a10-7800", Extent(schedules=10))
    with pytest.raises(UserError, match="no memory is shared"):
        list(explore(plan, Runner.local(), silent))


@pytest.mark.deep
@pytest.mark.parametrize("strategy", ["pct:3", "exhaustive"])
def test_a_checker_that_is_left_out_is_not_heard(strategy: str) -> None:
    off = OFF | {"stack-frame", "fault"}
    plan = ExplorePlan("wakeq-release", (KNOWN["removed-with-sleepers"],), "a10-7800", Extent(strategy, schedules=1_000), off=off)
    (found,) = explore(plan, Runner.local(), silent)
    assert found.hunted.finding is None
    assert not found.hunted.exhausted


@pytest.mark.deep
def test_no_result_depends_on_the_number_of_processes() -> None:
    names = ("hand-off", "removed-with-sleepers", "two-queues")
    one, two = (explored("wakeq-release", *names, jobs=jobs, schedules=100) for jobs in (1, 2))
    assert [(each.name, each.replay) for each in one] == [(each.name, each.replay) for each in two]


@pytest.mark.deep
@pytest.mark.parametrize("variant", RIGHT)
@pytest.mark.parametrize("name", KNOWN)
def test_what_is_right_passes_every_scenario(variant: str, name: str) -> None:
    (found,) = explored(variant, name, schedules=100)
    assert found.hunted.finding is None, found.hunted.finding
