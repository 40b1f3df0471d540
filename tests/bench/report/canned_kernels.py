"""Two kernels compared, made by hand: the second takes half the time, and wakes nobody under the lock."""

from dataclasses import replace

from bench.report.canned_kernel import BY_CORE, LOCKS, MEASURED, places
from emu.compare.kernel_comparison import KernelComparison, compare_regions
from emu.subjects.kernel.result import DetailResult, detail_result

ITEMS = 1600


def region() -> DetailResult:
    """The region of `canned_kernel`."""
    return detail_result(MEASURED, places(), items=ITEMS)


def without_wakeups() -> DetailResult:
    """The same in half the time: the lock is held shorter, and nobody is woken under it."""
    sites = tuple(
        replace(site, wakeups=0, hold_cycles=site.hold_cycles // 3, contended=site.contended // 7) for site in LOCKS[0].sites
    )
    cycles = MEASURED.cycles // 2
    cores = tuple({**dict.fromkeys(core, 0), "kernel": cycles - 1000, "idle": 1000} for core in BY_CORE)
    states = {state: sum(core[state] for core in cores) for state in cores[0]}
    measured = replace(
        MEASURED, cycles=cycles, cycles_by_core=cores, cycles_by_state=states, locks=(replace(LOCKS[0], sites=sites), *LOCKS[1:])
    )
    return detail_result(measured, places(), items=ITEMS)


def compared(a: list[DetailResult], b: list[DetailResult]) -> KernelComparison:
    """As a user would have compared them."""
    return compare_regions(
        ("before", "after"), tuple(range(1, len(a) + 1)), a, b,
        kernels=("before/vmlinux", "after/vmlinux"), machine="a10-7800", program="pmsg --marks 4 400 cross",
        marks=("work_begin", "work_end"),
    )  # fmt: skip


COMPARISON = compared([region()] * 2, [without_wakeups()] * 2)
