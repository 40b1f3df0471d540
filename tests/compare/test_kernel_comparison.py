"""Two kernels compared, on regions made by hand: rates, cycles an item, and which lock of the one is which of the other."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.report.canned_kernel import CYCLES, LOCKS, MEASURED, places
from bench.report.canned_kernels import COMPARISON, ITEMS, compared, region, without_wakeups
from emu.boot.marks import parse_mark
from emu.boot.spec import BootSpec
from emu.compare.kernel_comparison import short_names
from emu.compare.kernel_runs import KernelPlan, RegionRun, compare_kernels
from emu.compare.lock_rows import lock_rows
from emu.errors import CheckFailed, UserError
from emu.runner.runner import Runner
from emu.runner.store import Store
from emu.subjects.kernel.detail import WORK_END, RegionSpec
from emu.subjects.kernel.result import detail_result


def test_rates_and_their_difference():
    per_second = ITEMS * 3_500_000_000 / CYCLES
    assert COMPARISON.a.rate.mean == pytest.approx(per_second)
    assert COMPARISON.b.rate.mean == pytest.approx(per_second * CYCLES / (CYCLES // 2))
    change = 100 * (CYCLES / (CYCLES // 2) - 1)
    assert COMPARISON.difference.mean == pytest.approx(change)
    assert COMPARISON.difference.interval == pytest.approx((change, change))


def test_the_waterfall_sums_to_all_cycles_of_all_cores():
    steps = COMPARISON.waterfall()
    assert sum(step.a for step in steps) == pytest.approx(4 * CYCLES / ITEMS)
    assert {step.name for step in steps} == {"user", "kernel", "scheduler", "interrupt", "lock_wait", "idle"}


def test_a_lock_by_function():
    row = next(row for row in COMPARISON.locks if row.function == "do_msgsnd")
    assert row.a is not None
    assert row.b is not None
    assert row.a.acquisitions == pytest.approx(1602 / ITEMS)
    assert row.a.contended_share == pytest.approx(700 / 1602)
    assert row.a.wait_cycles == pytest.approx(2_100_000 / 700)
    assert row.a.hold_cycles == pytest.approx(1_000_100 / 1602)
    assert row.a.wakeups == pytest.approx(1590 / ITEMS)
    assert row.b.wakeups == 0
    assert row.wakeups_moved == pytest.approx(1590 / ITEMS)


def test_a_lock_that_is_called_otherwise_is_the_same_by_its_takers():
    """With fewer sends its name begins with another function, and what it did is beside the same row all the same."""
    sites = (replace(LOCKS[0].sites[0], acquisitions=1), *LOCKS[0].sites[1:])
    other = detail_result(replace(MEASURED, locks=(replace(LOCKS[0], sites=sites),)), places(), items=ITEMS)
    only = detail_result(replace(MEASURED, locks=(replace(LOCKS[0], sites=LOCKS[0].sites[:1]),)), places(), items=ITEMS)
    assert other.locks[0].name != only.locks[0].name
    rows = {row.function: row for row in lock_rows([only], [other], ITEMS)}
    assert rows["do_msgsnd"].a is not None
    assert rows["do_msgsnd"].b is not None
    assert rows["do_msgrcv"].a is None


def test_a_kind_of_its_own_is_another_lock():
    rwlock = replace(LOCKS[0], kind="rwlock")
    runs = [detail_result(replace(MEASURED, locks=(lock,)), places(), items=ITEMS) for lock in (LOCKS[0], rwlock)]
    assert all(row.a is None or row.b is None for row in lock_rows(runs[:1], runs[1:], ITEMS))


def test_a_region_of_no_length_has_no_rate():
    nothing = dict.fromkeys(MEASURED.cycles_by_state, 0)
    empty = replace(MEASURED, cycles=0, cycles_by_state=nothing, cycles_by_core=(nothing,) * 4)
    with pytest.raises(UserError, match="no rate"):
        compared([detail_result(empty, places(), items=ITEMS)], [region()])


def test_json_has_every_run_of_both_sides():
    found = COMPARISON.to_dict()
    assert [run["seed"] for run in found["a"]["seeds"]] == [1, 2]
    assert found["b"]["seeds"][0]["wakeups"]["total"] == without_wakeups().wakeups
    assert found["cycles_per_item"]["idle"]["difference"] == pytest.approx(
        found["cycles_per_item"]["idle"]["b"] - found["cycles_per_item"]["idle"]["a"]
    )


@pytest.mark.parametrize(
    ("a", "b", "names"),
    [
        ("boot/bzImage-old", "boot/bzImage-new", ("old", "new")),
        ("before/vmlinux", "after/vmlinux", ("before", "after")),
        ("one/arch/boot/bzImage", "two/arch/boot/bzImage", ("one", "two")),
        ("vmlinux", "vmlinux", ("vmlinux (A)", "vmlinux (B)")),
    ],
)
def test_names(a: str, b: str, names: tuple[str, str]):
    assert short_names(Path(a), Path(b)) == names


@pytest.fixture(scope="module")
def real(shared: Path) -> KernelPlan:
    """A few messages in two real kernels."""
    begin = parse_mark("--from", "work_begin")
    calls = [
        RegionRun(
            BootSpec(
                kernel=shared / f"bzImage-small-{name}", cpus=2, program=shared / "pmsg", arguments=("--marks", "2", "40", "cross")
            ),
            RegionSpec(begin, WORK_END, 80, shared / f"System.map-small-{name}"),
        )
        for name in ("baseline", "wakeq")
    ]
    return KernelPlan(calls[0], calls[1], (1, 2))


@pytest.mark.deep
def test_real_kernels_with_any_number_of_processes_and_kept(real: KernelPlan, tmp_path: Path):
    found, store = [], Store(tmp_path)
    for jobs, kept in ((1, None), (2, store), (1, store)):
        with Runner.local(jobs, kept) as runner:
            found.append(compare_kernels(real, runner))
    assert (runner.tally.kept, runner.tally.done) == (4, 0)
    assert repr(found[1]) == repr(found[2])
    digests = [[run.measured.digest for side in (each.a, each.b) for run in side.runs] for each in found if each is not None]
    assert digests[0] == digests[1] == digests[2]
    one = found[0]
    assert one is not None
    row = max(one.locks, key=lambda each: each.wakeups_moved)
    assert row.function == "do_msgsnd"
    assert row.a is not None
    assert row.b is not None
    assert row.a.wakeups > 0
    assert row.b.wakeups == 0
    assert row.b.hold_cycles < row.a.hold_cycles


@pytest.mark.deep
def test_a_mark_that_never_comes_names_the_kernel(real: KernelPlan):
    late = replace(real.a.region, stop=parse_mark("--to", "text:never"), max_instructions=100_000)
    with pytest.raises(CheckFailed, match="bzImage-small-baseline, seed 1: --to text:never did not come"):
        compare_kernels(replace(real, a=replace(real.a, region=late)), Runner.local())
