"""KERNEL of the command line: a vmlinux, a bzImage as in /boot, or a kernel tree, of which the newest build is meant."""

import mmap
import stat
from dataclasses import dataclass
from pathlib import Path

from emu.elf.bzimage import BzImage, is_bzimage, read_bzimage
from emu.elf.elf_file import EXECUTABLE, MAGIC, RELOCATABLE, SHARED, Elf, Load
from emu.elf.payload import kind_of
from emu.errors import UserError

KERNEL_HALF = 1 << 63  # addresses from here on are the kernel's
BUILDS = ("vmlinux", "arch/x86/boot/bzImage", "arch/x86_64/boot/bzImage")  # below a kernel tree or a folder of O=
ARM64_MAGIC_AT, ARM64_MAGIC = 0x38, b"ARM\x64"  # Documentation/arch/arm64/booting.rst


@dataclass(frozen=True, slots=True)
class Vmlinux:
    """A kernel as it is linked: what goes where in physical memory, and where it begins there."""

    path: Path
    entry: int
    loads: tuple[Load, ...]


def read_kernel(path: Path) -> Vmlinux | BzImage:
    """What `path` is, whole and for this machine; a `UserError` says in one line what it is instead."""
    path = newest_build(path) if path.is_dir() else path
    content = map_file(path, f"kernel {path}")
    if content[: len(MAGIC)] == MAGIC:
        return read_vmlinux(path, content)
    if is_bzimage(content[:1024]):
        return read_bzimage(path, content[:])
    raise UserError(f"kernel {path}: {_what_it_is(content)}; name a vmlinux, a bzImage as in /boot, or a kernel tree")


def read_vmlinux(path: Path, content: bytes | mmap.mmap) -> Vmlinux:
    """The kernel in an ELF file, or in what a bzImage has packed."""
    elf = Elf(content, f"kernel {path}")
    if elf.kind == RELOCATABLE:
        raise UserError(f"kernel {path}: an object file or a module, not a kernel; name the vmlinux that is linked from it")
    if elf.kind not in (EXECUTABLE, SHARED) or not elf.loads:
        raise UserError(f"kernel {path}: an ELF file without a program in it; name a vmlinux")
    if not any(load.virtual >= KERNEL_HALF for load in elf.loads):
        raise UserError(f"kernel {path}: a user program, not a kernel; it goes behind the kernel: emu boot KERNEL -- {path}")
    if not any(load.physical <= elf.entry < load.end for load in elf.loads):
        raise UserError(
            f"kernel {path}: its entry {elf.entry:#x} is in none of its segments; is it linked by the kernel's own build?"
        )
    return Vmlinux(path, elf.entry, elf.loads)


def newest_build(tree: Path) -> Path:
    """The kernel that was built last in a kernel tree."""
    built = [path for name in BUILDS if (path := tree / name).is_file()]
    if not built:
        hint = "make it first, or name the folder of O=" if (tree / "Kbuild").exists() else "it is no kernel tree"
        raise UserError(f"kernel {tree}: a directory with neither vmlinux nor arch/x86/boot/bzImage in it: {hint}")
    return max(built, key=lambda path: path.stat().st_mtime_ns)


def map_file(path: Path, what: str) -> mmap.mmap:
    """A file's bytes without reading them all: a vmlinux with debugging information has a gigabyte."""
    try:
        with path.open("rb") as file:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise UserError(f"{what}: not a regular file; copy it into one")
            if status.st_size == 0:
                raise UserError(f"{what}: an empty file")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UserError(f"{what}: cannot be read: {error.strerror or error}") from None


def _what_it_is(content: mmap.mmap) -> str:
    if content[ARM64_MAGIC_AT : ARM64_MAGIC_AT + 4] == ARM64_MAGIC:
        return "a kernel of another architecture (arm64), and emu runs x86-64 alone"
    if (kind := kind_of(content[:16])) is not None:
        return f"not a kernel but a {kind} file (unpack it first?)"
    return "not a kernel"
