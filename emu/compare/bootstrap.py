"""Confidence intervals over seeds: the percentile bootstrap, with the two runs of a seed resampled as a pair.

From n seeds, `RESAMPLES` times n seeds are drawn with replacement; the same draws serve both variants, so what a seed does to
both alike cancels in their difference. The interval runs from the 2.5th to the 97.5th percentile over the resamples. The
random numbers are splitmix64 of the draw's index, and sums are made seed by seed: the same runs give the same bits on any
host. With few seeds the percentile interval is known to be too narrow (it never leaves the range of what was seen); and it tells
of what seeds vary only, not of how well the model fits a real machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

import numpy as np

RESAMPLES = 10_000
CONFIDENCE_PERCENT = 95
Rates = tuple[Sequence[float], Sequence[float]]  # of both variants, a value a seed
TAIL = RESAMPLES * (100 - CONFIDENCE_PERCENT) // 200  # resamples left out at each end


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds and its 95 % confidence interval; None: one seed has no interval."""

    mean: float
    interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, float | list[float] | None]:
        """For JSON."""
        return {"mean": self.mean, "confidence_interval": interval_of(self)}


def interval_of(estimate: Estimate | None) -> list[float] | None:
    """An interval for JSON."""
    return list(estimate.interval) if estimate is not None and estimate.interval is not None else None


def estimate_mean(values: Sequence[float]) -> Estimate:
    """The mean of one value a seed."""
    return Estimate(fmean(values), percentiles(len(values), resampled_means(values)))


def estimate_difference(a: Sequence[float], b: Sequence[float]) -> Estimate:
    """How much larger the mean of `b` is; values at the same place are of the same seed."""
    return Estimate(fmean(b) - fmean(a), percentiles(len(a), resampled_means(b) - resampled_means(a)))


def estimate_difference_percent(a: Sequence[float], b: Sequence[float]) -> Estimate:
    """The same in percent of the mean of `a`; 0 where that is 0."""
    mean = float(_percent(np.array(fmean(a)), np.array(fmean(b))))
    return Estimate(mean, percentiles(len(a), _percent(resampled_means(a), resampled_means(b))))


def estimate_shift(before: Rates, after: Rates) -> Estimate:
    """By how many points the difference in percent of two variants, (a, b), moves between two conditions with the same seeds."""
    mean = estimate_difference_percent(*after).mean - estimate_difference_percent(*before).mean
    moved = _percent(*map(resampled_means, after)) - _percent(*map(resampled_means, before))
    return Estimate(mean, percentiles(len(before[0]), moved))


def _percent(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.divide(b, a, out=np.ones_like(b), where=a != 0)
    return 100 * (ratio - 1)


def resampled_means(values: Sequence[float]) -> np.ndarray:
    """The mean of each resample."""
    per_seed = np.asarray(values, np.float64)
    total = np.zeros(RESAMPLES)
    for draw in _draws(len(values)):
        total += per_seed[draw]
    return total / len(values)


def percentiles(seeds: int, statistic: np.ndarray) -> tuple[float, float] | None:
    """Percentiles over the resamples; None from one seed."""
    if seeds < 2:
        return None
    ordered = np.sort(statistic)
    return float(ordered[TAIL]), float(ordered[RESAMPLES - 1 - TAIL])


@lru_cache(maxsize=4)
def _draws(seeds: int) -> np.ndarray:
    """Which seed is drawn, [place in the resample, resample]."""
    with np.errstate(over="ignore"):
        word = np.arange(1, seeds * RESAMPLES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
    return ((word >> np.uint64(32)) * np.uint64(seeds) >> np.uint64(32)).astype(np.int64).reshape(seeds, RESAMPLES)
