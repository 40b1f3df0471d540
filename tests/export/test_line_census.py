"""Lines that cores take from each other: every transfer has its access, and false sharing is found where it is."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from bench.export.lines import moved_lines
from bench.report.canned import header
from emu.export.line_census import LineCensus, LineUse
from emu.report.line_report import lines_json, render_lines
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.record import TRACE_DTYPE, Access, Kind, Transfer
from emu.trace.words import place_words
from emu.units import line_of


def census(trace: TraceFile) -> list[LineUse]:
    return LineCensus(trace).read(lambda done, total: None)


def test_all_transfers_and_their_cycles_are_there(traced):
    records = traced.trace.records()
    moved = records[(records["kind"] == int(Kind.LINE_TRANSFER)) & (records["detail"] != int(Transfer.MEMORY_READ))]
    lines = census(traced.trace)
    for name, amount in (("transfers", np.ones(len(moved), np.int64)), ("lost", moved["value"].astype(np.int64))):
        wanted = Counter[int]()
        for address, value in zip(moved["address"].tolist(), amount.tolist(), strict=True):
            wanted[line_of(address)] += value
        assert {line.address: getattr(line, name) for line in lines} == dict(wanted)
    by_kind = Counter[int]()
    for line in lines:
        for move, times in line.moves.items():
            by_kind[move.kind] += times
    moved_in_run = moved_lines(asdict(traced.result.coherence))
    del moved_in_run[Transfer.MEMORY_READ]
    assert by_kind == moved_in_run
    assert [line.transfers for line in lines] == sorted((line.transfers for line in lines), reverse=True)


def test_accesses_are_those_of_the_trace(traced):
    records = traced.trace.records()
    line = census(traced.trace)[0]
    inside = records[(records["access"] != 0) & (records["address"] // 64 * 64 == line.address)]
    assert line.loads.total() == int((inside["access"] != int(Access.STORE)).sum())
    assert line.stores.total() == int((inside["access"] != int(Access.LOAD)).sum())


def test_who_asks_is_the_instruction_that_accesses(traced):
    for line in census(traced.trace)[:20]:
        for move in line.moves:
            assert move.user in line.loads or move.user in line.stores, place_words(move.user.pc, traced.trace.header)


def test_what_a_section_moves_is_under_its_lock(traced):
    header = traced.trace.header
    under = Counter[str]()
    for line in census(traced.trace):
        for move, times in line.moves.items():
            if header.symbol_at(move.user.pc)[0] in ("store_msg", "ss_add", "ttwu_do_wakeup"):
                under[header.locks[move.locks[-1]].name if move.locks else ""] += times
    assert under.total() > 0
    assert under[""] < under.total() / 2


ROWS = (  # core, offset, access, what moved before it: two words of one line, each a core's own, and one that both use
    (0, 0, Access.STORE, None),
    (1, 8, Access.STORE, Transfer.ACROSS_MODULES),
    (0, 0, Access.LOAD, Transfer.ACROSS_MODULES),
    (1, 16, Access.READ_MODIFY_WRITE, Transfer.UPGRADE),
    (0, 16, Access.LOAD, Transfer.WITHIN_MODULE),
    (1, 32, Access.LOAD, Transfer.MEMORY_READ),
)


@pytest.fixture
def two_words(tmp_path: Path) -> TraceFile:
    rows = []
    for core, offset, access, transfer in ROWS:
        if transfer is not None:
            rows.append((core, Kind.LINE_TRANSFER, int(transfer), 0x500000 + offset, 100, Access.NONE, 8))
        rows.append((core, Kind.INSTRUCTION, 0, 0x500000 + offset, 1, access, 8))
    records = np.zeros(len(rows), TRACE_DTYPE)
    for cycle, (record, row) in enumerate(zip(records, rows, strict=True)):
        for name, value in zip(("core", "kind", "detail", "address", "value", "access", "size"), row, strict=True):
            record[name] = value
        record["cycle"], record["pc"] = cycle, 0xFFFFFFFF80100000 + row[0]
    with TraceWriter(tmp_path / "t", header()) as writer:
        writer.append(records)
        writer.close()
    return TraceFile(tmp_path / "t")


def test_false_sharing_is_of_what_one_core_alone_touches(two_words):
    (line,) = census(two_words)
    assert (line.transfers, line.lost, line.false) == (4, 400, 2)
    assert line.bytes_of_one_core() == dict.fromkeys(range(8), 0) | dict.fromkeys(range(8, 16), 1) | dict.fromkeys(range(32, 40), 1)
    page = render_lines([line], two_words.header, width=120)
    assert "false sharing: 2 of 4 transfers" in page
    assert "pmsg/0.state (core 0)" in page
    (row,) = lines_json([line], two_words.header)["lines"]
    assert (row["transfers"], row["cycles"], row["false_transfers"]) == (4, 400, 2)
    assert sum(place["transfers"] for place in row["places"]) == 4


def test_the_page_fits(traced):
    page = render_lines(census(traced.trace), traced.trace.header, width=80)
    assert max(map(len, page.splitlines())) <= 80
    assert "msg_queue" in page
