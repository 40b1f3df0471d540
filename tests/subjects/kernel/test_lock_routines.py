"""Which functions of a kernel take and release locks: by name, as the compiler may have changed it, in real kernels too."""

from pathlib import Path

import pytest

from bench.elf.made_files import BOOT
from emu.boot.full.lock_routine import LockRoutine, Operation, may_share, word_kind
from emu.elf.symbols import read_system_map
from emu.engine.records import R_RELEASES, R_SPINS, R_TAKES, R_WAITS
from emu.subjects.kernel.lock_routines import lock_routine
from emu.subjects.kernel.roles import Roles

MAPS = sorted(BOOT.glob("System.map-*"))


@pytest.mark.parametrize(
    ("symbol", "kind", "operation", "code"),
    [
        ("mutex_lock", "mutex", Operation.TAKES, R_TAKES),
        ("mutex_lock.isra.0", "mutex", Operation.TAKES, R_TAKES),
        ("mutex_lock_killable", "mutex", Operation.TAKES_IF_ZERO, R_TAKES),
        ("down_read_trylock", "rwsem:R", Operation.TAKES_IF_NOT_ZERO, R_TAKES),
        ("downgrade_write", "rwsem:W", Operation.DOWNGRADES, R_RELEASES),
        ("up_write", "rwsem:W", Operation.RELEASES, R_RELEASES),
        ("_raw_write_lock_irq", "rwlock:W", Operation.TAKES, R_SPINS),
        ("rt_read_lock", "rwlock-rt:R", Operation.TAKES, R_TAKES),
        ("__rt_mutex_slowlock_locked.constprop.0", "", Operation.WAITS, R_WAITS),
        ("schedule", "", Operation.WAITS, R_WAITS),
    ],
)
def test_what_a_function_does_with_a_lock(symbol: str, kind: str, operation: Operation, code: int) -> None:
    found = lock_routine(symbol)
    assert found == LockRoutine(kind, operation)
    assert found.code == code


@pytest.mark.parametrize(
    "symbol", ["mutex_lock.cold", "mutex_lock_io", "__pfx_mutex_lock", "mutex", "_raw_spin_lock", "_raw_read_unlock"]
)
def test_what_does_nothing_that_is_followed(symbol: str) -> None:
    assert lock_routine(symbol) is None


@pytest.mark.parametrize(
    ("kind", "word", "shared"), [("rwsem:R", "rwsem", True), ("rwsem:W", "rwsem", False), ("semaphore", "semaphore", True)]
)
def test_kinds(kind: str, word: str, shared: bool) -> None:
    assert (word_kind(kind), may_share(kind)) == (word, shared)


@pytest.mark.parametrize("path", MAPS, ids=[path.name for path in MAPS])
def test_a_kernel_has_its_routines(path: Path) -> None:
    found = set(Roles(read_system_map(path)).lock_routines.values())
    kinds = {kind: {each.operation for each in found if each.kind == kind} for kind in {each.kind for each in found}}
    assert {"mutex", "rwsem:R", "rwsem:W", "pcpu-sem:W", "semaphore", "rt-mutex"} <= {
        kind for kind, operations in kinds.items() if Operation.TAKES in operations and Operation.RELEASES in operations
    }
    assert {Operation.TAKES, Operation.TAKES_IF_NOT_ZERO} <= kinds["rwlock:R"] & kinds["rwlock:W"]
    assert kinds[""] == {Operation.WAITS}
