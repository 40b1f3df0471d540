"""Fetch Debian's stock cloud kernel for tests and benchmarks: `make kernel`.

It is fetched by apt and checked against what apt knows of it, needs no root, and lies under the cache folder of the user:
vmlinuz as packaged, the vmlinux packed in it, and System.map.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import read_kernel
from emu.errors import EmuError

METAPACKAGE = "linux-image-cloud-amd64"
TOOLS = ("apt-cache", "apt-get", "dpkg-deb")
NO_KERNEL = "no stock kernel: `make kernel` fetches it"
SECONDS_MAX = 600
_DEPENDS = re.compile(r"Depends: (linux-image-[\w.+-]+)")
_URI = re.compile(r"^'(?P<uri>[^']*)' (?P<name>\S+) (?P<size>\d+) SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)


class CannotFetch(Exception):
    """Occurs when the kernel cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class StockKernel:
    """Where its files are."""

    folder: Path

    @property
    def vmlinuz(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def vmlinux(self) -> Path:
        return self.folder / "vmlinux"

    @property
    def system_map(self) -> Path:
        return self.folder / "System.map"


def fetched() -> StockKernel | None:
    """The kernel that `make kernel` fetched last, None if it never did."""
    latest = _cache() / "latest"
    return StockKernel(latest.resolve()) if latest.is_dir() else None


def fetch() -> StockKernel:
    """Have the newest kernel that apt knows; one that is there already is not fetched again."""
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        raise CannotFetch(f"{missing[0]} is missing: the stock kernel comes from Debian by apt; tests that need it are skipped")
    package = _DEPENDS.search(_output("apt-cache", "depends", "--important", METAPACKAGE))
    if package is None:
        raise CannotFetch(
            f"apt knows no {METAPACKAGE}: it is Debian's, and `apt-get update` (as root) fetches the lists of packages"
        )
    described = _URI.search(_output("apt-get", "download", "--print-uris", package.group(1)))
    if described is None:
        raise CannotFetch(f"apt knows no place and SHA256 of {package.group(1)}: try `apt-get update` (as root)")
    kernel = StockKernel(_cache() / described["name"].removesuffix(".deb"))
    if not kernel.folder.is_dir():
        _cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=_cache()) as scratch:
            unpacked = _unpack(_download(package.group(1), described["sha256"], Path(scratch)), Path(scratch))
            unpacked.replace(kernel.folder)
    link = _cache() / f".latest-{os.getpid()}"
    link.symlink_to(kernel.folder.name)
    link.replace(_cache() / "latest")
    return kernel


def _download(package: str, sha256: str, folder: Path) -> Path:
    """The package as a file that is what apt's signed lists say."""
    _output("apt-get", "download", package, folder=folder)
    (path,) = folder.glob("*.deb")
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    if got != sha256:
        raise CannotFetch(f"{path.name} has SHA256 {got}, and apt says {sha256}: not used")
    return path


def _unpack(package: Path, scratch: Path) -> Path:
    """A folder with the three files."""
    folder = scratch / "kernel"
    folder.mkdir()
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            for name in ("vmlinuz", "System.map"):
                if member.name.startswith(f"./boot/{name}-") and (content := archive.extractfile(member)) is not None:
                    (folder / name).write_bytes(content.read())
    kernel = read_kernel(folder / "vmlinuz")
    if not isinstance(kernel, BzImage):
        raise CannotFetch(f"{package.name}: its vmlinuz is no bzImage")
    (folder / "vmlinux").write_bytes(kernel.vmlinux())
    return folder


def _cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "emu" / "kernels" / "debian-cloud"


def _output(*command: str, folder: Path | None = None) -> str:
    """What a tool prints, in English."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        raise CannotFetch(f"{command[0]} took more than {SECONDS_MAX} seconds: is the network there?") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise CannotFetch(f"`{' '.join(command)}` failed: {lines[0] if lines else done.stderr.strip()[:200]}")
    return done.stdout


def main() -> int:
    try:
        kernel = fetch()
    except (CannotFetch, EmuError, OSError, tarfile.TarError) as reason:
        print(f"make kernel: {reason}", file=sys.stderr)
        return 1
    print(kernel.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
