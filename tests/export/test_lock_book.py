"""What a trace says of locks, wait by wait and hold by hold: sums, percentiles, who had it, and the forms that people know."""

import re
from collections import Counter

import numpy as np
import pytest

from bench.report.canned_kernel import MEASURED, places
from emu.export.lock_book import LockBook, LockBooks, Times
from emu.export.lock_sections import Did
from emu.report.lock_percentiles import locks_json, render_lock_percentiles
from emu.report.lock_stat import lock_stat_lines
from emu.report.lock_words import by_class
from emu.report.perf_lock import PERF_SHAPES, perf_lock_lines
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.path.lengths import rules
from emu.subjects.ipc_msg.path.reference import correspondence
from emu.subjects.kernel.result import detail_result
from emu.subjects.path.sections import Outcome
from emu.subjects.path.walk import walk
from emu.trace.record import Kind


@pytest.fixture(scope="module")
def books(traced) -> list[LockBook]:
    return LockBooks(traced.trace).read(lambda done, total: None)


def records_of(traced, kind: Kind) -> np.ndarray:
    records = traced.trace.records()
    return records[records["kind"] == int(kind)]


def test_sums_are_those_of_the_report(books, traced):
    found = by_class(books, traced.trace.header)
    for name, use in traced.result.locks.items():
        waits = Times.of(book.waits for book in found.get(name, ()))
        holds = Times.of(book.holds for book in found.get(name, ()))
        assert (waits.count, waits.total, waits.most) == (use.contended, use.wait_cycles, use.wait_cycles_max), name
        assert (holds.count, holds.total, holds.most) == (use.acquisitions, use.hold_cycles, use.hold_cycles_max), name
    assert sum(book.waits.count for book in books) > 5


def test_what_sections_did_is_what_the_walk_of_the_path_finds(books, traced):
    """Which replays every access; sections that go on at the end stand there, and in the books, as far as they have come."""
    walked = walk(traced.trace, rules(correspondence()))
    wanted = Counter(Did(hold.episode.kind, hold.outcome) for hold in walked.holds)
    found = Counter[Did]()
    for book in books:
        named = traced.trace.header.locks[book.number].name
        assert set(book.held) == {None} or named == QUEUE_LOCK
        found.update({did: times.count for did, times in book.held.items() if did is not None})
    assert found == wanted
    assert {Did("msgsnd", Outcome.WAKES), Did("msgrcv", Outcome.SLEEPS)} <= set(found)


def test_the_parts_of_the_holds_are_the_whole(books, traced):
    use = traced.result.locks[QUEUE_LOCK]
    rows = [row for row in locks_json(books, traced.trace.header)["locks"] if row["class"] == QUEUE_LOCK]
    parts = [section for row in rows for section in row["sections"]]
    assert sum(part["hold"]["cycles"] for part in parts) == use.hold_cycles
    assert sum(part["hold"]["count"] for part in parts) == use.acquisitions
    assert {part["name"] for part in parts} >= {"hand-off", "sleep"}
    page = render_lock_percentiles(books, traced.trace.header, width=120)
    assert re.search(rf"msgsnd +wakes: hand-off +{parts_of(parts, 'hand-off'):,} ", page)


def parts_of(parts: list[dict], name: str) -> int:
    return sum(part["hold"]["count"] for part in parts if part["name"] == name)


def test_percentiles_are_of_what_there_is(books, traced):
    for number in {book.number for book in books}:
        records = records_of(traced, Kind.LOCK_RELEASED)
        held = sorted(int(value) for value in records["value"][records["detail"] == number])
        times = Times(held)
        for share in (50, 90, 99):
            found = times.percentile(share)
            assert sum(cycles <= found for cycles in held) * 100 >= share * len(held)
            assert sum(cycles < found for cycles in held) * 100 < share * len(held) or not held
    assert Times([]).percentile(50) == 0
    assert [Times([3, 1, 2, 4]).percentile(share) for share in (50, 90, 99)] == [2, 4, 4]


def test_locks_are_taken_where_their_routines_are_called(books, traced):
    header = traced.trace.header
    routines = {header.symbol_at(site.place)[0] for book in books for site in book.sites.values()}
    assert {"do_msgsnd", "do_msgrcv", "try_to_wake_up", "__schedule"} <= routines
    assert not {name for name in routines if "spin" in name}


def test_who_had_a_lock_when_others_began_to_wait_is_known(books, traced):
    """By the trace alone: the last one that took it before, if it has not let go of it."""
    wanted, owner = Counter[tuple[int, int]](), dict[int, int]()
    for record in traced.trace.records():
        lock = int(record["detail"])
        match int(record["kind"]):
            case Kind.LOCK_ACQUIRED:
                owner[lock] = max(int(record["task"]), -1)
            case Kind.LOCK_RELEASED:
                owner.pop(lock, None)
            case Kind.LOCK_CONTENDED if lock in owner:
                wanted[lock, owner[lock]] += 1
    found = Counter[tuple[int, int]]()
    for book in books:
        for site in book.sites.values():
            for holder, count in site.held_by.items():
                found[book.number, holder.task] += count
    assert found == wanted
    assert found.total() > 5


