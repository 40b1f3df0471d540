"""Schedules of a real kernel: a lost update is found and replayed, a locked one is not; each schedule is always the same."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emu.boot.ending import End
from emu.boot.explore.explorer import Strategy
from emu.boot.explore.verdict import verdict
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.errors import CheckFailed, UserError
from emu.explore.replay_string import decode
from emu.explore.strategy.records import PCT, POS, RANDOM, REPLAY, SURW
from emu.runner.runner import Runner, silent
from emu.subjects.kernel.explore.exploration import Exploration, Find, Judged, replay
from emu.subjects.kernel.explore.search import search
from emu.subjects.kernel.explore.spec import ExploreSpec

HOME = os.environ.get("XDG_CACHE_HOME")  # of whoever runs the tests
ENOUGH = 40  # schedules, of which some lose an update


def first_failing(exploration: Exploration) -> Judged:
    return next(each for number in range(1, ENOUGH) if (each := exploration.judge(number)).failure is not None)


@pytest.fixture(scope="module")
def find(racy: Exploration) -> Find:
    return racy.find(first_failing(racy))


def test_a_lost_update_is_found_and_made_short(find: Find) -> None:
    assert (find.failure.checker, find.failure.summary) == ("exit_status", "the program ended with exit status 1")
    assert find.switches <= 6
    assert {row.cpu for row in find.rows} >= {0, 1}
    assert any(row.where.startswith("program 0x400") and row.action == "stores" for row in find.rows)


@pytest.mark.deep
def test_what_makes_no_progress_is_made_short_too(spec: Callable[[str], ExploreSpec]) -> None:
    exploration = Exploration(spec("opposed"), Watchers())
    judged = first_failing(exploration)
    find = exploration.find(judged)
    assert find.failure.checker == "no_progress"
    assert len(decode(find.replay).tokens) < len(judged.tokens) / 50


def test_a_find_is_replayed_digest_for_digest(racy: Exploration, find: Find) -> None:
    tokens = decode(find.replay).tokens
    assert {racy.explorer.run(0, Strategy(REPLAY), tokens).digest for _ in range(5)} == {find.digest}


def test_another_machine_replays_it_too_and_another_program_does_not(
    find: Find, spec: Callable[[str], ExploreSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replay(find.replay, decode(find.replay), Watchers())
    assert (again.digest, again.failure, again.rows) == (find.digest, find.failure, find.rows)
    with pytest.raises(UserError, match="of another kernel, program, initramfs or option"):
        replay(find.replay, decode(find.replay), Watchers(), spec("locked"))


@pytest.mark.parametrize("kind", [RANDOM, PCT, POS, SURW])
def test_a_schedule_is_the_same_whatever_ran_before(racy: Exploration, kind: int) -> None:
    strategy = Strategy(kind, 3, 3)
    digests = [racy.explorer.run(number, strategy).digest for number in (7, 8, 8, 7)]
    assert digests[0] == digests[3] and digests[1] == digests[2] and digests[0] != digests[1]


def test_memory_is_what_it_was(racy: Exploration) -> None:
    gear = racy.explorer.gear
    gear.begin(1)
    before = gear.memory_digest()
    racy.explorer.run(4, Strategy(RANDOM, 2))
    assert gear.memory_digest() != before
    gear.begin(1)
    assert gear.memory_digest() == before


def test_locked_additions_are_never_lost_and_there_is_something_to_explore(spec: Callable[[str], ExploreSpec]) -> None:
    searched = search(replace(spec("locked"), schedules=15), Watchers(), Runner.local(), seconds=None, progress=silent)
    assert searched.find is None
    assert searched.schedules == len(searched.digests) == 15
    assert searched.shared_words > 50
    assert searched.to_dict()["findings"] == []


def test_a_region_that_never_ends_is_said(spec: Callable[[str], ExploreSpec]) -> None:
    with pytest.raises(CheckFailed, match=r"--from symbol:.* did not come: the run ended \(exited\) before it"):
        Exploration(replace(spec("locked"), start=parse_mark("--from", "symbol:__x64_sys_reboot:9")), Watchers())


def test_one_core_has_no_schedules(spec: Callable[[str], ExploreSpec]) -> None:
    wanted = spec("racy")
    with pytest.raises(UserError, match="one core has one schedule alone"):
        replace(wanted, boot=replace(wanted.boot, cpus=1))


@pytest.mark.deep
def test_the_number_of_processes_changes_nothing(spec: Callable[[str], ExploreSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")  # new processes would compile everything anew
    if HOME is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", HOME)

    def found(name: str, jobs: int) -> dict[str, object]:
        wanted = replace(spec(name), schedules=30)
        wanted = replace(wanted, boot=replace(wanted.boot, cache=False))
        with Runner.local(jobs) as runner:
            searched = search(wanted, Watchers(), runner, seconds=None, progress=silent)
        return {**searched.to_dict(), "host_seconds": None}

    for name in ("racy", "locked"):
        assert found(name, 2) == found(name, 1)


@pytest.fixture
def planted() -> Path:
    """Kernels with faults, built from a distribution's source (docs/explore-kernel.md says how)."""
    folder = os.environ.get("EMU_PLANTED_KERNELS")
    if folder is None:
        pytest.skip("EMU_PLANTED_KERNELS names no folder with bzImage-norecheck and bzImage-expunge")
    return Path(folder)


