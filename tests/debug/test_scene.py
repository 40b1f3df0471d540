"""Finds of the message path and of locks under a debugger: each step of the schedule as it is made, and gdb itself."""

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bench.broken_locks import NOT_ATOMIC
from bench.gdb import Gdb, free_port, needs_gdb
from emu.boot.hot.looks import ON_ACCESS, ON_CHANGE, ON_TRANSFER
from emu.boot.looks import Watch
from emu.cli.main import main
from emu.debug.debugged import Reason
from emu.debug.registers import GENERAL
from emu.debug.scene_run import scene_target
from emu.debug.schedule import ScheduleTarget
from emu.engine.machine import Machine
from emu.explore.records import STEP
from emu.explore.replay_string import decode
from emu.run import explore_run, lock_explore
from emu.run.explore_run import ExplorePlan, Reopened, scenarios
from emu.run.extent import Extent
from emu.run.lock_explore import LockPlan
from emu.runner.runner import Runner, silent
from emu.schedules.recording import Recording
from emu.subjects.bench import program

SHOWN = (*GENERAL, "rip", "eflags", "gs_base", "xmm0")


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def bug_of_2020() -> str:
    plan = ExplorePlan("wakeq-release", (scenarios()["removed-with-sleepers"],), "a10-7800", Extent(schedules=1_000))
    with Runner.local(1) as runner:
        (found,) = explore_run.explore(plan, runner, silent)
    return found.replay


@pytest.fixture(scope="module")
def two_inside(tmp_path_factory: pytest.TempPathFactory) -> str:
    lock = tmp_path_factory.mktemp("lock") / "not-atomic.S"
    lock.write_text(NOT_ATOMIC)
    plan = LockPlan(str(lock), "a10-7800", 2, (1,), 0, Extent("exhaustive"))
    (found,) = lock_explore.explore(plan, lambda done, total: None)
    return found.replay


def debugged(reopened: Reopened) -> Iterator[tuple[ScheduleTarget, Recording]]:
    hunt = reopened.hunt
    before = reopened.replayed().finding
    with hunt.learned(), Recording(hunt.walker, reopened.tokens, reopened.beyond).listening() as recording:
        yield scene_target(reopened, recording, before), recording
    assert reopened.replayed().finding == before


@pytest.fixture(scope="module")
def reopened(bug_of_2020: str) -> Reopened:
    return explore_run.reopen(decode(bug_of_2020))


@pytest.fixture(scope="module")
def machine(reopened: Reopened) -> Machine:
    return reopened.hunt.explorer.machine


@pytest.fixture(scope="module")
def path(reopened: Reopened) -> Iterator[tuple[ScheduleTarget, Recording]]:
    yield from debugged(reopened)


@pytest.fixture(scope="module")
def lock(two_inside: str) -> Iterator[tuple[ScheduleTarget, Recording]]:
    yield from debugged(lock_explore.reopen(decode(two_inside)))


def at(target: ScheduleTarget) -> int:
    return int(next(target.where()).split()[0].replace(",", ""))


def registers(target: ScheduleTarget) -> list[list[int | None]]:
    return [[target.register(core, name) for name in SHOWN] for core in range(target.cores)]


@pytest.mark.parametrize("name, count", [("path", 20), ("lock", 20)])
def test_a_step_changes_its_own_core_alone(name: str, count: int, request: pytest.FixtureRequest) -> None:
    """Wherever one stands: the core is at the step's instruction, and once it is made no other one's registers have changed."""
    target, recording = request.getfixturevalue(name)
    chance, seen, places = random.Random(1), dict[int, Any](), [step.pc for step in recording.steps if step.kind == STEP]
    for turn in range(count):
        target.places = [chance.choice(places)]
        if chance.choice((target.go_on, target.go_back))(never).reason != Reason.PLACE:
            continue
        core, before, place = target.stop.core, registers(target), at(target)
        step = recording.steps[place]
        assert (step.core, step.pc) == (core, target.pc(core))
        digest = target.digest() if turn % 8 == 0 else ""
        assert seen.setdefault(place, before) == before
        assert target.go_on(never, core).reason == Reason.STEP
        after = registers(target)
        assert [after[each] for each in range(target.cores) if each != core] == [
            before[each] for each in range(target.cores) if each != core
        ]
        assert target.step_back(core, never).reason == Reason.STEP
        assert registers(target) == before
        assert digest in ("", target.digest())
    target.places = []
    assert target.go_on(never).reason == Reason.END
    assert target.go_back(never).reason == Reason.BEGIN


