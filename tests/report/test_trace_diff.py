"""Where two traces part."""

from pathlib import Path

import pytest
from canned import write_trace

from emu.observe.hand_off import find_hand_off
from emu.observe.trace_file import TraceFile
from emu.observe.trace_select import select
from emu.report.trace_diff import TraceDiff, diff_traces


def compare(a: Path, b: Path, *, hand_off: int | None = None, **options) -> TraceDiff:
    traces = TraceFile(a), TraceFile(b)
    cuts = [select(t.header, hand_off=None if hand_off is None else find_hand_off(t, hand_off)) for t in traces]
    return diff_traces(*traces, *cuts, **options)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch) -> tuple[Path, Path]:
    monkeypatch.chdir(tmp_path)
    return write_trace(Path("a.trace")), write_trace(Path("b.trace"), "wakeq")


def test_golden(golden, paths):
    golden("trace_diff.txt", "\n".join(compare(*paths).lines) + "\n")


def test_golden_of_a_hand_off(golden, paths):
    golden("trace_diff_hand_off.txt", "\n".join(compare(*paths, hand_off=1).lines) + "\n")


def test_the_same_twice(paths):
    difference = compare(paths[0], paths[0])
    assert difference.same_path
    assert difference.same_times
    assert "pmsg/0: the same, 8 instructions" in difference.lines


def test_same_path_other_times(paths):
    difference = compare(paths[0], write_trace(Path("slow.trace"), wait=90))
    assert difference.same_path
    assert not difference.same_times
    assert any("times part at do_msgsnd+0x0, A 40, B 90 cycles" in line for line in difference.lines)


def test_where_they_part(paths):
    text = "\n".join(compare(*paths).lines)
    assert "A  do_msgsnd+0x0 -> try_to_wake_up+0x0" in text
    assert "B  do_msgsnd+0x0 -> wake_q_add+0x0" in text


def test_by_core(paths):
    assert any(line.startswith("core 0:") for line in compare(*paths, by="core").lines)


def test_lines_are_bounded_and_fit(paths):
    difference = compare(*paths, lines_max=2)
    assert any("more lines" in line for line in difference.lines)
    assert max(map(len, difference.lines)) <= 100


def test_totals_add_up(paths):
    last = compare(*paths).lines[-1].split()
    assert last[:4] == ["all", "12", "13", "+1"]
