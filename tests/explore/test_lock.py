"""The spin locks under all interleavings and all drain orders: no update is lost, no waiter is left behind."""

import pytest

from bench.explore.lock_contest import LockContest
from emu.explore.explorer import Bounds

BOUNDS = Bounds(states=1_000_000, depth=2_000)


@pytest.mark.parametrize(("cores", "rounds", "reduced"), [(2, 1, False), (2, 1, True), (2, 2, True), (3, 1, True)])
def test_every_order_ends_with_all_updates_and_a_free_lock(cores: int, rounds: int, reduced: bool) -> None:
    found = LockContest(cores, rounds).explore(BOUNDS, reduced=reduced)
    assert set(found.outcomes) == {(cores * rounds, 0, 0)}
    assert not found.endless


@pytest.mark.parametrize(("cores", "rounds", "reduced"), [(2, 1, False), (2, 2, True), (3, 1, True), (3, 2, True)])
def test_so_does_every_order_of_a_ticket_lock(cores: int, rounds: int, reduced: bool) -> None:
    found = LockContest(cores, rounds, "baseline-ticket").explore(BOUNDS, reduced=reduced)
    tickets = cores * rounds
    assert set(found.outcomes) == {(tickets, tickets << 16 | tickets, 0)}, "as many served as drawn"
    assert not found.endless


def test_without_lock_a_ticket_is_drawn_twice() -> None:
    contest = LockContest(2, 1, "baseline-ticket")
    assert contest.weaken("_raw_spin_lock") == 1
    found = contest.explore(BOUNDS)
    assert (1, 0x10002, 0) in found.outcomes, "both have it at once, and one update is lost"


def test_without_lock_on_the_fast_path_an_update_is_lost() -> None:
    contest = LockContest(2, 1)
    assert contest.weaken("_raw_spin_lock") == 1
    assert (1, 0, 0) in contest.explore(BOUNDS).outcomes


def test_without_lock_on_the_slow_path_an_unlock_is_lost() -> None:
    contest = LockContest(2, 1)
    assert contest.weaken("queued_spin_lock_slowpath") > 0
    assert contest.explore(BOUNDS).endless, "some order leaves a core spinning for ever"
