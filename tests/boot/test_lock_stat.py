"""The guest's own books of its locks, beside ours: a kernel with CONFIG_LOCK_STAT counts every acquisition of every class.

Such a kernel is built outside of this project; EMU_LOCK_STAT_KERNEL names its vmlinux.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emu.boot.guest_files import parse_file
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import WORK_END, DetailRun, RegionSpec, run_detail

SOURCE = Path(__file__).parents[1] / "bench" / "boot" / "programs" / "lock_stat.c"
ROUND_TRIPS = 1000
ROW = re.compile(r"^\s*(\S.*?):\s+\d+\s+(\d+)(?:\s+[\d.]+){4}\s+\d+\s+(\d+)\s")
# A class of the guest's, and a place at which its locks are taken. Lockdep counts the hand-over of the run queue's lock in each
# context switch (prepare_lock_switch and finish_lock_switch, kernel/sched/core.c) as one acquisition more.
CLASSES = (("&new->lock", "do_msgsnd", 0), ("&p->pi_lock", "do_task_dead", 0), ("&rq->__lock", "__schedule", 1))


@pytest.fixture(scope="module")
def runs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DetailRun, DetailRun]:
    """The same region twice: to its end, and on until the guest has printed its books."""
    kernel, compiler = os.environ.get("EMU_LOCK_STAT_KERNEL"), shutil.which("cc")
    if kernel is None or compiler is None:
        pytest.skip("no kernel with CONFIG_LOCK_STAT (EMU_LOCK_STAT_KERNEL=vmlinux), or no cc")
    program = tmp_path_factory.mktemp("program") / "lock_stat"
    subprocess.run([compiler, "-O1", "-static", "-o", program, SOURCE], check=True)
    spec = BootSpec(
        kernel=Path(kernel),
        cpus=2,
        program=program,
        arguments=("/pmsg", "1", str(ROUND_TRIPS), "cross"),
        files=(parse_file(f"{shared / 'pmsg'}:/pmsg"),),
    )
    begin = parse_mark("--from", "work_begin")
    machine = load_machine(spec.machine)
    return tuple(run_detail(spec, RegionSpec(begin, stop), machine, Watchers()) for stop in (WORK_END, None))  # type: ignore[return-value]


def books(console: bytes) -> dict[str, tuple[int, int]]:
    """Acquisitions and contentions, by class."""
    rows = (ROW.match(line) for line in console.decode(errors="replace").splitlines())
    return {row[1].strip(): (int(row[3]), int(row[2])) for row in rows if row}


@pytest.mark.deep
@pytest.mark.parametrize(("name", "site", "a_switch"), CLASSES)
def test_acquisitions_are_those_of_the_guests_own_books(
    name: str, site: str, a_switch: int, runs: tuple[DetailRun, DetailRun]
) -> None:
    region, printed = runs
    assert region.detail is not None
    lock = next(each for each in region.detail.locks if any(place.site.startswith(f"{site}+") for place in each.sites))
    switches = a_switch * sum(place.use.acquisitions for place in lock.sites if place.site.startswith("__schedule+"))
    acquisitions, contentions = books(printed.boot.console)[name]
    assert (lock.use.acquisitions + switches, lock.use.contended) == (acquisitions, contentions)
