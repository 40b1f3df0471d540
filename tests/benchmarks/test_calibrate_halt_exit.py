"""The search for the one calibrated figure, on a machine whose answer is known."""

import calibrate_halt_exit
import pytest

CLOCK_HZ = 3_500_000_000


@pytest.mark.parametrize("share", [0.5, 0.45, 0.6])  # of what leaving HLT takes longer, in a message's time
@pytest.mark.parametrize("begin", [0, 1200, 5000])
def test_the_search_ends_at_the_value_that_gives_the_rate(begin: int, share: float) -> None:
    def rate_of(halt_exit: int) -> float:
        return CLOCK_HZ / (8000 + share * halt_exit)

    wanted = rate_of(2345)
    tried = calibrate_halt_exit.follow(rate_of, begin, wanted, CLOCK_HZ)
    assert min(tried, key=lambda each: abs(tried[each] - wanted)) == pytest.approx(2345, abs=1)


def test_a_rate_that_cannot_be_had_ends_the_search() -> None:
    tried = calibrate_halt_exit.follow(lambda halt_exit: 1000.0, 10, 2000.0, CLOCK_HZ)
    assert list(tried) == [10, 0]
