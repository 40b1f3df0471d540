"""Data races of the message path: one that does no harm is found, those that are known are left out."""

import re
from dataclasses import replace

import pytest

from bench.explore.mutants import Mutant, write_mutant
from emu.explore.replay_string import decode
from emu.run.explore_run import Explored, ExplorePlan, explore, reopen, scenarios
from emu.run.extent import Extent
from emu.runner.runner import Runner, silent
from emu.subjects.ipc_msg.script.script import Script
from emu.subjects.ipc_msg.script.text import parse

KNOWN = scenarios()
VARIANTS = ("baseline", "wakeq", "wakeq-senders", "wakeq-release-fixed", "baseline-ticket")
TWO_SENDERS = parse("tasks 2\nt1: send type=1 size=8 & t2: send type=1 size=8\n", "two-senders.script")
EARLY = Mutant(
    name="the queue is looked at before its lock is taken",
    routine="do_msgsnd",
    old="    mov rdi, rax\n    spin_lock\n.Ltry",
    new="    mov rdi, rax\n    cmp qword ptr [rax + MSQ_q_qnum], 0x0\n    spin_lock\n.Ltry",
    scenario="",
    checkers=("data-race",),
)


def with_races(variant: str, script: Script, schedules: int, preempt: str = "none") -> Explored:
    plan = ExplorePlan(variant, (script,), "a10-7800", Extent("random", schedules=schedules), preempt, off=frozenset())
    (found,) = explore(plan, Runner.local(), silent)
    return found


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_mutant(EARLY, tmp_path_factory.mktemp("races") / "early"))


def test_a_race_that_does_no_harm_is_found_and_found_again(early: str) -> None:
    found = with_races(early, TWO_SENDERS, 100)
    finding = found.hunted.finding
    assert finding is not None
    assert finding.checker == "data-race"
    assert re.search(
        r"q_qnum|\+0x[0-9a-f]+: t\d on core \d at do_msgsnd\+.*do_msgsnd\.S:\d+\) .* at step \d+ and t\d on core", finding.summary
    )
    assert finding.picture.acts[-1].routine.startswith("do_msgsnd+")
    again = reopen(decode(found.replay)).replayed().finding
    assert again is not None
    assert replace(again, strategy="", schedules=0) == replace(finding, strategy="", schedules=0)


def test_nobody_looks_for_races_unless_asked(early: str) -> None:
    plan = ExplorePlan(early, (TWO_SENDERS,), "a10-7800", Extent("random", schedules=20))
    (found,) = explore(plan, Runner.local(), silent)
    assert found.hunted.finding is None


@pytest.mark.parametrize(
    ("variant", "name", "preempt"),
    [
        ("wakeq", "three-cores", "rt"),
        ("baseline", "two-on-a-core", "none"),
        *(pytest.param(variant, name, "none", marks=pytest.mark.deep) for variant in VARIANTS for name in KNOWN),
        *(pytest.param("wakeq", name, "rt", marks=pytest.mark.deep) for name in KNOWN),
    ],
)
def test_the_path_has_no_races_but_those_that_are_known(variant: str, name: str, preempt: str) -> None:
    found = with_races(variant, KNOWN[name], 40, preempt)
    assert found.hunted.finding is None, found.hunted.finding