def test_lock_stat_is_as_the_kernel_prints_it(books, traced):
    header = traced.trace.header
    lines = list(lock_stat_lines(books, header))
    assert lines[0] == "lock_stat version 0.4"
    assert lines[1] == lines[3] == "-" * 221
    heads = lines[2].split()
    assert lines[2].endswith(" holdtime-total   holdtime-avg")
    assert len(lines[2]) == 220
    row = re.compile(r"^ *(\S.*):((?: +\S+){12})$")
    rows = {match[1]: match[2].split() for line in lines if (match := row.match(line))}
    assert {name for name, use in traced.result.locks.items() if use.acquisitions} == set(rows)
    for name, cells in rows.items():
        use = traced.result.locks[name]
        figures = dict(zip(heads[2:], cells, strict=True))
        assert int(figures["contentions"]) == use.contended
        assert int(figures["acquisitions"]) == use.acquisitions
        assert int(figures["con-bounces"]) <= use.contended
        for column, cycles in (
            ("waittime-total", use.wait_cycles),
            ("waittime-max", use.wait_cycles_max),
            ("holdtime-total", use.hold_cycles),
            ("holdtime-max", use.hold_cycles_max),
        ):
            assert abs(float(figures[column]) - cycles * 1e6 / header.clock_hz) < 0.0061, (name, column)
    contended = [int(cells[1]) for cells in rows.values()]
    assert contended == sorted(contended, reverse=True)
    points = [re.fullmatch(r" *(\S+) +(\d+) +\[<([0-9a-f]{16})>\] (\S+)\+0x[0-9a-f]+/0x[0-9a-f]+", line) for line in lines]
    of_queue = [point for point in points if point and point[1] == "q_perm.lock"]
    assert {point[4] for point in of_queue} <= {"do_msgsnd", "do_msgrcv"}
    waited = sum(int(point[2]) for point in of_queue[: len({point[3] for point in of_queue})])
    assert waited == traced.result.locks["q_perm.lock"].contended


@pytest.mark.parametrize("shape", PERF_SHAPES)
def test_perf_lock_has_all_waits_in_each_shape(books, traced, shape):
    lines = list(perf_lock_lines(books, traced.trace.header, shape))
    contended = sum(use.contended for use in traced.result.locks.values())
    waited = sum(use.wait_cycles for use in traced.result.locks.values()) / traced.trace.header.clock_hz * 1e9
    if shape == "perf-x":
        assert lines[0] == "# output: contended, total wait, max wait, avg wait, type, caller"
        cells = [line.split(", ") for line in lines[1:]]
        assert sum(int(row[0]) for row in cells) == contended
        assert abs(sum(int(row[1]) for row in cells) - waited) <= len(cells)
        assert {row[4] for row in cells} == {"spinlock"}
        return
    last = {"perf": "caller", "perf-l": "symbol", "perf-o": "comm", "perf-t": "comm"}[shape]
    assert lines[0].startswith(" contended   total wait     max wait     avg wait  ")
    assert lines[0].endswith(f"   {last}")
    assert lines[1] == ""
    row = re.compile(r"^( *\d+) ((?: *[\d.]+ +(?:ns|us|ms|s)){3})   +(\S+)   (\S.*)$")
    found = [row.match(line) for line in lines[2:]]
    assert all(found)
    assert sum(int(each[1]) for each in found if each) == contended
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    totals = [each[2].split() for each in found if each]
    assert sum(float(cells[0]) * units[cells[1]] for cells in totals) == pytest.approx(waited, rel=0.01)


def test_the_page_and_the_json_have_every_lock(books, traced):
    page = render_lock_percentiles(books, traced.trace.header, width=80)
    assert max(map(len, page.splitlines())) <= 80
    numbers = {lock.address: number for number, lock in enumerate(traced.trace.header.locks)}
    assert {book.number for book in books} == {numbers[row["address"]] for row in locks_json(books, traced.trace.header)["locks"]}
    for name in by_class(books, traced.trace.header):
        assert name in page


def test_locks_whose_waiters_sleep_stand_among_the_others(books, traced):
    """They are none of a trace's: a region of a real kernel has counted them, by place."""
    others = [lock for lock in detail_result(MEASURED, places()).locks if lock.kind != "spinlock"]
    header = traced.trace.header
    assert [(lock.name, lock.kind) for lock in others] == [("tasklist_lock", "rwlock:R")]
    rows = [line.split() for line in lock_stat_lines(books, header, others) if "tasklist_lock" in line]
    assert rows[0][:3] == ["tasklist_lock-R:", "1", "1"]
    assert (rows[0][7], rows[0][8], len(rows[0])) == ("2", "3", 13)
    assert rows[1] == ["tasklist_lock", "1", "[<ffffffff81003010>]", "try_to_wake_up+0x10"]
    for shape, last in (("perf", "rwlock:R   try_to_wake_up+0x10"), ("perf-l", "0000000001800000   tasklist_lock (rwlock:R)")):
        (row,) = [line for line in perf_lock_lines(books, header, shape, others) if "rwlock" in line]
        assert row.split()[:3] == ["1", "11", "ns"]
        assert row.endswith(last)
