"""Boots to their first user instruction, kept by the content of everything that they depend on; bounded, oldest use out first."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from emu import compiled
from emu.boot import snapshot
from emu.boot.build import Inputs
from emu.boot.session import Session
from emu.boot.snapshot import Shape
from emu.boot.spec import BootSpec
from emu.elf.bzimage import BzImage
from emu.errors import UserError

BYTES_MAX = 2 << 30
FILES_MAX = 32
SOURCES = ("native.py", "boot/*.py", "boot/*/*.py")  # whose change makes another machine
CPUID_LEAVES = (*range(0x20), *range(0x80000000, 0x80000020))


def shape_of(spec: BootSpec, inputs: Inputs) -> Shape:
    """The machine and the boot, named by content."""
    digest = hashlib.sha256()
    kernel = inputs.kernel
    if isinstance(kernel, BzImage):
        digest.update(kernel.header + kernel.code)
    else:
        digest.update(repr((kernel.entry, [(load.physical, load.size_bytes) for load in kernel.loads])).encode())
        for load in kernel.loads:
            digest.update(load.data)
    digest.update(hashlib.sha256(inputs.initrd).digest())
    cpuid = [inputs.identity.answer(core, leaf, 0) for core in range(spec.cpus) for leaf in CPUID_LEAVES]
    digest.update(json.dumps([spec.command_line, spec.quantum, spec.seed, cpuid]).encode())
    return Shape(spec.cpus, spec.memory_mib, digest.hexdigest())


class BootCache:
    """A folder of snapshots; a disk that cannot keep one costs the next boot time, and this one nothing."""

    def __init__(self, shape: Shape) -> None:
        """Where the boot is, or would be."""
        code = compiled.digest(SOURCES)
        name = hashlib.sha256(f"{shape} {code} {snapshot.MAGIC!r}".encode()).hexdigest()[:32]
        self.path = compiled.home() / "emu" / "boots" / f"{name}.snapshot"
        self._shape = shape

    def load(self, session: Session, fits: Callable[[int, str], bool]) -> bool:
        """Make the session's machine what was kept, if it was and `fits` (instructions, console); a damaged one is dropped."""
        try:
            with self.path.open("rb") as file:
                header = snapshot.read_header(file, str(self.path))
                if not fits(header["user_at"], header["console"]):
                    return False
                snapshot.restore(file, header, session, str(self.path))
            os.utime(self.path)
        except (OSError, UserError):
            with suppress(OSError):
                self.path.unlink()
            return False
        return True

    def keep(self, session: Session) -> None:
        """Write what the session's machine is now, and make room for it."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part: IO[bytes]
            with tempfile.NamedTemporaryFile(dir=self.path.parent, suffix=".part", delete=False) as part:
                try:
                    snapshot.write(part, session, self._shape)
                    Path(part.name).replace(self.path)
                except BaseException:
                    Path(part.name).unlink()
                    raise
            self._make_room()
        except OSError:
            pass

    def _make_room(self) -> None:
        """Drop what was not used for longest, and what a killed run left."""
        files = sorted(self.path.parent.iterdir(), key=lambda path: -path.stat().st_mtime_ns)
        total = 0
        for number, path in enumerate(files):
            total += path.stat().st_size
            if number >= FILES_MAX or total > BYTES_MAX:
                path.unlink()
