"""Branch prediction: what counters, the return stack and the two levels of the BTB know."""

import pytest

from emu.native import address_of, array_at
from emu.timing import branch as br

FIRST, SECOND = 8, 32  # branches that each level knows: two and eight sets of four
RETURNS = 24
STRIDE = 2  # bytes from a branch to one of the next set


@pytest.fixture
def predictor():
    """An untrained predictor, whose arrays live up to the end of the test."""
    made = br.Predictors(1, counters=4096, history_bits=8, targets=512, returns=RETURNS, btb=FIRST, btb_l2=SECOND)
    yield array_at(address_of(made.records), 1, br.PREDICTOR)[0]
    assert made.arrays


def rounds(predictor, branches: int, stride: int = STRIDE) -> list[set[int]]:
    """The levels that know each of so many branches, in each of three rounds."""
    addresses = [0x1000 + stride * n for n in range(branches)]
    return [{int(br.btb_level(predictor, address)) for address in addresses} for _ in range(3)]


@pytest.mark.parametrize(
    ("branches", "stride", "levels"),
    [
        (FIRST, STRIDE, {1}),
        (FIRST + 2, STRIDE, {2}),  # in turn and one too many for each set: least recently used, every one has just left
        (SECOND, STRIDE, {2}),
        (SECOND + 8, STRIDE, {3}),
        (4, STRIDE * 8, {1}),  # the ways of one set of both levels
        (5, STRIDE * 8, {3}),
        (5, STRIDE * 2, {2}),  # one set of the first level, several of the second
    ],
)
def test_levels_of_the_btb(predictor, branches: int, stride: int, levels: set[int]) -> None:
    first, *later = rounds(predictor, branches, stride)
    assert first == {3}
    assert later == [levels, levels]


def resolve(predictor, kind: int, address: int, target: int, following: int = 0) -> bool:
    return bool(br.mispredicted(predictor, kind, address, following or address + 5, target))


def test_a_call_is_returned_from(predictor) -> None:
    for depth in range(RETURNS):
        resolve(predictor, br.CALL, 0x100 * depth, 0x9000)
    returns = [resolve(predictor, br.RETURN, 0x9000, 0x100 * depth + 5) for depth in reversed(range(RETURNS))]
    assert not any(returns)
    assert resolve(predictor, br.RETURN, 0x9000, 0x105)  # none is left to return from


def test_an_indirect_branch_goes_where_it_went(predictor) -> None:
    found = [resolve(predictor, br.INDIRECT_JUMP, 0x40, target) for target in (0x1000, 0x1000, 0x2000, 0x1000, 0x1000)]
    assert found == [True, False, True, True, False]


def test_a_loop_is_learnt(predictor) -> None:
    """A branch that always goes one way is known once the history is all of it."""
    found = [resolve(predictor, br.CONDITIONAL, 0x40, 0x10) for _ in range(40)]
    assert found[0]
    assert not any(found[20:])


def test_a_jump_needs_no_prediction(predictor) -> None:
    assert not resolve(predictor, br.JUMP, 0x40, 0x1000)
    assert int(predictor.history) == 0
