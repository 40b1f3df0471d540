"""The initramfs that emu makes where the user names none: our init, the program, files, the nodes of a few devices."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from emu.boot import cpio
from emu.boot.guest_files import GuestFile, entries, with_folders
from emu.boot.init_program import init_program
from emu.boot.program_file import read_program

FOLDERS = ("dev", "proc", "root", "sys", "tmp")
# Documentation/admin-guide/devices.txt of Linux: a kernel without devtmpfs has these all the same.
DEVICES = (
    cpio.character_device("dev/console", 5, 1, 0o600),
    cpio.character_device("dev/null", 1, 3, 0o666),
    cpio.character_device("dev/tty", 5, 0, 0o666),
    cpio.character_device("dev/ttyS0", 4, 64, 0o600),
    cpio.character_device("dev/urandom", 1, 9, 0o666),
    cpio.character_device("dev/zero", 1, 5, 0o666),
)


def make_initramfs(
    program: Path,
    arguments: Sequence[str] = (),
    *,
    files: Sequence[GuestFile] = (),
    environment: Mapping[str, str] | None = None,
    busybox: Path | None = None,
) -> bytes:
    """A cpio archive; the same files, arguments and environment give the same bytes."""
    given = list(entries(files))
    found = read_program(program, arguments, busybox=busybox, given=frozenset(f"/{each.path}" for each in given))
    init = cpio.file("init", init_program(found.path, found.arguments, environment or {}), executable=True)
    return cpio.archive(with_folders([*map(cpio.folder, FOLDERS), *DEVICES, init, *found.files, *given]))
