"""The guest's own books beside ours: /proc/stat, /proc/interrupts and /proc/schedstat before and behind a region."""

from pathlib import Path

import pytest

from bench.boot.books import AT_THE_ENDS, check_counts, look, spec_around
from bench.boot.boot_programs import write_program
from emu.boot.full.recorder import IDLE_NAME

USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ = range(7)  # columns of a CPU in /proc/stat: fs/proc/stat.c
TICK_SECONDS = 0.01  # its unit, and CONFIG_HZ of these kernels
GO_IDLE, WOKEN, RUN_NS, DELAY_NS, ARRIVALS = 3, 4, 6, 7, 8  # of a CPU in /proc/schedstat: Documentation/scheduler/sched-stats.rst


@pytest.fixture(scope="module", autouse=True)
def cache(boots_apart: None) -> None:
    """Both runs of a region begin from one boot."""


@pytest.mark.deep
def test_ticks_fall_into_the_states_of_the_cycles(vmlinux: Path, shared: Path, tmp_path: Path) -> None:
    """A tick accounts for all of the time since the one before; idle time is measured, in whole ticks."""
    spec = spec_around(vmlinux, tmp_path, write_program("spin_and_sleep", tmp_path))
    region = look(spec, shared / "System.map-small-wakeq")
    measured = region.ours.measured
    for ticks, core in zip(region.guests.ticks, measured.cycles_by_core, strict=True):
        seconds = {state: cycles / measured.hertz for state, cycles in core.items()}
        busy = sum(seconds[state] for state in ("kernel", "scheduler", "interrupt", "lock_wait"))
        assert ticks[USER] + ticks[NICE] == pytest.approx(seconds["user"] / TICK_SECONDS, abs=1)
        assert ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ] == pytest.approx(busy / TICK_SECONDS, abs=1)
        assert ticks[IDLE] + ticks[IOWAIT] == pytest.approx(seconds["idle"] / TICK_SECONDS, abs=2)
    check_counts(region)
    assert sum(ticks[USER] for ticks in region.guests.ticks) >= 2


@pytest.mark.deep
def test_the_schedulers_statistics_are_ours(shared: Path, tmp_path: Path) -> None:
    spec = spec_around(shared / "bzImage-rich-wakeq", tmp_path, shared / "pmsg", "2", "200", "cross", append="schedstats=enable")
    region = look(spec, shared / "System.map-rich-wakeq")
    ours, guests = region.ours, region.guests.scheduler
    idle = [task for task in ours.tasks if task.comm.startswith(IDLE_NAME)]
    tasks = [task for task in ours.tasks if task not in idle]
    assert 0 <= guests[ARRIVALS] - sum(task.switches for task in tasks) <= AT_THE_ENDS
    assert 0 <= guests[GO_IDLE] - sum(task.switches for task in idle) <= AT_THE_ENDS
    assert guests[WOKEN] <= ours.wakeups <= 1.05 * guests[WOKEN]  # who runs already is not woken
    check_counts(region)
    nanosecond = ours.measured.hertz / 1e9
    ran, waited = (sum(getattr(task, figure) for task in tasks) / nanosecond for figure in ("run_cycles", "queue_wait_cycles"))
    assert ran <= guests[RUN_NS] <= 1.05 * ran
    assert guests[DELAY_NS] <= waited <= guests[DELAY_NS] + 3000 / nanosecond * ours.wakeups
