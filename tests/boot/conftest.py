"""The small kernel of the shared test data, unpacked once; the tests that need it skip where it is not there."""

from pathlib import Path

import pytest

from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import read_kernel


@pytest.fixture(scope="session")
def vmlinux(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it is linked: a fifth of the instructions of the bzImage, whose own code unpacks it."""
    kernel = read_kernel(shared / "bzImage-small-wakeq")
    assert isinstance(kernel, BzImage)
    path = tmp_path_factory.mktemp("kernel") / "vmlinux"
    path.write_bytes(kernel.vmlinux())
    return path
