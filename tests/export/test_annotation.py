"""A routine beside what its instructions cost: what the trace has of it, and nothing else."""

import pytest

from emu.errors import UserError
from emu.export.annotation import annotate
from emu.report.annotate_report import render_annotation
from emu.trace.record import Kind, Transfer


def silent(done: int, total: int) -> None:
    pass


@pytest.mark.parametrize("routine", ["do_msgsnd", "queued_spin_lock_slowpath", "__schedule"])
def test_all_of_a_routine_is_there_and_nothing_else(traced, routine):
    header, records = traced.trace.header, traced.trace.records()
    symbol = next(each for each in header.symbols if each.name == routine)
    found = annotate(traced.trace, routine, silent)
    inside = records[(records["pc"] >= symbol.address) & (records["pc"] < symbol.address + symbol.size)]
    executed = inside[inside["kind"] == int(Kind.INSTRUCTION)]
    moved = inside[(inside["kind"] == int(Kind.LINE_TRANSFER)) & (inside["detail"] != int(Transfer.MEMORY_READ))]
    assert sum(row.times for row in found.rows) == len(executed) > 0
    assert found.cycles == int(executed["cost"].sum())
    assert sum(row.transfers for row in found.rows) == len(moved) > 0
    assert sum(row.transfer_cycles for row in found.rows) == int(moved["value"].sum())
    assert sum(cycles for row in found.rows for cycles in row.waits.values()) == int(executed["cost"][executed["cause"] != 0].sum())
    assert found.cycles_of_run == int(records["cost"][records["kind"] == int(Kind.INSTRUCTION)].sum())
    for row in found.rows:
        assert row.times == int((executed["pc"] == symbol.address + row.offset).sum())
    assert [row.offset for row in found.rows] == sorted(row.offset for row in found.rows)


def test_a_routine_that_there_is_not_is_refused_with_the_closest(traced):
    with pytest.raises(UserError, match=r"no routine in it is called 'do_msgsend'; did you mean .*do_msgsnd"):
        annotate(traced.trace, "do_msgsend", silent)


def test_the_page_shows_what_is_hot(traced):
    found = annotate(traced.trace, "do_msgsnd", silent)
    page = render_annotation(found, traced.trace.header, width=200)
    assert page.startswith(f"do_msgsnd: {found.cycles:,} cycles")
    hottest = max(found.rows, key=lambda row: row.cycles)
    (line,) = [line for line in page.splitlines() if line.startswith(f" +{hottest.offset:#x} ")]
    assert f"{hottest.cycles:,}" in line
    assert f"{hottest.times:,}" in line
