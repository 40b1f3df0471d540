"""Two variants side by side as text."""

from dataclasses import replace

import pytest
from canned import WAKEQ
from canned_compare import BASELINE, comparison, row

from emu.report.compare_report import render_comparison
from emu.run.comparison import Row


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


@pytest.mark.parametrize("width", [80, 100, 120])
def test_figures_are_never_cut(width):
    text = render_comparison(comparison(row(2), row(8)), width=width)
    assert max(map(len, text.splitlines())) <= width
    if width >= 100:
        assert "…" not in text


def test_no_division_by_nothing():
    nothing = replace(WAKEQ, messages_per_second=0.0, messages=0, locks={})
    assert "+0.0 %" in render_comparison(comparison(Row.of(2, [nothing], [WAKEQ])))
