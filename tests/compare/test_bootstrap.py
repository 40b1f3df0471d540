"""Intervals over seeds: cases whose bootstrap distribution is known, pairing, and the same bits each time."""

import itertools
import subprocess
import sys
from statistics import fmean

import pytest

from emu.compare.bootstrap import RESAMPLES, Estimate, _draws, estimate_difference, estimate_difference_percent, estimate_mean


def exact_quantiles(values: list[float], low: float, high: float) -> tuple[float, float]:
    """Of the mean over all n**n resamples."""
    means = sorted(fmean(each) for each in itertools.product(values, repeat=len(values)))
    return means[int(low * len(means))], means[min(int(high * len(means)), len(means) - 1)]


@pytest.mark.parametrize(
    ("values", "interval"),
    [
        ([0.0, 1.0], (0.0, 1.0)),  # 1 in 4 resamples is both times the one, 1 in 4 the other
        ([0.0, 0.0, 3.0], (0.0, 3.0)),  # 1 in 27 is three times the last: more than one in 40
        ([0.0] * 5 + [6.0], (0.0, 3.0)),  # 4 times or more: 0.8 %, 3 times or more: 6.2 %
        ([7.0, 7.0, 7.0], (7.0, 7.0)),
    ],
)
def test_known_distributions(values, interval):
    estimate = estimate_mean(values)
    assert estimate.mean == fmean(values)
    assert estimate.interval == interval


@pytest.mark.parametrize("values", [[3.0, 1.0, 4.0, 1.5, 9.0], [10.0, 11.0, 12.5, 13.0], [5.0, 2.0, 8.0]])
def test_close_to_the_exact_bootstrap(values):
    interval = estimate_mean(values).interval
    assert interval is not None
    outer, inner = exact_quantiles(values, 0.02, 0.98), exact_quantiles(values, 0.03, 0.97)
    assert outer[0] <= interval[0] <= inner[0]
    assert inner[1] <= interval[1] <= outer[1]


def test_pairs_are_resampled_together():
    a = [100.0, 200.0, 300.0, 50.0]
    assert estimate_difference(a, [value + 5 for value in a]) == Estimate(5.0, (5.0, 5.0))
    assert estimate_difference_percent(a, [2 * value for value in a]) == Estimate(100.0, (100.0, 100.0))
    swapped = estimate_difference(a, [value + 5 for value in reversed(a)])
    assert swapped.mean == 5.0
    assert swapped.interval is not None
    assert swapped.interval[0] < 0 < swapped.interval[1]


def test_one_seed_has_no_interval():
    assert estimate_mean([4.0]) == Estimate(4.0, None)
    assert estimate_difference_percent([4.0], [5.0]) == Estimate(25.0, None)


def test_nothing_to_divide_by():
    assert estimate_difference_percent([0.0, 0.0], [1.0, 2.0]) == Estimate(0.0, (0.0, 0.0))


def test_every_seed_is_drawn_about_as_often():
    draws = _draws(5)
    assert draws.shape == (5, RESAMPLES)
    for place in draws:
        for seed in range(5):
            assert 0.18 < (place == seed).mean() < 0.22


def test_another_process_gets_the_same_bits():
    code = "from emu.compare.bootstrap import estimate_mean; print(repr(estimate_mean([1.1, 2.2, 3.4, 0.7, 5.9])))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert printed == repr(estimate_mean([1.1, 2.2, 3.4, 0.7, 5.9]))
