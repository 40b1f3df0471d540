"""Who leads where, in words and in numbers."""

import pytest

from emu.sweep.crossings import in_words, lead

A = {1: (10.0, 10.2), 2: (10.0, 10.1), 4: (10.0, 10.3), 8: (10.0, 10.2)}


def b(*ratios: float) -> dict[float, tuple[float, ...]]:
    return {x: tuple(rate * ratio for rate in rates) for (x, rates), ratio in zip(A.items(), ratios, strict=True)}


@pytest.mark.parametrize(
    ("ratios", "words", "crossings"),
    [
        ((1.5, 1.5, 1.5, 1.5), "b is ahead of a at every value of cores", []),
        ((0.9, 0.9, 1.1, 1.2), "a is ahead of b up to cores = 2; b is ahead of a from cores = 4 on", [3.0]),
        ((0.9, 1.3, 1.3, 1.3), "a is ahead of b at cores = 1; b is ahead of a from cores = 2 on", [1.25]),
        ((1.0, 1.0, 1.2, 1.2), "neither is up to cores = 2; b is ahead of a from cores = 4 on", []),
        ((1.2, 0.8, 0.8, 1.2),
         "b is ahead of a at cores = 1; a is ahead of b from cores = 2 to 4; b is ahead of a from cores = 8 on", [1.5, 6.0]),
    ],
)  # fmt: skip
def test_who_leads(ratios, words, crossings):
    found = lead("a", "b", A, b(*ratios))
    assert in_words(found, "cores") == words
    assert found.crossings == pytest.approx(crossings)


def test_a_place_that_one_of_them_has_not_is_left_out():
    less = {x: rates for x, rates in b(1.5, 1.5, 1.5, 1.5).items() if x != 4}
    assert list(lead("a", "b", A, less).differences) == [1, 2, 8]
