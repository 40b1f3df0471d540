"""Which lines moved out of the section: by hand, and of a pair of small runs, whose transfers are all there."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from bench.report.canned_compare import comparison, row
from emu.cli.main import main
from emu.compare.line_runs import traced_lines, with_lines
from emu.compare.paired import plan_rows
from emu.compare.section_lines import FoundLine, SectionLines, Transfers, section_lines
from emu.report.compare_report import render_comparison
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Limits
from emu.runner.runner import Runner
from emu.trace.file import TraceFile
from emu.trace.record import Kind, Transfer

SPEC = Experiment(variant="baseline", cores=4, threads=4, messages=24)


def line(within: int, outside: int, **fields: int) -> FoundLine:
    return FoundLine(Transfers(within, outside, 10 * within, 7 * outside), Counter(fields))


A = {
    ("task_struct", 0): line(300, 20, state=300, on_cpu=20),
    ("msg_queue", 64): line(0, 200, q_lspid=200),
    ("rq", 0): line(50, 50, lock=100),
    ("msg_msg", 0): line(100, 0, m_ts=100),
    ("rq", 64): line(101, 5, clock=106),
}
B = {
    ("task_struct", 0): line(10, 250, state=260),
    ("msg_queue", 64): line(120, 60, q_lspid=180),
    ("rq", 0): line(51, 49, lock=100),
    ("rq", 64): line(100, 6, clock=106),
    ("percpu", 128): line(0, 400, mcs_nodes=400),
}


def test_what_one_side_has_less_of_under_the_lock_and_the_other_more_of_elsewhere_has_moved():
    found = section_lines(A, B, seed=3, messages=200)
    rows = [(each.object, each.offset, each.out, each.moved, each.fields) for each in found.moved]
    assert rows == [("task_struct", 0, True, 230, ("state", "on_cpu")), ("msg_queue", 64, False, 120, ("q_lspid",))]
    assert (found.a.within, found.a.outside, found.a.within_cycles) == (551, 275, 5510)
    assert (found.b.within, found.b.outside, found.b.outside_cycles) == (281, 765, 7 * 765)


@pytest.mark.parametrize(("messages", "count"), [(100, 4), (101, 2)], ids=["one in a hundred", "less is chance"])
def test_what_moves_by_chance_is_not_listed(messages, count):
    assert len(section_lines(A, B, seed=1, messages=messages).moved) == count


def test_all_transfers_of_a_run_are_within_or_outside(tmp_path):
    path = tmp_path / "t.trace"
    run(replace(SPEC, trace=path))
    records = TraceFile(path).records()
    moved = records[(records["kind"] == int(Kind.LINE_TRANSFER)) & (records["detail"] != int(Transfer.MEMORY_READ))]
    found = traced_lines(SPEC)
    assert found is not None
    total = Transfers()
    for each in found.values():
        total.add(each.transfers)
        assert each.fields.total() == each.transfers.within + each.transfers.outside
    assert total.within + total.outside == len(moved)
    assert total.within_cycles + total.outside_cycles == int(moved["value"].astype(np.int64).sum())
    assert total.within > 100


@pytest.fixture(scope="module")
def lines() -> SectionLines:
    plans = plan_rows([4], lambda tasks: (SPEC, replace(SPEC, variant="wakeq")), seeds=2, counts="threads")
    found = with_lines(comparison(row(4)), plans, Runner.local())
    assert (found.partial, found.failed) == (False, None)
    assert found.rows[0].lines is not None
    return found.rows[0].lines


def test_the_wakeup_takes_its_lines_out_of_the_section(lines):
    out = {each.object for each in lines.moved if each.out}
    assert {"task_struct", "rq", "cfs_rq"} <= out
    assert lines.b.within < lines.a.within
    assert all(each.moved <= each.a.within and each.moved <= each.b.outside for each in lines.moved if each.out)


def test_who_asks_to_stop_has_the_rows_without_lines():
    plans = plan_rows([4], lambda tasks: (SPEC, SPEC), seeds=1, counts="threads")
    found = with_lines(comparison(row(4)), plans, Runner.local(), should_stop=lambda: True)
    assert (found.partial, found.rows[0].lines) == (True, None)


def test_a_trace_that_is_too_long_is_said_and_the_rows_stay():
    short = replace(SPEC, limits=Limits(trace_records=1000))
    plans = plan_rows([4], lambda tasks: (short, short), seeds=1, counts="threads")
    found = with_lines(comparison(row(4)), plans, Runner.local())
    assert (found.partial, len(found.rows), found.rows[0].lines) == (True, 1, None)
    assert "more than 1,000 records, too many for --lines: give fewer --messages" in str(found.failed)


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_names_lines_and_sums(width):
    found = section_lines(A, B, seed=3, messages=200)
    page = render_comparison(comparison(replace(row(), lines=found)), width=width)
    assert max(map(len, page.splitlines())) <= width
    assert "lines that moved out of the section of q_perm.lock" in page
    assert re.search(r"task_struct +state, +(on_cpu )? *out +230 +300 +20 +10 +250", page)
    assert re.search(r"all lines +551 +275 +281 +765", page)
    assert "lines that moved" not in render_comparison(comparison(row()), width=width)


def test_options_that_do_not_go_with_lines_are_refused(capsys):
    assert main(["compare", "baseline", "wakeq", "--lines", "--sensitivity"]) == 2
    assert "--lines has no meaning with --sensitivity" in capsys.readouterr().err
    assert main(["compare", "a", "b", "--lines", "--from", "work_begin"]) == 2
    assert "--lines has no meaning with --from" in capsys.readouterr().err
