"""Two variants side by side as text."""

from dataclasses import replace

import pytest

from bench.report.canned import WAKEQ
from bench.report.canned_compare import BASELINE, comparison, row
from emu.compare.comparison import Row
from emu.report.compare_report import render_comparison
from emu.report.compare_words import conclusions
from emu.run.experiment_spec import Stall
from emu.run.result import LockUse, Wakeups


def test_golden(golden):
    golden("compare.txt", render_comparison(comparison(row(2), row(4), row(8))))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"partial": True}, "PARTIAL"),
        ({}, "means over 5 seeds in pairs; a seed varies start offsets"),
        ({"seeds": (1,)}, "seed 1 only: no intervals"),
        ({"overrides": {"latencies.remote_line": 400}}, "with latencies.remote_line set to 400"),
        ({}, "a reconstruction"),
        ({}, "published: AMD A10-7800: a table"),
        (
            {"stall_schedule": (Stall("handoff_window", 20_000, 10),)},
            "with a stall at handoff_window: 20,000 cycles, once in 10 times",
        ),
        ({"tick_hz": 250}, "timer interrupt on: 250 a second on each core"),
        ({"another_experiment": ("cores 2, not 4",)}, "of another experiment, and do not stand here: cores 2, not 4"),
    ],
)
def test_says(changes, words):
    assert words in render_comparison(comparison(row(), **changes))


def test_no_spin_is_said_in_words():
    still = Row.of(4, [WAKEQ], [WAKEQ])
    assert "No message spin on either side" in render_comparison(comparison(still))


def test_what_is_not_counted_is_said_and_not_printed_as_zero():
    text = render_comparison(comparison(Row.of(4, [WAKEQ], [WAKEQ])))
    assert "wakeup latency: not counted" in text
    assert "by cause" not in text


def test_without_a_published_table_none_is_named():
    text = render_comparison(comparison(Row.of(4, [BASELINE], [WAKEQ])))
    assert "published" not in text
    assert "predicted" not in text


def test_no_division_by_nothing():
    nothing = replace(WAKEQ, messages_per_second=0.0, messages=0, locks={})
    assert "+0.0 %" in render_comparison(comparison(Row.of(2, [nothing], [WAKEQ])))


def woken(run, under: int, total: int = 2000):
    return replace(run, wakeups=Wakeups(total, under, total - under, total))


def shifted(percent: float, *more: float):
    """A row whose B is faster by so much, under each seed in turn."""
    changes = (percent, *more)
    return [replace(WAKEQ, seed=n, messages_per_second=1000.0 * (1 + each / 100)) for n, each in enumerate(changes, 1)]


def test_three_sentences_of_the_patch():
    assert conclusions(comparison(row(2), row(8))) == (
        "At 8 pairs, under q_perm.lock baseline makes 2,000 of 2,004 wakeups, wakeq 0 of 2,004: the wakeup left the section "
        "(all that is in it, instruction by instruction: emu path baseline, emu path wakeq).",
        "With wakeq a hold takes 322 cycles in place of 2,321 (-86 %), a contended wait 297 cycles in place of 1,061 (-72 %); "
        "45.3 % of the acquisitions had to wait with baseline, 10.3 % with wakeq.",
        "In messages a second wakeq against baseline: wakeq gains (+71.1 % at 2 pairs, +71.1 % at 8 pairs).",
    )


@pytest.mark.parametrize(
    ("under", "words"),
    [
        ((0, 0), "neither makes a wakeup under q_perm.lock"),
        ((7, 7), "baseline makes 7 of 2,000 wakeups, wakeq 7 of 2,000: the wakeup stayed in the section"),
        ((0, 9), "baseline makes 0 of 2,000 wakeups, wakeq 9 of 2,000: the wakeup came into the section"),
    ],
)
def test_what_left_the_section(under, words):
    found = comparison(Row.of(4, *([woken(WAKEQ, each)] for each in under)))
    assert words in conclusions(found)[0]


def test_a_lock_that_nobody_waits_for():
    free = replace(WAKEQ, locks={"q_perm.lock": LockUse(4000, 0, 0, 0, 400_000, 900, 0)})
    words = conclusions(comparison(Row.of(4, [free], [free])))[1]
    assert words == "With wakeq a hold takes 100 cycles in place of 100 (+0 %); nobody had to wait for the lock."


def test_who_gains_is_told_apart_from_chance():
    base = [replace(WAKEQ, seed=seed, messages_per_second=1000.0) for seed in (1, 2, 3)]
    rows = Row.of(2, base, shifted(-1, 0.5, 1)), Row.of(4, base, shifted(-5, -6, -7)), Row.of(8, base, shifted(40, 50, 60))
    assert conclusions(comparison(*rows))[2] == (
        "In messages a second wakeq against baseline: wakeq gains (+50.0 % at 8 pairs); baseline gains (-6.0 % at 4 pairs); "
        "nobody gains (+0.2 % at 2 pairs), as its interval has 0 in it."
    )
    one = comparison(Row.of(4, base[:1], shifted(3)), seeds=(1,))
    assert conclusions(one)[2] == "In messages a second wakeq against baseline: wakeq gains (+3.0 % at 4 pairs), of one seed each."
