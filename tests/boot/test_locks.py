"""Locks of a real kernel, beside what a program of ours makes it do: how often each is taken from where is known beforehand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.boot.boot_programs import ROUNDS, write_program
from emu.boot.full.lock_routine import READERS
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import WORK_END, RegionSpec, run_detail
from emu.subjects.kernel.lock_names import NamedLock
from emu.subjects.kernel.result import DetailResult

ONCE = {"copy_process", "do_exit", "release_task"}  # of the thread that begins and ends
EACH = 2 * ROUNDS  # times that the two threads make each system call
# The functions that take a lock for those system calls, by the kind of the lock.
TAKEN = [
    ("mutex", {"pipe_write", "pipe_read"}),
    ("rwsem:W", {"vm_mmap_pgoff", "__vm_munmap"}),
    ("rwlock:R", {"__x64_sys_getpriority"}),
    ("rwlock:W", {"__x64_sys_setpgid"}),
]


@pytest.fixture(scope="module")
def run(vmlinux: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], DetailResult]]:
    """The region between the marks of a program, on two cores."""

    def run(name: str) -> DetailResult:
        spec = BootSpec(kernel=vmlinux, cpus=2, program=write_program(name, tmp_path_factory.mktemp("program")))
        region = RegionSpec(parse_mark("--from", "work_begin"), WORK_END, symbols=shared / "System.map-small-wakeq")
        found = run_detail(spec, region, load_machine(spec.machine), Watchers())
        assert found.detail is not None, found.boot.ended
        return found.detail

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield run


@pytest.fixture(scope="module")
def detail(run: Callable[[str], DetailResult]) -> DetailResult:
    return run("takes_locks")


def takers(lock: NamedLock) -> dict[str, int]:
    return {site.site.partition("+")[0]: site.use.acquisitions for site in lock.sites}


def taken_by(detail: DetailResult, kind: str, functions: set[str]) -> NamedLock:
    return next(lock for lock in detail.locks if lock.kind == kind and functions <= takers(lock).keys())


@pytest.mark.parametrize(("kind", "functions"), TAKEN)
def test_each_system_call_takes_its_lock_once(kind: str, functions: set[str], detail: DetailResult) -> None:
    found = takers(taken_by(detail, kind, functions))
    assert {function: found[function] for function in functions} == dict.fromkeys(functions, EACH)
    assert found.keys() - functions <= ONCE


@pytest.mark.parametrize(("kind", "functions"), TAKEN)
def test_every_hold_ends_and_those_of_one_task_at_a_time_do_not_overlap(
    kind: str, functions: set[str], detail: DetailResult
) -> None:
    lock = taken_by(detail, kind, functions)
    assert sum(lock.hold_histogram) == lock.use.acquisitions
    assert 0 < lock.use.hold_cycles < detail.measured.cycles * (2 if kind.endswith(READERS) else 1)
    assert 0 < lock.use.hold_cycles_min <= lock.use.hold_cycles_mean <= lock.use.hold_cycles_max


@pytest.mark.parametrize(("kind", "functions"), TAKEN[:2])
def test_who_waits_finds_somebody_who_holds_it(kind: str, functions: set[str], detail: DetailResult) -> None:
    lock = taken_by(detail, kind, functions)
    assert 0 < lock.use.contended <= lock.use.acquisitions
    assert sum(lock.wait_histogram) == lock.use.contended
    assert lock.use.wait_cycles < 2 * detail.measured.cycles
    assert 0 < sum(owner.contended for owner in lock.owners) <= lock.use.contended
    assert {owner.site.partition("+")[0] for owner in lock.owners} <= functions
    assert {owner.task for owner in lock.owners} == {"takes_locks"}


def test_sums_of_the_places_are_those_of_the_lock(detail: DetailResult) -> None:
    for lock in detail.locks:
        for figure in ("acquisitions", "contended", "wait_cycles", "hold_cycles", "spin_iterations"):
            assert sum(getattr(site.use, figure) for site in lock.sites) == getattr(lock.use, figure)


def test_readers_wait_for_the_writer_of_a_seqcount(run: Callable[[str], DetailResult]) -> None:
    """`rename_lock` is a number and a spin lock: getcwd waits while the number is odd, at most once in each of the renames."""
    detail = run("renames")
    found = {lock.kind: lock for lock in detail.locks if lock.name.startswith("rename_lock")}
    assert takers(found["spinlock"])["d_move"] == EACH
    readers = found["seqcount"]
    assert takers(readers).keys() == {"prepend_path"}
    assert 0 < readers.use.contended == readers.use.acquisitions <= EACH
    assert readers.use.wait_cycles <= found["spinlock"].use.hold_cycles
    assert {lock.name for lock in detail.locks if lock.kind == "seqcount"} == {"rename_lock"}
    assert takers(taken_by(detail, "rwsem:W", {"do_renameat2"})) == {"do_renameat2": EACH, "lock_two_nondirectories": EACH}