@pytest.mark.deep
@pytest.mark.parametrize(
    "fault, arguments, start, stop, where",
    [
        ("norecheck", ("sig", "3"), "symbol:__x64_sys_msgrcv", None, "do_msgrcv"),
        ("expunge", ("rmid", "5"), "symbol:expunge_all:5", "symbol:ipc_rcu_putref", "wake_q_add_safe"),
    ],
)
def test_a_planted_fault_is_found(
    shared: Path, planted: Path, fault: str, arguments: tuple[str, ...], start: str, stop: str | None, where: str
) -> None:
    boot = BootSpec(
        kernel=planted / f"bzImage-{fault}", cpus=4, program=shared / "mstress", arguments=arguments, identity="generic"
    )
    marks = parse_mark("--from", start), None if stop is None else parse_mark("--to", stop)
    wanted = ExploreSpec(boot, *marks, planted / f"System.map-{fault}", Strategy(RANDOM, 0), 2000)
    found = search(wanted, Watchers(), Runner.local(), seconds=None, progress=silent).find
    assert found is not None
    assert (found.failure.checker, found.failure.where.split("+")[0].split(".")[0]) == ("oops", where)
    assert {replay(found.replay, decode(found.replay), Watchers()).digest for _ in range(2)} == {found.digest}


@pytest.mark.deep
@pytest.mark.parametrize(
    "arguments, start, stop, schedules",
    [
        (("rmid", "5"), "symbol:expunge_all:5", "symbol:ipc_rcu_putref", 2000),
        (("sig", "3"), "symbol:__x64_sys_msgrcv:4", "symbol:__x64_sys_msgsnd:2", 60),  # 1.4 M instructions each
    ],
)
def test_the_kernel_as_it_is_stays_clean(shared: Path, arguments: tuple[str, ...], start: str, stop: str, schedules: int) -> None:
    boot = BootSpec(
        kernel=shared / "bzImage-small-wakeq", cpus=4, program=shared / "mstress", arguments=arguments, identity="generic"
    )
    marks = parse_mark("--from", start), parse_mark("--to", stop)
    wanted = ExploreSpec(boot, *marks, shared / "System.map-small-wakeq", Strategy(RANDOM, 0), schedules)
    searched = search(wanted, Watchers(), Runner.local(), seconds=None, progress=silent)
    assert searched.find is None and searched.schedules == schedules


def test_nothing_is_found_in_what_ended_well(racy: Exploration) -> None:
    first = racy.explorer.first
    assert (first.ended.how, first.ended.status, verdict(first)) == (End.EXITED, 0, None)
