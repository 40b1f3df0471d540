"""PROGRAM of the command line: what it is, and how the guest runs it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emu.boot import cpio
from emu.elf.elf_file import EXECUTABLE, MAGIC, SHARED, Elf
from emu.elf.kernel_file import KERNEL_HALF, map_file
from emu.errors import UserError

PROGRAM_FOLDER = "bin"
BUSYBOX = f"{PROGRAM_FOLDER}/busybox"
SHELLS = ("sh", "ash")  # what busybox is by these names
INTERPRETER_LINE_BYTES = 256  # BINPRM_BUF_SIZE of the kernel
_APPLETS = re.compile(rb"\0\[\0\[\[\0((?:[\w.+-]+\0)+)\0")  # busybox's table of its own names


@dataclass(frozen=True, slots=True)
class Program:
    """What process 1 runs, and the files that it needs beside those that the user names."""

    path: str
    arguments: tuple[str, ...]
    files: tuple[cpio.Entry, ...]


def read_program(path: Path, arguments: Sequence[str], *, busybox: Path | None, given: frozenset[str]) -> Program:
    """A static ELF file, or a script with its interpreter; `given` are the guest's paths of other files. Else a `UserError`."""
    what = f"program {path}"
    content = map_file(path, what)[:]
    guest = f"/{PROGRAM_FOLDER}/{path.name}"
    files = [cpio.file(guest[1:], content, executable=True)]
    if busybox is not None:
        files += _busybox(busybox, taken={guest, *given})
    available = given | {f"/{each.path}" for each in files}
    if content.startswith(MAGIC):
        _check_elf(content, what, available)
        return Program(guest, (guest, *arguments), tuple(files))
    if content.startswith(b"#!"):
        before = _interpreter(content, what, available)
        return Program(before[0], (*before, guest, *arguments), tuple(files))
    raise UserError(f"{what}: neither an ELF file nor a script that begins with #!, so no kernel could run it")


def _check_elf(content: bytes, what: str, available: frozenset[str]) -> None:
    elf = Elf(content, what)
    if elf.kind not in (EXECUTABLE, SHARED) or not elf.loads:
        raise UserError(f"{what}: an object file, not a program: link it, statically")
    if any(load.virtual >= KERNEL_HALF for load in elf.loads):
        raise UserError(f"{what}: a kernel, not a program: it goes first, emu boot KERNEL -- PROGRAM")
    if elf.interpreter is not None and elf.interpreter not in available:
        hint = f"link it with -static, or give {elf.interpreter} and its libraries by --file HOST:GUEST"
        raise UserError(f"{what}: a dynamic ELF file, and the guest has no libraries: {hint}")


def _interpreter(content: bytes, what: str, available: frozenset[str]) -> list[str]:
    """What stands in front of a script's name when it is run: its interpreter and, if there is one, that one's argument."""
    line = content[2:INTERPRETER_LINE_BYTES].split(b"\n", 1)[0].decode(errors="replace")
    words = line.split(maxsplit=1)
    if not words:
        raise UserError(f"{what}: its first line names no interpreter behind #!")
    wanted = [words[0], *(word.strip() for word in words[1:])]
    name = Path(wanted[0]).name
    if name == "env" and len(wanted) == 2 and wanted[0] not in available:
        name, wanted = Path(wanted[1]).name, wanted[1:]
    if wanted[0] in available:
        return wanted
    if f"/{BUSYBOX}" in available and name in SHELLS:
        return [f"/{BUSYBOX}", "sh", *wanted[1:]]
    if name in SHELLS:
        raise UserError(f"{what}: a script, and the guest has no shell: name a static busybox by --busybox FILE")
    raise UserError(f"{what}: a script for {wanted[0]}, which the guest has not: write it for #!/bin/sh, or give that by --file")


def _busybox(path: Path, taken: set[str]) -> list[cpio.Entry]:
    """The file and links of all its names to it; a name at which the guest has something else already has no link."""
    what = f"busybox {path}"
    content = map_file(path, what)[:]
    if not content.startswith(MAGIC):
        raise UserError(f"{what}: not an ELF file: name a static busybox (Debian: package busybox-static)")
    _check_elf(content, what, frozenset())
    table = _APPLETS.search(content)
    if table is None:
        raise UserError(f"{what}: no table of busybox's commands in it: name a static busybox (Debian: package busybox-static)")
    names = {"[", "[[", *table.group(1).decode().split("\0")} - {"", "busybox"}
    links = [cpio.link(f"{PROGRAM_FOLDER}/{name}", "busybox") for name in sorted(names) if f"/{PROGRAM_FOLDER}/{name}" not in taken]
    return [cpio.file(BUSYBOX, content, executable=True), *links]
