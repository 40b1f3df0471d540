"""Locks as a log of their routines shows them: each row of a table is a course of events, and what comes of it."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from emu.boot.full.lock_routine import LockRoutine, Operation
from emu.boot.full.measured import LockFigures, OwnerFigures
from emu.boot.full.region_log import RegionLog
from emu.engine.log import READER_LEFT, READER_WAITED, WAIT, WRITER_LEFT
from emu.engine.records import LOGGED

EVENTS = ("wakeups", "context_switches")
WAKE, SWITCH = range(2)
ROUTINES = (
    LockRoutine("mutex", Operation.TAKES),
    LockRoutine("mutex", Operation.TAKES_IF_ZERO),
    LockRoutine("mutex", Operation.TAKES_IF_NOT_ZERO),
    LockRoutine("mutex", Operation.RELEASES),
    LockRoutine("rwsem:R", Operation.TAKES),
    LockRoutine("rwsem:R", Operation.RELEASES),
    LockRoutine("rwsem:W", Operation.TAKES),
    LockRoutine("rwsem:W", Operation.RELEASES),
    LockRoutine("rwsem:W", Operation.DOWNGRADES),
    LockRoutine("pcpu-sem:R", Operation.TAKES_IF_NOT_ZERO),
    LockRoutine("semaphore", Operation.TAKES),
    LockRoutine("semaphore", Operation.RELEASES),
    LockRoutine("", Operation.WAITS),
    LockRoutine("rwlock:R", Operation.TAKES),
    LockRoutine("rwlock:W", Operation.TAKES),
)
(
    LOCK, LOCK_KILLABLE, TRYLOCK, UNLOCK, READ, READ_UNLOCK, WRITE, WRITE_UNLOCK, DOWNGRADE, SLOW_READ, DOWN, UP, SLOW,
    READ_LOCK, WRITE_LOCK,
) = range(2, 17)  # fmt: skip
A, B, C = 0x1000, 0x2000, 0x3000
X, Y = -0x4000, -0x5000  # locks, as signed numbers
HERE, THERE = -0x100, -0x200  # call sites

Record = tuple[int, int, int, int, int, int]  # cycle, value, mark, core, lock, site
Outcome = tuple[int, int, int, int, int, int]  # acquisitions, contended, cycles of waits, of holds, holds that are over, wakeups


def take(cycle: int, core: int, mark: int = LOCK, lock: int = X, site: int = HERE, value: int = 0) -> Record:
    return (cycle, value, mark, core, lock, site)


def wait(cycle: int, core: int, of: int = LOCK, lock: int = X, site: int = HERE) -> Record:
    return (cycle, of, SLOW, core, lock, site)


def release(cycle: int, core: int, mark: int = UNLOCK, lock: int = X) -> Record:
    return (cycle, 0, mark, core, lock, 0)


def left(cycle: int, core: int, mark: int, lock: int = X) -> Record:
    return (cycle, 0, mark, core, lock, 0)


def switch(cycle: int, core: int, task: int) -> Record:
    return (cycle, task, SWITCH, core, 0, 0)


def follow(records: Sequence[Record], parts: int = 1) -> RegionLog:
    log = RegionLog(3, EVENTS, ROUTINES, lambda address: address & 0xFFFFF)
    log.tasks.begin((A, B, C))
    for part in np.array_split(np.array(list(records), LOGGED), parts):
        log.follow(part)
    return log


def outcome(lock: LockFigures) -> Outcome:
    sums = [sum(getattr(site, name) for site in lock.sites) for name in ("acquisitions", "contended", "wait_cycles", "hold_cycles")]
    return (*sums, sum(lock.hold_histogram), sum(site.wakeups for site in lock.sites))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("records", "locks"),
    [
        pytest.param([take(10, 0), release(50, 0)], {"mutex": (1, 0, 0, 40, 1, 0)}, id="a hold"),
        pytest.param([take(10, 0)], {"mutex": (1, 0, 0, 0, 0, 0)}, id="held to the end"),
        pytest.param([release(50, 0), take(60, 1)], {"mutex": (1, 0, 0, 0, 0, 0)}, id="taken before the region"),
        pytest.param(
            [take(10, 0), wait(20, 1), release(50, 0), take(55, 1), release(75, 1)], {"mutex": (2, 1, 35, 60, 2, 0)}, id="a wait"
        ),
        pytest.param(
            [take(10, 0), wait(20, 1), switch(25, 1, C), release(50, 0), switch(60, 0, B), take(65, 0), release(70, 0)],
            {"mutex": (2, 1, 45, 45, 2, 0)},
            id="a waiter sleeps, and goes on on another core",
        ),
        pytest.param(
            [take(10, 0, LOCK_KILLABLE, value=0), wait(20, 1, LOCK_KILLABLE), take(30, 1, LOCK_KILLABLE, value=-4), release(40, 0)],
            {"mutex": (1, 0, 0, 30, 1, 0)},
            id="a waiter is killed",
        ),
        pytest.param([take(10, 0, LOCK_KILLABLE, value=7 << 32)], {"mutex": (1, 0, 0, 0, 0, 0)}, id="an int has 32 bits"),
        pytest.param(
            [take(10, 0, TRYLOCK, value=1), take(20, 1, TRYLOCK, value=0), take(25, 1, TRYLOCK, value=0x700), release(30, 0)],
            {"mutex": (1, 0, 0, 20, 1, 0)},
            id="a trylock fails; a bool has 8 bits",
        ),
        pytest.param(
            [take(10, 0, READ), take(20, 1, READ), release(40, 0, READ_UNLOCK), release(60, 1, READ_UNLOCK)],
            {"rwsem:R": (2, 0, 0, 70, 2, 0)},
            id="readers hold it together",
        ),
        pytest.param(
            [take(10, 0, READ), take(20, 0, READ), release(40, 0, READ_UNLOCK), release(60, 0, READ_UNLOCK)],
            {"rwsem:R": (2, 0, 0, 70, 2, 0)},
            id="a reader holds it twice: the inner hold ends first",
        ),
        pytest.param(
            [take(10, 0, READ), release(40, 1, READ_UNLOCK)], {"rwsem:R": (1, 0, 0, 30, 1, 0)}, id="another one releases it"
        ),
        pytest.param(
            [take(10, 0, WRITE), release(30, 0, DOWNGRADE), release(70, 0, READ_UNLOCK)],
            {"rwsem:R": (1, 0, 0, 40, 1, 0), "rwsem:W": (1, 0, 0, 20, 1, 0)},
            id="a writer becomes a reader",
        ),
        pytest.param(
            [take(10, 0, READ), wait(20, 1, WRITE), release(50, 0, READ_UNLOCK), take(60, 1, WRITE), release(65, 1, WRITE_UNLOCK)],
            {"rwsem:R": (1, 0, 0, 40, 1, 0), "rwsem:W": (1, 1, 40, 5, 1, 0)},
            id="a writer waits for a reader",
        ),
        pytest.param(
            [take(10, 0), take(40, 1), release(50, 1)], {"mutex": (2, 0, 0, 10, 1, 0)}, id="a hold whose end nobody saw is none"
        ),
        pytest.param(
            [take(10, 0, DOWN), take(40, 1, DOWN), release(50, 0, UP), release(60, 2, UP)],
            {"semaphore": (2, 0, 0, 60, 2, 0)},
            id="a semaphore has room for two",
        ),
        pytest.param(
            [take(10, 0, SLOW_READ, value=1), (20, C, WAKE, 0, 0, 0)],
            {"pcpu-sem:R": (1, 0, 0, 0, 0, 0)},
            id="what no routine releases is not held",
        ),
        pytest.param(
            [take(10, 0), (20, C, WAKE, 0, 0, 0), (21, C, WAKE, 1, 0, 0), release(30, 0), (40, C, WAKE, 0, 0, 0)],
            {"mutex": (1, 0, 0, 20, 1, 1)},
            id="a wakeup under it",
        ),
    ],
)  # fmt: skip
def test_what_comes_of_it(records: list[Record], locks: dict[str, Outcome]) -> None:
    for parts in (1, len(records)):
        assert {each.kind: outcome(each) for each in follow(records, parts).locks.figures()} == locks


def test_who_held_it_when_another_one_began_to_wait() -> None:
    records = [
        *(take(10, 0, READ, site=THERE), take(11, 1, READ), wait(20, 2, WRITE), release(30, 0, READ_UNLOCK)),
        *(
            release(35, 1, READ_UNLOCK),
            take(40, 2, WRITE),
            wait(50, 0, READ, site=THERE),
            wait(51, 1, READ),
            release(60, 2, WRITE_UNLOCK),
        ),
        wait(70, 2, WRITE),  # nobody has it
    ]
    owners = {each.kind: each.owners for each in follow(records).locks.figures()}
    assert owners == {
        "rwsem:W": (OwnerFigures(A, THERE % 2**64, 1),),  # of several readers the first
        "rwsem:R": (OwnerFigures(C, HERE % 2**64, 2),),
    }


def test_who_held_a_spin_lock() -> None:
    log = follow([(10, 1, WAIT, 0, 7, HERE), (20, 1, WAIT, 2, 7, HERE), switch(25, 1, A), (30, 1, WAIT, 2, 7, HERE)])
    assert dict(log.spin_owners[7]) == {(B, HERE): 2, (A, HERE): 1}


def test_readers_of_a_seqcount_wait() -> None:
    (lock,) = follow([(130, 100, READER_WAITED, 0, X, HERE), (150, 140, READER_WAITED, 1, X, HERE)]).locks.figures()
    assert (lock.kind, outcome(lock)) == ("seqcount", (2, 2, 40, 0, 0, 0))


def test_a_reader_writer_lock_is_let_go_of_by_its_value() -> None:
    records = [take(10, 0, READ_LOCK), take(15, 1, READ_LOCK), left(30, 1, READER_LEFT), left(50, 0, READER_LEFT)]
    records += [take(60, 2, WRITE_LOCK), left(65, 0, READER_LEFT), left(80, 2, WRITER_LEFT)]  # a reader of before the region
    found = {each.kind: outcome(each) for each in follow(records).locks.figures()}
    assert found == {"rwlock:R": (2, 0, 0, 55, 2, 0), "rwlock:W": (1, 0, 0, 20, 1, 0)}


def test_places_of_one_lock_and_words_of_one_kind_keep_apart() -> None:
    records = [take(10, 0), release(12, 0), take(20, 0, site=THERE), release(23, 0), take(30, 1, lock=Y), release(34, 1, lock=Y)]
    found = list(follow(records).locks.figures())
    assert [(each.virtual, each.physical) for each in found] == [(lock % 2**64, lock & 0xFFFFF) for lock in (Y, X)]
    assert [(site.address, site.hold_cycles) for site in found[1].sites] == [(THERE % 2**64, 3), (HERE % 2**64, 2)]


@pytest.mark.parametrize("seed", range(5))
def test_holds_of_a_mutex_and_waits_add_up(seed: int) -> None:
    """Tasks take turns at random: a hold never overlaps, every acquisition behind a wait is contended, and all are counted."""
    chance, records, cycle, owner, last = random.Random(seed), list[Record](), 0, None, None
    counted = ("acquisitions", "contended", "wait_cycles", "hold_cycles", "bounces", "contended_bounces")
    waiting, expected = list[tuple[int, int]](), dict.fromkeys(counted, 0)
    for _ in range(400):
        cycle += chance.randrange(1, 50)
        if owner is not None and chance.random() < 0.5:
            records.append(release(cycle, owner[0]))
            expected["hold_cycles"] += cycle - owner[1]
            owner = None
        elif owner is None:
            core, since = waiting.pop(0) if waiting else (chance.randrange(3), None)
            records.append(take(cycle, core, site=-1 - core))
            expected["acquisitions"] += 1
            expected["contended"] += since is not None
            expected["contended_bounces"] += since is not None  # who waits is on another core than who has it
            expected["bounces"] += core != last
            last = core
            expected["wait_cycles"] += 0 if since is None else cycle - since
            owner = (core, cycle)
        elif free := [core for core in range(3) if core != owner[0] and core not in [each[0] for each in waiting]]:
            core = chance.choice(free)
            records.append(wait(cycle, core))
            waiting.append((core, cycle))
    (lock,) = follow(records, chance.randrange(1, 9)).locks.figures()
    assert {name: sum(getattr(site, name) for site in lock.sites) for name in expected} == expected
    assert sum(lock.wait_histogram) == expected["contended"]
    for site in lock.sites:
        lengths = lock.lengths[site.address]
        assert (len(lengths.waits), sum(lengths.waits)) == (site.contended, site.wait_cycles)
        assert (sum(lengths.holds), max(lengths.holds)) == (site.hold_cycles, site.hold_cycles_max)
    assert sum(each.contended for each in lock.owners) == expected["contended"] + len(waiting)
