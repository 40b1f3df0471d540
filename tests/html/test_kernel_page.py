"""Regions of real kernels as pages, from what `emu boot --from --json` prints: alone, beside each other, damaged."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.report.canned import header
from bench.report.canned_kernels import region, without_wakeups
from emu.boot.ending import End, Ended
from emu.boot.result import BootResult
from emu.boot.run import COUNTS
from emu.boot.spec import BootSpec
from emu.cli.boot_detail import region_dict
from emu.cli.main import main
from emu.html.sides import read_sides
from emu.html.timeline import Timeline
from emu.html.write import page_of
from emu.subjects.ipc_msg.hand_off import ENTRY_SYMBOLS
from emu.subjects.kernel.result import DetailResult
from emu.subjects.kernel.saved_region import region_of
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.header import TaskName
from emu.trace.record import TRACE_DTYPE, Kind, State


def quietly(done: int, total: int) -> None:
    pass


def printed(detail: DetailResult, kernel: str, digest: str) -> dict[str, Any]:
    ended, counts = Ended(End.MARK), dict.fromkeys(COUNTS, 0)
    boot = BootResult(BootSpec(kernel=Path(kernel), cpus=2), ended, b"", 2, (2,), 2, None, 0.1, 2, "d", counts, ())
    return {**region_dict(boot, detail), "trace_digest": digest}


@pytest.fixture
def saved(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, detail in zip(paths, (region(), without_wakeups()), strict=True):
        path.write_text(json.dumps(printed(detail, f"{path.stem}/vmlinux", path.stem)))
    return paths


def test_what_is_printed_is_read_back() -> None:
    detail = region()
    found = region_of(json.loads(json.dumps(printed(detail, "vmlinux", "d"))))
    assert (found.kernel, found.items, found.items_per_second) == ("vmlinux", detail.items, detail.items_per_second)
    assert found.cycles_by_core == tuple(detail.measured.cycles_by_core)
    assert [(lock.name, lock.kind, lock.instances, lock.use) for lock in found.locks] == [
        (lock.name, lock.kind, lock.instances, lock.use) for lock in detail.locks
    ]
    assert [(lock.sites, lock.owners) for lock in found.locks] == [(lock.sites, lock.owners) for lock in detail.locks]


def test_two_kernels_stand_beside_each_other_with_rates_causes_and_sleeping_locks(saved: list[Path]) -> None:
    sides = read_sides(saved, quietly)
    assert [side.name for side in sides] == ["a", "b"]
    page = page_of(sides)
    assert "items a second, a" in page
    assert "cycles an item, all cores, by state" in page
    assert "cycles an item, all cores, by cause" in page
    assert "rwlock:R" in page
    steps = sides[0].told, sides[1].told
    for side, told in zip(sides, steps, strict=True):
        assert told is not None
        assert sum(told.states.values()) == told.cycles * len(told.cores), side.name


def test_one_kernel_is_a_page_too(saved: list[Path]) -> None:
    assert "items a second." in page_of(read_sides(saved[:1], quietly))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda plain: plain.pop("locks"), "not what `emu boot --from --json` prints: there is no 'locks'"),
        (lambda plain: plain.update(cycles=1), "the states of a core do not sum to 1 cycles"),
        (lambda plain: plain["locks"][0].update(contended="many"), "contended is 'many'"),
        (lambda plain: plain.update(locks=[3]), "not what `emu boot --from --json` prints"),
        (lambda plain: plain.update(schema="emu-boot/1"), "or `emu boot --from --json` prints (emu-boot-detail/1), got emu-boot/1"),
    ],
)
def test_what_is_none_is_refused_in_a_line(
    saved: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    plain = json.loads(saved[0].read_text())
    change(plain)
    saved[0].write_text(json.dumps(plain))
    assert main(["report", str(saved[0]), "--html", str(tmp_path / "page.html")]) == 2
    complaint = capsys.readouterr().err
    assert words in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


MARKS = ("system_calls", "wakeups")
# Task, whether it is in its program, what happens: an instruction there, or the wakeup of a task.
HISTORY = (
    (0, True, None), (1, True, None), (0, False, None), (0, True, None),  # the first sends once, and wakes nobody
    (1, False, None), (1, False, 2), (2, True, None), (1, True, None),  # the second wakes the third, which is in its program again
    (0, False, None), (0, False, 2), (0, True, None), (2, False, None), (2, True, None),  # the first sends again
)  # fmt: skip


def test_messages_of_a_kernel_are_numbered_by_who_sends_how_often(tmp_path: Path) -> None:
    """Another kernel wakes for others of them: what both have has one number."""
    entry = next(symbol.address for symbol in header().symbols if symbol.name == ENTRY_SYMBOLS[0])
    of_kernel = replace(header(), marks=MARKS, tasks=tuple(TaskName(f"pmsg/{task}", 0x1000 * (task + 1)) for task in range(3)))
    records = np.zeros(len(HISTORY), TRACE_DTYPE)
    for cycle, (record, (task, in_program, woken)) in enumerate(zip(records, HISTORY, strict=True), 1):
        record["cycle"], record["task"], record["core"], record["cost"] = 10 * cycle, task, task % 2, 1
        record["state"] = int(State.USER if in_program else State.KERNEL)
        record["pc"] = 0x401000 if in_program else entry + task // 2  # the third is elsewhere
        if woken is not None:
            record["kind"], record["detail"], record["value"] = int(Kind.MARK), 1, of_kernel.tasks[woken].pointer
    with TraceWriter(tmp_path / "t", of_kernel) as writer:
        writer.append(records)
        writer.close()
    timeline = Timeline(TraceFile(tmp_path / "t"))
    timeline.read(quietly)
    assert [(span.number, span.sender, span.send, span.receiver) for span in timeline.spans] == [(2, 1, 1, 2), (3, 0, 2, 2)]
