"""Every sum of the page is the report's, to the last cycle: those counted from the trace, and those that the script is given."""

import base64
import json
import re
import zlib
from dataclasses import asdict
from html.parser import HTMLParser

import numpy as np
import pytest

from bench.export.lines import moved_lines
from emu.export.lock_book import LockBooks
from emu.html.story import counted_tables
from emu.html.timeline import Timeline
from emu.report.line_report import line_parts
from emu.report.run_report import render_run, run_parts
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Stall
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.trace.file import TraceFile
from emu.trace.record import Transfer
from emu.trace.words import place_words

LOCK_FIELDS = ("acquisitions", "contended", "wait_cycles", "wait_cycles_max", "hold_cycles", "hold_cycles_max")


@pytest.fixture(params=[0, 1], ids=["baseline", "wakeq"])
def side(request, sides):
    return sides[request.param]


def check(counts, result):
    """A trace's sums against a result's."""
    assert (counts.cycles, counts.booted, counts.messages) == (result.cycles, result.boot_cycles, result.messages)
    assert counts.cores == [core.to_dict() for core in result.cycles_by_core_and_state]
    used = {name: use for name, use in result.locks.items() if use.acquisitions}
    assert counts.locks.keys() == used.keys()
    for name, use in used.items():
        mine = {field: getattr(counts.locks[name], field) for field in LOCK_FIELDS}
        assert mine == {field: getattr(use, field) for field in LOCK_FIELDS}, name
    under = counts.locks[QUEUE_LOCK].wakeups if QUEUE_LOCK in counts.locks else 0
    assert (counts.wakeups, under) == (result.wakeups.total, result.wakeups.under_queue_lock)
    assert counts.interprocessor_interrupts == result.interprocessor_interrupts
    assert counts.marks.get("context_switch", 0) == result.context_switches
    assert counts.transfers == moved_lines(asdict(result.coherence))


def test_counted_from_the_trace_they_are_those_of_the_result(side):
    check(side.counts, side.result)


@pytest.mark.parametrize(
    "changes",
    [
        {"variant": "baseline-ticket"},
        {"variant": "wakeq-senders", "threads": 4},  # a lock is held when the run ends
        {"variant": "baseline-rt", "preempt": "rt"},
        {"variant": "wakeq", "workload": "full-queue", "threads": 0},
        {"variant": "baseline", "stalls": (Stall("handoff_window", 20_000, 5),)},
        {"variant": "wakeq", "tick_hz": 10_000, "machine": "zen2-8c"},
        {"variant": "wakeq", "placement": "unpinned"},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())),
)
def test_so_they_are_of_other_runs(tmp_path, changes):
    trace = tmp_path / "t.trace"
    result = run(Experiment(**{"messages": 12, "threads": 8, **changes}, trace=trace))
    timeline = Timeline(TraceFile(trace))
    timeline.read(lambda done, total: None)
    check(timeline.counts, result)


def test_the_wakeup_is_under_the_lock_before_the_patch_and_not_behind_it(sides):
    under = [side.counts.locks[QUEUE_LOCK].wakeups for side in sides]
    assert under[0] > 30
    assert under[1] == 0


def test_sections_and_lines_sum_to_their_locks_and_to_all_transfers(side):
    counts = side.counts
    for name, whole in counts.locks.items():
        parts = [sums for (of, _), sums in counts.sections.items() if of == name]
        for field in (*LOCK_FIELDS, "transfers", "transfer_cycles", "wakeups"):
            total = max if field.endswith("_max") else sum
            assert total(getattr(part, field) for part in parts) == getattr(whole, field), (name, field)
    moved = {kind: times for kind, times in counts.transfers.items() if kind != Transfer.MEMORY_READ}
    by_kind: dict[int, int] = {}
    for line in side.lines:
        for move, times in line.moves.items():
            by_kind[move.kind] = by_kind.get(move.kind, 0) + times
    assert by_kind == moved


