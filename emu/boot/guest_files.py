"""Files of the user's for the guest: `HOST[:GUEST]` of the command line as entries of the initramfs."""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emu.boot import cpio
from emu.errors import UserError

FILES_BYTES_MAX = 2 << 30  # all of them lie in the guest's memory, twice while they are unpacked
OURS = ("init", "proc", "sys", "dev")  # names in the root that the initramfs has itself


@dataclass(frozen=True, slots=True)
class GuestFile:
    """A file or a directory of this host, and the absolute path that it has in the guest."""

    host: Path
    guest: PurePosixPath


def parse_file(text: str) -> GuestFile:
    """`HOST` comes to lie in the guest's root; `HOST:GUEST` at GUEST, or below it if that ends with a slash."""
    host, colon, guest = text.partition(":")
    if not host or (colon and not guest.startswith("/")):
        raise UserError(f"--file must be HOST or HOST:GUEST, GUEST with a leading slash, not {text!r}")
    place = PurePosixPath("/", guest) if guest else PurePosixPath("/")
    if not guest or guest.endswith("/"):
        place /= Path(host).resolve().name
    if ".." in place.parts or place == PurePosixPath("/") or "\0" in guest:
        raise UserError(f"--file {text}: {place} is no place for a file in the guest")
    if place.parts[1] in OURS[1:] or place == PurePosixPath("/init"):
        raise UserError(f"--file {text}: /{place.parts[1]} in the guest is emu's; name another place, or an --initrd of your own")
    return GuestFile(Path(host), place)


def entries(files: Iterable[GuestFile]) -> Iterator[cpio.Entry]:
    """The entries of files, and of directories with everything in them, without the directories that they lie in."""
    room = FILES_BYTES_MAX
    for each in files:
        for entry in _tree(each.host, each.guest):
            room -= len(entry.data)
            if room < 0:
                raise UserError(f"--file {each.host}: more than {FILES_BYTES_MAX >> 30} GiB of files for the guest")
            yield entry


def with_folders(given: Iterable[cpio.Entry]) -> list[cpio.Entry]:
    """Entries by path, each directory in front of what lies in it; two at one path are a `UserError`."""
    found: dict[str, cpio.Entry] = {}
    for each in given:
        other = found.get(each.path)
        if other is not None and not stat.S_ISDIR(each.mode) | stat.S_ISDIR(other.mode):
            raise UserError(f"two files for /{each.path} in the guest: name another place for one, --file HOST:GUEST")
        found[each.path] = each
    for path in list(found):
        for parent in list(PurePosixPath(path).parents)[:-1]:
            above = found.setdefault(str(parent), cpio.folder(str(parent)))
            if not stat.S_ISDIR(above.mode):
                raise UserError(f"/{path} in the guest would lie in /{parent}, which is a file: name another place for one")
    return [found[path] for path in sorted(found, key=lambda path: PurePosixPath(path).parts)]


def _tree(host: Path, guest: PurePosixPath) -> Iterator[cpio.Entry]:
    path = str(guest.relative_to("/"))
    try:
        status = host.stat()
        if stat.S_ISREG(status.st_mode):
            if status.st_size > FILES_BYTES_MAX:
                raise UserError(f"--file {host}: more than {FILES_BYTES_MAX >> 30} GiB for the guest")
            yield cpio.file(path, host.read_bytes(), executable=bool(status.st_mode & 0o111))
        elif stat.S_ISDIR(status.st_mode):
            yield cpio.folder(path)
            for inside in sorted(host.iterdir()):
                if inside.is_symlink():
                    yield cpio.link(f"{path}/{inside.name}", str(inside.readlink()))
                else:
                    yield from _tree(inside, guest / inside.name)
        else:
            raise UserError(f"--file {host}: neither a file nor a directory")
    except OSError as error:
        raise UserError(f"--file {host}: cannot be read: {error.strerror or error}") from None