def test_a_place_is_the_same_whether_the_search_stops_there_or_is_left(
    path: tuple[ScheduleTarget, Recording], machine: Machine
) -> None:
    """In front of a choice the search stops by itself; elsewhere a hook leaves it, and that must leave nothing out."""
    recording, stood = path[1], list[Any]()
    firsts = [place for place, step in enumerate(recording.steps) if step.first and step.kind == STEP]
    for place in random.Random(2).sample(firsts, 5):
        for first in (True, False):
            recording.steps[place].first = first
            recording.stand(place)
            stood.append([[core.register(name) for name in ("RIP", "RFLAGS", "RAX", "RSP")] for core in machine.unicorns])
            stood[-1].append(machine.bus.ram.tobytes())
        recording.steps[place].first = True
    assert stood[::2] == stood[1::2]


def test_a_store_is_seen_by_its_own_core_until_it_drains(lock: tuple[ScheduleTarget, Recording]) -> None:
    target, _ = lock
    assert target.go_back(never).reason == Reason.BEGIN
    target.watches = [Watch(ON_CHANGE, program.LOCK, 4)]
    stop = target.go_on(never)
    taker, other = stop.core, 1 - stop.core
    views = [int.from_bytes(target.read(core, program.LOCK, 4), "little") for core in (taker, other)]
    assert (stop.reason, views, target.stores(taker)) == (Reason.WATCH, [1, 0], [(program.LOCK, 4, 1)])
    target.watches = []
    assert target.go_on(never).reason == Reason.END
    assert [target.stores(core) for core in (taker, other)] == [[], []]
    assert target.read(taker, program.LOCK, 4) == target.read(other, program.LOCK, 4)


@pytest.mark.parametrize("kind", [ON_CHANGE, ON_ACCESS, ON_TRANSFER])
def test_what_is_watched_is_met_in_both_directions(lock: tuple[ScheduleTarget, Recording], kind: int) -> None:
    target, _ = lock
    target.watches = [Watch(kind, program.LOCK, 4)]
    while target.go_back(never).reason != Reason.BEGIN:
        pass
    there, back = list[Any](), list[Any]()
    while (stop := target.go_on(never)).reason == Reason.WATCH:
        there.append((stop.core, stop.access))
    while (stop := target.go_back(never)).reason == Reason.WATCH:
        back.append((stop.core, stop.access))
    target.watches = []
    assert there == back[::-1]
    assert {core for core, _ in there} == ({1} if kind == ON_TRANSFER else {0, 1})  # core 0 has the line first


@needs_gdb
def test_gdb_follows_the_bug_of_2020(bug_of_2020: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", bug_of_2020, "--json"]) == 1
    undisturbed = capsys.readouterr().out
    port = free_port()
    gdb = Gdb(
        port, "info threads", "break expunge_all", "continue", "thread apply all backtrace", "delete",
        "break *(expunge_all+0x30)", "continue", "x/i $pc", "watch -l *(long *) $rbx", "delete 2", "reverse-continue",
        "print/x *(long *) $rsp != 0", "reverse-stepi", "info registers rip xmm0 gs_base", "print $st0", "set var $rax = 1",
        "monitor where", "monitor stores", "monitor line 0xffff88000063fea0", "delete", "continue", "detach",
    )  # fmt: skip
    assert main(["replay", bug_of_2020, "--gdb", str(port), "--json"]) == 1
    said = gdb.said()
    assert said.count("script_task () at ") >= 2, said
    callers = ("expunge_all", "freeque", "msgctl_down", "entry_SYSCALL_64")
    lines = "\n".join(rf"#{depth} .*{name} \(\) at .*/{name}\.S:\d+" for depth, name in enumerate(callers))
    assert re.search(lines, said), said
    assert "mov    0x10(%rbx),%rsi" in said
    assert capsys.readouterr().out == undisturbed


def test_a_port_that_is_none_is_refused(bug_of_2020: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", bug_of_2020, "--gdb", "65536"]) == 2
    assert capsys.readouterr().err.startswith("emu: --gdb must be a port, 0 to 65535")
