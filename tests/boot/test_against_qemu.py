"""Signals, single steps, JITs, aliased code, function tracing, kprobes and CPUs that go off line: as under QEMU."""

from pathlib import Path

import debian_kernel
import pytest

from bench.boot.qemu import LAST_LINE, NO_QEMU, as_init, has_qemu, said, under_qemu
from emu.boot.run import Watchers, boot
from emu.boot.spec import BootSpec

STOCK = debian_kernel.fetched()
ANY_KERNEL = "SIGS=1 JIT=20 ALIAS=20 THREADS=2 EXECS=6 SHOW=0"
STOCK_ONLY = "FTRACE=1 HOTPLUG=1"  # what a small kernel has not
INSTRUCTIONS_MAX = 4_000_000_000


def compare(kernel: Path, initrd: Path, append: str, cpus: int, identity: str) -> None:
    spec = BootSpec(kernel=kernel, cpus=cpus, append=append, initrd=initrd, identity=identity, max_instructions=INSTRUCTIONS_MAX)
    ours = boot(spec, Watchers())
    theirs = under_qemu(kernel, initrd, append, cpus)
    assert LAST_LINE in theirs, theirs[-500:]
    assert said(ours.console) == said(theirs)
    assert ours.exit_code == 0


@pytest.mark.skipif(not has_qemu(), reason=NO_QEMU)
@pytest.mark.parametrize(("cpus", "identity"), [pytest.param(1, "machine", marks=pytest.mark.deep), (2, "generic")])
def test_a_small_kernel(shared: Path, tmp_path: Path, cpus: int, identity: str) -> None:
    initrd = as_init(shared / "init", tmp_path / "initrd")
    compare(shared / "bzImage-small-wakeq", initrd, f"acpi=off {ANY_KERNEL}", cpus, identity)


@pytest.mark.deep
@pytest.mark.skipif(not has_qemu(), reason=NO_QEMU)
@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_the_stock_kernel(shared: Path, tmp_path: Path) -> None:
    assert STOCK is not None
    initrd = as_init(shared / "init", tmp_path / "initrd")
    compare(STOCK.vmlinuz, initrd, f"{ANY_KERNEL} {STOCK_ONLY}", 2, "generic")