def test_the_sections_are_those_of_the_lock_books(side):
    """Which follow whole chains of calls, and not the last one only."""
    header = side.trace.header
    books: dict[tuple[str, str], list[int]] = {}
    for book in LockBooks(side.trace).read(lambda done, total: None):
        for site in book.sites.values():
            sums = books.setdefault((header.locks[book.number].name, place_words(site.place, header)), [0, 0, 0])
            for place, times in ((0, site.holds), (1, site.waits)):
                sums[place] += times.total
            sums[2] += site.waits.count
    counted = {key: [sums.hold_cycles, sums.wait_cycles, sums.contended] for key, sums in side.counts.sections.items()}
    assert len(counted) > 4
    assert counted == books


def test_a_lock_is_taken_where_its_routine_is_called(side):
    places = {place.partition("+")[0] for name, place in side.counts.sections if name == QUEUE_LOCK}
    assert places == {"do_msgsnd", "do_msgrcv"}


def unpacked(page: str, number: int) -> tuple[dict, dict[str, np.ndarray]]:
    """A side's data as the script gets it, taken apart by other code than the script's."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(text)[number]
    content = zlib.decompress(base64.b64decode(data["packed"]))
    columns, at = {}, 0
    for name, described in data["columns"].items():
        count, width = described["count"], described["bytes"]
        planes = np.frombuffer(content[at : at + count * width], np.uint8).reshape(width, count).astype(np.int64)
        values = sum((planes[place] << 8 * place for place in range(width)), np.zeros(count, np.int64))
        columns[name] = np.cumsum(np.where(values % 2, -(values + 1) // 2, values // 2)) if described["grows"] else values
        at += count * width
    assert at == len(content)
    return data, columns


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_drawn_sums_to_the_report(page, sides, number):
    data, columns = unpacked(page.read_text(), number)
    result, states = (
        sides[number].result,
        ("user", "kernel", "scheduler", "interrupt", "lock_wait", "message_spin", "stall", "idle"),
    )
    for core, of_core in enumerate(result.cycles_by_core_and_state):
        begins = columns[f"slices{core}.begin"]
        lengths = np.diff(begins, append=data["end"])
        assert begins[0] == 0
        for state, name in enumerate(states, 1):
            assert lengths[columns[f"slices{core}.state"] == state].sum() == getattr(of_core, name), (core, name)
    classes = np.array([lock["name"] for lock in data["locks"]])[columns["holds.lock"].astype(int)]
    lengths = columns["holds.end"] - columns["holds.begin"]
    for name, use in result.locks.items():
        own = classes == name
        assert own.sum() == use.acquisitions
        assert lengths[own].sum() == use.hold_cycles
        assert columns["holds.waited"][own].sum() == use.wait_cycles
    assert columns["holds.wakeups"][classes == QUEUE_LOCK].sum() == result.wakeups.under_queue_lock


class Cells(HTMLParser):
    """The text of every cell of a page's tables."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._inside = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, text):
        if self._inside:
            self.rows[-1][-1] += text


def test_the_tables_of_the_report_stand_on_the_page_cell_by_cell(page, side):
    cells = Cells()
    cells.feed(page.read_text())
    shown = {tuple(row) for row in cells.rows}
    printed = render_run(side.result, width=140)
    grids = [each for part in run_parts(side.result) for each in ([part.left, part.right] if hasattr(part, "left") else [part])]
    grids += [*counted_tables(side.counts), *line_parts(side.lines, side.trace.header)]
    rows = 0
    for grid in (each for each in grids if hasattr(each, "rows")):
        keep = [place for place, column in enumerate(grid.columns) if not column.bar]
        for row in grid.rows:
            assert tuple(row.cells[place].plain.strip() for place in keep) in shown
            rows += 1
    assert rows > 40
    assert f"{side.result.locks[QUEUE_LOCK].acquisitions:,}" in printed
