"""The report of two kernels compared, against golden text and against what it must say."""

from dataclasses import replace

import pytest

from bench.report.canned_kernels import COMPARISON, compared, region, without_wakeups
from emu.compare.kernel_comparison import KernelComparison
from emu.report.kernel_compare_report import render_kernel_comparison

ONE_SEED = compared([region()], [without_wakeups()])
ALIKE = compared([region()] * 2, [region()] * 2)


def test_golden(golden):
    golden("kernel_comparison.txt", render_kernel_comparison(COMPARISON, width=80))


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (COMPARISON, "before makes 0.99 of 1.03 wakeups an item, after 0.00 of 1.03: the wakeup left the section."),
        (COMPARISON, "43.7 % of the acquisitions had to wait with before, 6.2 % with after."),
        (COMPARISON, "In items a second after against before: after gains (+100.0 %)."),
        (COMPARISON, "try_to_wake_up: tasklist_lock (rwlock:R) before"),
        (ONE_SEED, "after gains (+100.0 %), of one seed."),
        (ONE_SEED, "seed 1 only: no intervals"),
        (ALIKE, "nobody gains (+0.0 %), as its interval has 0 in it"),
        (ALIKE, "the wakeup stayed in the section"),
        (replace(COMPARISON, partial=True), "PARTIAL stopped early"),
        (replace(COMPARISON, locks=()), "after gains"),
    ],
)
def test_says(comparison: KernelComparison, words: str):
    assert words in " ".join(render_kernel_comparison(comparison, width=200).split())


def test_without_locks_nothing_is_said_of_them():
    text = render_kernel_comparison(replace(COMPARISON, locks=()))
    assert "lock that" not in text
    assert "takers" not in text
