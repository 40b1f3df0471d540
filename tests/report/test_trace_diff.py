"""Where two traces part."""

import json
from pathlib import Path

import pytest

from bench.report.canned import write_trace
from emu.report.trace_diff import diff_lines
from emu.subjects.ipc_msg.hand_off import find_hand_off
from emu.trace.diff import diff_traces
from emu.trace.difference import TraceDiff
from emu.trace.file import TraceFile
from emu.trace.select import select


def compare(a: Path, b: Path, *, hand_off: int | None = None, by: str = "task", **filters) -> TraceDiff:
    traces = TraceFile(a), TraceFile(b)
    cuts = [select(t.header, cut=None if hand_off is None else find_hand_off(t, hand_off), **filters) for t in traces]
    return diff_traces(*traces, *cuts, by=by)


def lines(*paths: Path, width: int = 100, lines_max: int = 40, **options) -> list[str]:
    return list(diff_lines(compare(*paths, **options), lines_max=lines_max, width=width))


@pytest.fixture
def paths(tmp_path: Path, monkeypatch) -> tuple[Path, Path]:
    monkeypatch.chdir(tmp_path)
    return write_trace(Path("a.trace")), write_trace(Path("b.trace"), "wakeq")


def test_golden(golden, paths):
    golden("trace_diff.txt", "\n".join(lines(*paths)) + "\n")


def test_golden_of_a_hand_off(golden, paths):
    golden("trace_diff_hand_off.txt", "\n".join(lines(*paths, hand_off=1)) + "\n")


def test_the_same_twice(paths):
    difference = compare(paths[0], paths[0])
    assert difference.same_path
    assert difference.same_times
    assert "pmsg/0: the same, 8 instructions" in list(diff_lines(difference))


def test_same_path_other_times(paths):
    difference = compare(paths[0], write_trace(Path("slow.trace"), wait=90))
    assert difference.same_path
    assert not difference.same_times
    assert any("times part at do_msgsnd (cycle 1043, core 0): A 40, B 90 cycles" in line for line in diff_lines(difference))


def test_where_they_part(paths):
    text = "\n".join(lines(*paths))
    assert "A  do_msgsnd -> try_to_wake_up (cycle 1133, core 0)" in text
    assert "B  do_msgsnd -> wake_q_add (cycle 1063, core 0)" in text


def test_by_core(paths):
    assert any(line.startswith("core 0:") for line in lines(*paths, by="core"))


def test_lines_are_bounded(paths):
    assert any("more lines (--lines)" in line for line in lines(*paths, lines_max=2))


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_every_width_has_every_number(paths, width):
    page = lines(*paths, hand_off=1, width=width)
    assert max(map(len, page)) <= width
    whole = lines(*paths, hand_off=1, width=200)
    numbers = [sorted(word for line in each for word in line.split() if word.isdigit()) for each in (page, whole)]
    assert numbers[0] == numbers[1]


def test_totals_add_up(paths):
    last = lines(*paths)[-1].split()
    assert last[:4] == ["all", "12", "13", "+1"]


def test_it_begins_with_where_the_unlock_moved(paths):
    """What the patch does, in the first lines: the wakeup has left the lock, and the lock is let go in front of it."""
    page = lines(*paths, hand_off=1)
    start = page.index("")
    assert page[start + 1 : start + 6] == [
        "sender, q_perm.lock: held 20,161 cycles, 3 instructions in A; 61 cycles, 3 instructions in B",
        "   only A lets go at do_msgsnd+0x14, behind try_to_wake_up",
        "   only B lets go at do_msgsnd+0x14, behind wake_q_add",
        "   under it in A, outside it in B (1 instruction, 90 cycles there): try_to_wake_up",
        "   nowhere in A, under it in B (1 instruction, 20 cycles there): wake_q_add",
    ]


def test_locks_stand_where_they_are_taken_and_let_go(paths):
    page = lines(*paths, hand_off=1)
    start = next(n for n, line in enumerate(page) if line.startswith("sender: "))
    text = [" ".join(row.split()) for row in page[start:]]
    assert "-- takes q_perm.lock -- takes q_perm.lock" in text
    replaced, unlock, moved = (
        text.index(row)
        for row in (
            "| 1 90 try_to_wake_up 1 20 wake_q_add",
            "-- 20161 lets go q_perm.lock -- 61 lets go q_perm.lock",
            "> 1 90 try_to_wake_up",
        )
    )
    assert replaced < unlock < moved


def test_the_actors_come_before_the_idle_tasks(paths):
    assert [stream.name for stream in compare(*paths).streams] == ["pmsg/0", "pmsg/1", "idle of core 1"]
    assert [stream.name for stream in compare(*paths, hand_off=1).streams] == ["sender", "receiver"]


def test_no_lock_differs_where_the_same_is_done_under_it(paths):
    assert all(not stream.locks for stream in compare(paths[0], write_trace(Path("slow.trace"), wait=90)).streams)


def test_a_selection_that_leaves_nothing_says_so(paths):
    assert lines(*paths, cycles=":5").count("   nothing: no instruction passes the filters") == 2


def test_json_has_what_the_page_has(paths):
    plain = json.loads(json.dumps(compare(*paths, hand_off=1).to_dict()))
    (lock,) = plain["streams"][0]["locks"]
    assert lock["lock"] == "q_perm.lock"
    assert (lock["a"]["held_cycles"], lock["b"]["held_cycles"]) == (20_161, 61)
    assert lock["moved_out"] == [{"routine": "try_to_wake_up", "instructions": 1, "cycles": 90}]
    assert lock["added"] == [{"routine": "wake_q_add", "instructions": 1, "cycles": 20}]
    assert plain["a"]["instructions"] == sum(stream["a"]["instructions"] for stream in plain["streams"])
    assert plain["same_path"] is False
