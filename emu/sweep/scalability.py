"""The Universal Scalability Law, fitted: throughput over cores as a line that contention bends and coherence turns down.

    X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1))

(N. J. Gunther, "Guerrilla Capacity Planning", 2007.) lambda is the throughput of one, sigma the share that is done one at a time,
kappa what each pair costs. n / X(n) is linear in 1/lambda, sigma/lambda and kappa/lambda, so that relative errors are least by
ordinary least squares with each row divided by its own value; where a coefficient would be negative it is 0, and the others are
fitted again: all four ways are tried. Three unknowns need no iterative solver, and so no SciPy; one solution of 3 x 3 equations
for all resamples at a time gives the intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emu.compare.bootstrap import Estimate, interval_of, percentiles, resampled_means

POINTS_MIN = 4  # with three the fit is exact, and says nothing


@dataclass(frozen=True, slots=True)
class Fit:
    """The law's three figures, where its peak is (None: it has none), and the largest relative error over the points."""

    rate_of_one: Estimate
    sigma: Estimate
    kappa: Estimate
    peak: Estimate | None
    error_percent: float
    points: int

    def at(self, n: float) -> float:
        """Throughput by the law."""
        return float(self.rate_of_one.mean * n / (1 + self.sigma.mean * (n - 1) + self.kappa.mean * n * (n - 1)))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "lambda": self.rate_of_one.to_dict(),
            "sigma": self.sigma.to_dict(),
            "kappa": self.kappa.to_dict(),
            "peak": None if self.peak is None else {"mean": self.peak.mean, "confidence_interval": interval_of(self.peak)},
            "error_percent": self.error_percent,
            "points": self.points,
        }


def fit(curve: Mapping[int, Sequence[float]]) -> Fit | None:
    """From throughputs, a value a seed, by the number of cores or threads; None: there are too few numbers, or one without any."""
    numbers = sorted(curve)
    if len(numbers) < POINTS_MIN or any(min(curve[n]) <= 0 for n in numbers):
        return None
    n = np.array(numbers, np.float64)
    means = np.array([[np.mean(curve[each])] for each in numbers])
    best = _solve(n, means)[:, 0]
    seeds = len(curve[numbers[0]])
    drawn = _solve(n, np.stack([resampled_means(curve[each]) for each in numbers])) if seeds > 1 else None

    def estimate(place: int) -> Estimate:
        return Estimate(float(best[place]), None if drawn is None else percentiles(seeds, drawn[place]))

    peak = None
    if np.isfinite(best[3]):
        interval = None if drawn is None else percentiles(seeds, np.nan_to_num(drawn[3], posinf=np.finfo(np.float64).max))
        peak = Estimate(float(best[3]), interval)
    found = Fit(estimate(0), estimate(1), estimate(2), peak, 0.0, len(numbers))
    errors = [abs(found.at(each) / float(mean[0]) - 1) for each, mean in zip(numbers, means, strict=True)]
    return Fit(found.rate_of_one, found.sigma, found.kappa, found.peak, 100 * max(errors), len(numbers))


def _solve(n: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """lambda, sigma, kappa and peak, [figure, resample], from rates, [number, resample]."""
    inverse = n[:, None] / rates
    rows = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1)  # [number, coefficient]
    weighted = rows[:, :, None] / inverse[:, None, :]  # each row by its own value: errors are relative
    best = np.zeros((3, rates.shape[1]))
    least = np.full(rates.shape[1], np.inf)
    for used in ([0, 1, 2], [0, 1], [0, 2], [0]):
        part = weighted[:, used, :]
        left = np.einsum("nir,njr->rij", part, part)
        right = np.einsum("nir->ri", part)[:, :, None]
        found = np.zeros_like(best)
        found[used] = np.linalg.solve(left, right)[:, :, 0].T
        squares = ((np.einsum("nir,ir->nr", weighted, found) - 1) ** 2).sum(axis=0)
        better = (found >= 0).all(axis=0) & (found[0] > 0) & (squares < least)
        best[:, better], least[better] = found[:, better], squares[better]
    one, sigma, kappa = 1 / best[0], best[1] / best[0], best[2] / best[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        peak = np.where(kappa > 0, np.sqrt(np.maximum(1 - sigma, 0) / kappa), np.inf)
    return np.stack([one, sigma, kappa, np.maximum(peak, 1)])
