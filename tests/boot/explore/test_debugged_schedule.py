"""A schedule that was found to go wrong, under a debugger: the same schedule, with each core's view of memory."""

import json
import random
from typing import Any

import pytest

from bench.gdb import Gdb, free_port, needs_gdb
from emu.boot.ending import End, Ended
from emu.boot.explore.explorer import Strategy
from emu.boot.hot.looks import ON_CHANGE
from emu.boot.hot.records import RUNNING
from emu.boot.looks import Watch
from emu.cli.main import main
from emu.debug.core_registers import pc_of
from emu.debug.debugged import Reason
from emu.debug.replay_run import schedule_target
from emu.debug.target import Target
from emu.engine import env
from emu.explore.replay_string import Token
from emu.explore.strategy.records import REPLAY
from emu.subjects.kernel.explore.exploration import Exploration

PROGRAM_AT = range(0x400000, 0x500000)
STORE = b"\x48\x89\x03"  # mov qword ptr [rbx], rax


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def failing(racy: Exploration) -> tuple[Token, ...]:
    return next(each.tokens for number in range(1, 40) if (each := racy.judge(number)).failure is not None)


@pytest.fixture(scope="module")
def digest(racy: Exploration, failing: tuple[Token, ...]) -> str:
    return racy.explorer.run(0, Strategy(REPLAY), failing).digest


@pytest.fixture(scope="module")
def target(racy: Exploration, failing: tuple[Token, ...], digest: str) -> Target:
    return schedule_target(racy, failing)


def test_it_ends_as_it_did_however_it_is_looked_at(racy: Exploration, target: Target, digest: str) -> None:
    chance, seen = random.Random(1), dict[int, tuple[Any, ...]]()
    for _ in range(120):
        running = [core.index for core in target.machine.cores if core.record["status"] == RUNNING]
        core = chance.choice(running or [0])
        match chance.randrange(4):
            case 0 if running:
                target.step_back(core, never)
            case 1:
                target.places = [pc_of(target.core(core)), pc_of(target.core(core)) + 5]
                target.go_on(never)
            case 2:
                target.go_back(never)
            case _ if running:
                target.go_on(never, core)
        if target.stop.reason == Reason.STEP:
            now = [(pc_of(core), int(core.record["count"])) for core in target.machine.cores]
            assert seen.setdefault(target.position, now) == now
    target.places = []
    assert target.go_on(never).reason == Reason.END
    assert target.ended == Ended(End.EXITED, 1)
    assert racy.explorer.gear.digest() == digest


def test_the_update_that_is_lost_is_seen_as_each_core_sees_it(target: Target) -> None:
    """Both threads store 1. The first one's core sees it at once; to the other core it is not visible yet."""
    assert target.go_back(never).reason == Reason.BEGIN
    core = next(each.index for each in target.machine.cores if pc_of(each) in PROGRAM_AT)
    code = target.read(core, pc_of(target.core(core)), 200)
    target.places = [pc_of(target.core(core)) + code.index(STORE)]
    views = []
    while (stop := target.go_on(never)).reason == Reason.PLACE:
        counter = target.core(stop.core).cpu.get64(env.RBX)
        before = [target.read(each, counter, 8) for each in (stop.core, 1 - stop.core)]
        assert target.go_on(never, stop.core).reason == Reason.STEP
        if pc_of(target.core(stop.core)) == target.places[0] + len(STORE):  # else it has faulted, and is made again
            views.append((*before, *(target.read(each, counter, 8) for each in (stop.core, 1 - stop.core))))
    zero, one = (value.to_bytes(8, "little") for value in (0, 1))
    assert len(views) == 2
    assert views[0] == (zero, zero, one, zero)
    assert views[1][2] == one


def test_a_watched_counter(target: Target) -> None:
    assert target.go_back(never).reason == Reason.PLACE  # the last time: the page is a copy then
    core = target.stop.core
    physical = target.physical(core, target.core(core).cpu.get64(env.RBX))
    assert physical is not None
    assert target.go_on(never).reason == Reason.END
    store, target.places, target.watches = target.places[0], [], [Watch(ON_CHANGE, physical, 8)]
    assert target.go_back(never).reason == Reason.WATCH
    met = [(target.stop.core, target.position)]
    assert pc_of(target.core(met[0][0])) == store
    while target.go_back(never).reason == Reason.WATCH:
        met.append((target.stop.core, target.position))
    assert target.stop.reason == Reason.BEGIN
    for core, position in reversed(met):
        assert (target.go_on(never).core, target.position) == (core, position + 1)
    assert target.go_on(never).reason == Reason.END
    target.watches = []


@needs_gdb
def test_gdb_has_it_and_then_it_is_shown(racy: Exploration, capsys: pytest.CaptureFixture[str]) -> None:
    find = racy.find(next(each for number in range(1, 40) if (each := racy.judge(number)).failure is not None))
    port = free_port()
    gdb = Gdb(port, "break sys_exit_group", "break do_group_exit", "continue", "reverse-stepi", "continue", "continue", "detach")
    assert main(["replay", find.replay, "--gdb", str(port), "--json"]) == 1
    said = gdb.said()
    assert "in do_group_exit ()" in said and "the run is over (exited, status 1)" in said, said
    assert json.loads(capsys.readouterr().out)["findings"][0]["digest"] == find.digest
