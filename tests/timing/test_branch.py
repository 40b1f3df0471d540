"""The branch predictor: what it learns, and what surprises it."""

import numpy as np
import pytest

from emu.native import address_of
from emu.timing import branch
from emu.timing.branch import COUNTERS, PREDICTOR, RETURNS, TARGETS, mispredicted


@pytest.fixture
def predictor():
    """One predictor with its tables, as the engine makes them."""
    tables = np.zeros(COUNTERS, np.uint8), np.zeros(TARGETS, np.int64), np.zeros(RETURNS, np.int64)
    record = np.zeros(1, np.dtype((np.record, PREDICTOR)))
    for name, table in zip(("counters", "targets", "returns"), tables, strict=True):
        record[name] = address_of(table)
    yield record[0]
    assert len(tables) == 3  # keeps them alive


def wrong(predictor, kind: int, outcomes: list[int], address: int = 0x1000) -> list[bool]:
    return [bool(mispredicted(predictor, kind, address, address + 2, target)) for target in outcomes]


def test_a_loop_is_learnt(predictor) -> None:
    taken, passed = 0x900, 0x1002
    surprises = wrong(predictor, branch.CONDITIONAL, ([taken] * 3 + [passed]) * 40)
    assert not any(surprises[-80:])  # a period of 4 fits the history of 8
    assert predictor.mispredictions == sum(surprises) > 0
    assert predictor.predictions == 160


def test_a_branch_never_taken_is_right_from_the_start(predictor) -> None:
    assert not any(wrong(predictor, branch.CONDITIONAL, [0x1002] * 10))


def test_calls_and_returns_match_as_deep_as_the_stack(predictor) -> None:
    for depth, surprises in ((RETURNS, 0), (RETURNS + 6, 6)):
        before = int(predictor.mispredictions)
        sites = [0x1000 + 0x10 * each for each in range(depth)]
        for site in sites:
            assert not mispredicted(predictor, branch.CALL, site, site + 5, 0x8000)
        for site in reversed(sites):
            mispredicted(predictor, branch.RETURN, 0x8010, 0x8011, site + 5)
        assert predictor.mispredictions - before == surprises


def test_an_indirect_branch_goes_where_it_went_last(predictor) -> None:
    assert wrong(predictor, branch.INDIRECT_JUMP, [0x9000, 0x9000, 0xA000, 0xA000]) == [True, False, True, False]
    assert wrong(predictor, branch.INDIRECT_CALL, [0x9000, 0x9000], 0x2000) == [True, False]
    assert wrong(predictor, branch.RETURN, [0x2002], 0x9100) == [False]


def test_direct_jumps_are_never_wrong(predictor) -> None:
    assert wrong(predictor, branch.JUMP, [0x9000, 0xA000]) == [False, False]
    assert predictor.predictions == 0
