"""Which figures decide an answer, as text."""

import pytest

from bench.report.canned_compare import sensitivity
from emu.report.sensitivity_report import render_sensitivity


def test_golden(golden):
    golden("sensitivity.txt", render_sensitivity(sensitivity()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"partial": True}, "PARTIAL"),
        ({}, "means over 2 seeds"),
        ({"seeds": (1,)}, "seed 1 only: what is chance is not told apart"),
        ({}, "~+9.7"),
        ({}, "2 pairs: the sign of the difference is changed by latencies.halt_exit"),
        ({}, "4 pairs: the sign of the difference is changed by none"),
        ({}, "more than 5 points are moved by latencies.remote_line"),
        ({}, "!-5.5"),
        ({}, "or no more than the seeds make: store_buffer.depth"),
    ],
)
def test_says(changes, words):
    assert words in render_sensitivity(sensitivity(**changes))
