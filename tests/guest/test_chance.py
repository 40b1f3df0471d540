"""What a seed decides: three streams, each of its own."""

from itertools import islice

import pytest

from emu.guest.chance import START_DELAY_MAX, placement_words, start_delays, tick_phase

SEEDS = (0, 1, 2, 3, 2**64 - 1)


def test_the_same_seed_gives_the_same_numbers() -> None:
    for seed in SEEDS:
        for stream in (start_delays, placement_words):
            assert list(islice(stream(seed), 50)) == list(islice(stream(seed), 50))
    assert list(islice(start_delays(1), 4)) == [1217, 1127, 1374, 267], "fixed for ever: digests rest on them"


def test_seeds_and_streams_have_nothing_to_do_with_each_other() -> None:
    firsts = [next(stream(seed)) for seed in SEEDS for stream in (start_delays, placement_words)]
    assert len(set(firsts)) == len(firsts)
    words = [list(islice(placement_words(seed), 20)) for seed in SEEDS]
    assert not set(words[1]) & set(words[2])


def test_delays_and_phases_fill_their_range() -> None:
    delays = list(islice(start_delays(1), 5000))
    assert 0 <= min(delays) < 20 and START_DELAY_MAX - 20 < max(delays) < START_DELAY_MAX
    phases = [tick_phase(seed, 1000) for seed in range(2000)]
    assert 1 <= min(phases) < 10 and 990 < max(phases) <= 1000


@pytest.mark.parametrize("period", [1, 2, 14_000_000])
def test_a_phase_lies_within_the_period(period: int) -> None:
    assert all(1 <= tick_phase(seed, period) <= period for seed in range(50))
