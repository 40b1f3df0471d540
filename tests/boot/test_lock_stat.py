"""The guest's own books of its locks, beside ours: a kernel with CONFIG_LOCK_STAT counts every acquisition of every class.

Such a kernel is built outside of this project; EMU_LOCK_STAT_KERNEL names its vmlinux.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.boot.boot_programs import ROUNDS, write_program
from emu.boot.guest_files import parse_file
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import WORK_END, DetailRun, RegionSpec, run_detail
from emu.subjects.kernel.lock_names import NamedLock
from emu.subjects.kernel.result import DetailResult

SOURCE = Path(__file__).parents[1] / "bench" / "boot" / "programs" / "lock_stat.c"
ROUND_TRIPS = 1000
ROW = re.compile(r"^\s*(\S.*?):\s+\d+\s+(\d+)(?:\s+[\d.]+){4}\s+\d+\s+(\d+)\s")
# A class of the guest's, our kind of it, and a place at which its locks are taken. Lockdep counts the hand-over of the run queue's
# lock in each context switch (prepare_lock_switch and finish_lock_switch, kernel/sched/core.c) as one acquisition more.
CLASSES = (
    ("&new->lock", "spinlock", "do_msgsnd", 0), ("&p->pi_lock", "spinlock", "do_task_dead", 0),
    ("&rq->__lock", "spinlock", "__schedule", 1),
    ("tasklist_lock-W", "rwlock:W", "copy_process", 0), ("tasklist_lock-R", "rwlock:R", "do_wait", 0),
    ("binfmt_lock-R", "rwlock:R", "bprm_execve", 0),
    ("&mm->mmap_lock-R", "rwsem:R", "lock_mm_and_find_vma", 0), ("&anon_vma->rwsem", "rwsem:W", "anon_vma_clone", 0),
    ("&mapping->i_mmap_rwsem", "rwsem:W", "unlink_file_vma", 0), ("&ids->rwsem", "rwsem:W", "ipcget", 0),
    ("&tty->termios_rwsem-R", "rwsem:R", "n_tty_write", 0), ("&ldata->output_lock", "mutex", "n_tty_write", 0),
    ("&tty->ldisc_sem-R", "ld-sem:R", "tty_ldisc_ref_wait", 0),
    ("&tsk->futex_exit_mutex", "mutex", "futex_exit_release", 0), ("&child->perf_event_mutex", "mutex", "perf_event_exit_task", 0),
)  # fmt: skip


def run_twice(folder: Path, file: Path, *arguments: str) -> tuple[DetailRun, DetailRun]:
    """What a program does, as one region twice: to its end, and on until the guest has printed its books."""
    kernel, compiler = os.environ.get("EMU_LOCK_STAT_KERNEL"), shutil.which("cc")
    if kernel is None or compiler is None:
        pytest.skip("no kernel with CONFIG_LOCK_STAT (EMU_LOCK_STAT_KERNEL=vmlinux), or no cc")
    program = folder / "lock_stat"
    subprocess.run([compiler, "-O1", "-static", "-o", program, SOURCE], check=True)
    spec = BootSpec(
        kernel=Path(kernel),
        cpus=2,
        program=program,
        arguments=("/program", *arguments),
        files=(parse_file(f"{file}:/program"),),
    )
    begin = parse_mark("--from", "work_begin")
    machine = load_machine(spec.machine)
    return tuple(run_detail(spec, RegionSpec(begin, stop), machine, Watchers()) for stop in (WORK_END, None))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def runs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DetailRun, DetailRun]:
    return run_twice(tmp_path_factory.mktemp("messages"), shared / "pmsg", "1", str(ROUND_TRIPS), "cross")


@pytest.fixture(scope="module")
def contended(tmp_path_factory: pytest.TempPathFactory) -> tuple[DetailRun, DetailRun]:
    folder = tmp_path_factory.mktemp("locks")
    return run_twice(folder, write_program("takes_locks", folder))


def find(detail: DetailResult, kind: str, function: str) -> NamedLock:
    return next(lock for lock in detail.locks if lock.kind == kind and any(at.site.startswith(f"{function}+") for at in lock.sites))


def books(console: bytes) -> dict[str, tuple[int, int]]:
    """Acquisitions and contentions, by class."""
    rows = (ROW.match(line) for line in console.decode(errors="replace").splitlines())
    return {row[1].strip(): (int(row[3]), int(row[2])) for row in rows if row}


@pytest.mark.deep
@pytest.mark.parametrize(("name", "kind", "function", "a_switch"), CLASSES)
def test_acquisitions_are_those_of_the_guests_own_books(
    name: str, kind: str, function: str, a_switch: int, runs: tuple[DetailRun, DetailRun]
) -> None:
    region, printed = runs
    assert region.detail is not None
    lock = find(region.detail, kind, function)
    switches = a_switch * sum(place.use.acquisitions for place in lock.sites if place.site.startswith("__schedule+"))
    acquisitions, contentions = books(printed.boot.console)[name]
    assert (lock.use.acquisitions + switches, lock.use.contended) == (acquisitions, contentions)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "kind", "function"),
    [
        ("&mm->mmap_lock-W", "rwsem:W", "vm_mmap_pgoff")
    ],  # tasklist_lock and the pipe's mutex are taken behind the program's mark, too
)
def test_waits_are_those_of_the_guests_own_books(
    name: str, kind: str, function: str, contended: tuple[DetailRun, DetailRun]
) -> None:
    region, printed = contended
    assert region.detail is not None
    use = find(region.detail, kind, function).use
    assert (use.acquisitions, use.contended) == books(printed.boot.console)[name]
    assert use.contended > ROUNDS
