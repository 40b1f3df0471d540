"""Which figures decide an answer, as text."""

import pytest
from canned_compare import sensitivity

from emu.report.sensitivity_report import render_sensitivity


def test_golden(golden):
    golden("sensitivity.txt", render_sensitivity(sensitivity()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"partial": True}, "PARTIAL"),
        ({"seeds": (1, 2)}, "means over 2 seeds"),
        ({}, "2 threads: the sign of the difference is changed by latencies.halt_exit"),
        ({}, "4 threads: the sign of the difference is changed by none"),
        ({}, "more than 5 points are moved by latencies.remote_line"),
        ({}, "!-5.5"),
        ({}, "less than 0.5 points: store_buffer.depth"),
    ],
)
def test_says(changes, words):
    assert words in render_sensitivity(sensitivity(**changes))
