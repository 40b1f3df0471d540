"""The Universal Scalability Law: what was put in comes out, and what the data cannot tell is none."""

import pytest

from emu.sweep.scalability import fit

NUMBERS = (1, 2, 4, 8, 16, 32)


def law(n: float, one: float, sigma: float, kappa: float) -> float:
    return one * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def curve(sigma: float, kappa: float, noise: float = 0.0, numbers=NUMBERS) -> dict[int, tuple[float, ...]]:
    rates = {n: law(n, 1000.0, sigma, kappa) for n in numbers}
    return {n: tuple(rate * (1 + noise * each) for each in (-1, 0.5, 0.2, 0.3)) for n, rate in rates.items()}


@pytest.mark.parametrize(
    ("sigma", "kappa", "peak"), [(0.05, 0.001, 30.82), (0.3, 0.02, 5.92), (0.1, 0.0, None), (0.0, 0.01, 10.0), (0.0, 0.0, None)]
)
def test_what_was_put_in_comes_out(sigma, kappa, peak):
    found = fit(curve(sigma, kappa))
    assert found is not None
    assert found.rate_of_one.mean == pytest.approx(1000)
    assert (found.sigma.mean, found.kappa.mean) == pytest.approx((sigma, kappa), abs=1e-9)
    assert found.error_percent < 1e-6
    if peak is None:
        assert found.peak is None or found.peak.mean > 1e4
    else:
        assert found.peak is not None
        assert found.peak.mean == pytest.approx(peak, rel=1e-3)


def test_no_figure_is_negative_where_the_curve_is_better_than_linear():
    found = fit({n: (1000.0 * n**1.3,) for n in NUMBERS})
    assert found is not None
    assert (found.sigma.mean, found.kappa.mean, found.peak) == (0, 0, None)
    assert found.sigma.interval is None
    assert found.error_percent > 10


def test_intervals_hold_what_was_put_in_and_are_the_same_each_time():
    noisy = {n: tuple(rate * (1 + 0.01 * ((n * 7 + place * 5) % 3 - 1)) for place, rate in enumerate(rates))
             for n, rates in curve(0.05, 0.001).items()}  # fmt: skip
    one, two = fit(noisy), fit(noisy)
    assert one == two
    assert one is not None
    for estimate, true in ((one.rate_of_one, 1000), (one.sigma, 0.05), (one.kappa, 0.001), (one.peak, 30.82)):
        assert estimate is not None and estimate.interval is not None
        assert estimate.interval[0] < estimate.mean < estimate.interval[1]
        assert estimate.interval[0] == pytest.approx(true, rel=0.5)
    assert one.at(8) == pytest.approx(law(8, 1000, 0.05, 0.001), rel=0.02)


def test_too_few_numbers_and_a_rate_of_nothing_give_no_law():
    assert fit(curve(0.1, 0.01, numbers=(1, 2, 4))) is None
    assert fit(dict.fromkeys(NUMBERS, (0.0,))) is None
