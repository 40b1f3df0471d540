"""Regions of real kernels as pages, from what `emu boot --from --json` prints: alone, beside each other, damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.report.canned_kernels import region, without_wakeups
from emu.boot.ending import End, Ended
from emu.boot.result import BootResult
from emu.boot.run import COUNTS
from emu.boot.spec import BootSpec
from emu.cli.boot_detail import region_dict
from emu.cli.main import main
from emu.html.sides import read_sides
from emu.html.write import page_of
from emu.subjects.kernel.result import DetailResult
from emu.subjects.kernel.saved_region import region_of


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
