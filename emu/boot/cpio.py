"""A cpio archive as the kernel unpacks it for its first root file system; the same entries give the same bytes.

Source: Documentation/driver-api/early-userspace/buffer-format.rst of Linux ("newc").
"""

import stat
from collections.abc import Iterable
from dataclasses import dataclass

ALIGNMENT = 4
ARCHIVE_ALIGNMENT = 512  # what cpio(1) fills up to
TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path without a leading slash, type and permissions as `stat` has them, bytes; a device's numbers."""

    path: str
    mode: int
    data: bytes = b""
    major: int = 0
    minor: int = 0


def folder(path: str) -> Entry:
    """A directory for everybody to look into."""
    return Entry(path, stat.S_IFDIR | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Entry:
    """A regular file."""
    return Entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)


def link(path: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def character_device(path: str, major: int, minor: int, permissions: int) -> Entry:
    """A device's node."""
    return Entry(path, stat.S_IFCHR | permissions, b"", major, minor)


def archive(entries: Iterable[Entry]) -> bytes:
    """Entries in their order, a directory before what lies in it. Owner is root, the time 1970, serial numbers count up."""
    parts = [_record(each, number) for number, each in enumerate(entries, 1)]
    parts.append(_record(Entry(TRAILER, 0), 0))
    whole = b"".join(parts)
    return whole + bytes(-len(whole) % ARCHIVE_ALIGNMENT)


def _record(entry: Entry, number: int) -> bytes:
    name = entry.path.encode(errors="surrogateescape") + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    time = owner = group = check = 0
    fields = (number, entry.mode, owner, group, links, time, len(entry.data), 0, 0, entry.major, entry.minor, len(name), check)
    return _padded(b"070701" + b"".join(b"%08X" % each for each in fields) + name) + _padded(entry.data)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % ALIGNMENT)
