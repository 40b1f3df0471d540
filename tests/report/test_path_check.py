"""What is in and what is out of its bar."""

from dataclasses import replace

import pytest

from bench.report.canned_path import means, path_comparison
from emu.report.path_check import FUNCTION_BARS, ROW_BARS, SECTION_BARS, PathComparison, Row
from emu.report.path_report import render_path
from emu.subjects.ipc_msg.path.lengths import SECTIONS
from emu.subjects.path.tally import Means, Measure


@pytest.fixture
def comparison() -> PathComparison:
    return path_comparison()


@pytest.mark.parametrize(
    ("bars", "measure", "factor", "outside"),
    [
        (ROW_BARS, Measure.INSTRUCTIONS, 1.14, False),
        (ROW_BARS, Measure.INSTRUCTIONS, 1.16, True),
        (ROW_BARS, Measure.INSTRUCTIONS, 0.84, True),
        (ROW_BARS, Measure.LINES, 2.0, False),
        (FUNCTION_BARS, Measure.INSTRUCTIONS, 0.71, False),
        (FUNCTION_BARS, Measure.INSTRUCTIONS, 0.69, True),
        (SECTION_BARS, Measure.INSTRUCTIONS, 0.84, True),
        (SECTION_BARS, Measure.LINES, 1.19, False),
        (SECTION_BARS, Measure.LINES, 1.21, True),
        (SECTION_BARS, Measure.TRANSFERS, 0.79, True),
        (SECTION_BARS, Measure.LOADS, 3.0, False),
    ],
)
def test_bars(bars, measure: Measure, factor: float, outside: bool):
    real = dict.fromkeys(Measure, 100.0)
    row = Row("x", replace(means(real), **{measure.value: 100.0 * factor}), real, bars)
    assert row.outside == ((measure,) if outside else ())
    assert row.off(measure) == pytest.approx(factor - 1)


def test_hardly_any_transfers_are_not_compared():
    real = {Measure.INSTRUCTIONS: 27.0, Measure.TRANSFERS: 0.25}
    assert Row("x", Means(instructions=27.0), real, SECTION_BARS).outside == ()


def test_a_path_like_the_real_one(comparison: PathComparison):
    assert comparison.outside() == []
    text = render_path(comparison)
    assert text.rstrip().endswith("everything that matters is within its bar")
    assert " out\n" not in text


def test_a_function_too_many_or_missing(comparison: PathComparison):
    functions = dict(comparison.lengths.functions["msgrcv"])
    del functions["kfree"], functions["free_msg"]  # 50 instructions matter, 12 do not
    functions |= {"filler": Means(instructions=60.0), "helper": Means(instructions=9.0)}
    lengths = replace(comparison.lengths, functions=comparison.lengths.functions | {"msgrcv": functions})
    found = replace(comparison, lengths=lengths)
    assert found.outside() == [
        "filler in msgrcv 60.0 instructions, real 0.0",
        "kfree in msgrcv 0.0 instructions, real 50.0 (-100%)",
    ]
    text = render_path(found, width=120)
    assert [line.split()[0] for line in text.splitlines() if line.endswith(" out")] == ["filler", "kfree"]
    assert "2 figures outside the bar: filler in msgrcv 60.0 instructions, real 0.0; kfree" in text


def test_without_a_reference(comparison: PathComparison):
    alone = replace(comparison, reference=None)
    assert alone.outside() == []
    assert "nothing to compare with" in render_path(alone)
    plain = alone.to_dict()
    assert plain["reference"] is None
    assert "real" not in plain["system_calls"]["msgsnd"]


def test_json(comparison: PathComparison):
    plain = comparison.to_dict()
    keys = {measure.value for measure in Measure}
    assert set(plain["system_calls"]) == {"msgsnd", "msgrcv"}
    assert set(plain["sections"]) == set(SECTIONS)
    for group in ("system_calls", "functions", "sections", "per_message"):
        assert all(keys <= set(each) for each in plain[group].values())
    both = plain["functions"]["ipcperms"]
    assert both["instructions"] == sum(each["instructions"] for each in both["by_context"].values())
