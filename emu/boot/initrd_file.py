"""An initramfs of the user's own: looked through as the kernel will, so that one without an /init is refused before the boot.

Source: Documentation/driver-api/early-userspace/buffer-format.rst of Linux: archives and packed archives behind each other, zeros
between them.
"""

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from emu.boot.cpio import ALIGNMENT, TRAILER
from emu.elf.kernel_file import map_file
from emu.elf.payload import kind_of, unpack
from emu.errors import UserError

MAGICS = (b"070701", b"070702")
HEADER_BYTES = 110
_RDINIT = re.compile(r"(?:^|\s)rdinit=(\S+)")


def read_initrd(path: Path, append: str) -> bytes:
    """Its bytes; a `UserError` if they are no archive, or have nothing to run where the command line's `append` says."""
    what = f"initrd {path}"
    content = map_file(path, what)[:]
    wanted = _RDINIT.findall(append)[-1:] or ["/init"]
    if wanted[0].strip("/") not in set(_names(content, what)):  # all of them: a file may be cut off behind it
        hint = "put one there, or name another by --append rdinit=PATH"
        raise UserError(f"{what}: nothing to run: there is no {wanted[0]} in it; {hint}")
    return content


def _names(content: bytes, what: str) -> Iterator[str]:
    """Paths in it, without a slash or a dot in front."""
    while content := content.lstrip(b"\0"):
        if content.startswith(MAGICS):
            content = yield from _archive(content, what)
        elif kind_of(content) is not None:
            yield from _names(unpack(content, what), what)
            return  # where packed bytes end the kernel's own unpackers know; it is the last part in all that tools make
        else:
            raise UserError(
                f"{what}: neither a cpio archive (format newc) nor a packed one: {content[:8].hex()} begins a part of it"
            )


def _archive(content: bytes, what: str) -> Generator[str, None, bytes]:
    """Paths in one archive; returns what is behind it."""
    at = 0
    while True:
        header = content[at : at + HEADER_BYTES]
        try:
            if not header.startswith(MAGICS):
                raise ValueError
            size, name_size = int(header[54:62], 16), int(header[94:102], 16)
        except ValueError:
            raise UserError(f"{what}: cut off or damaged: no header of a file at byte {at} of an archive in it") from None
        name = content[at + HEADER_BYTES :][: max(name_size - 1, 0)].decode(errors="surrogateescape")
        data_at = _aligned(at + HEADER_BYTES + name_size)
        at = _aligned(data_at + size)
        if at > len(content) + ALIGNMENT:
            raise UserError(f"{what}: cut off: {name} in it ends at byte {data_at + size} of {len(content)}; copy it again")
        if name == TRAILER:
            return content[at:]
        yield name.removeprefix("./").strip("/")


def _aligned(at: int) -> int:
    return -(-at // ALIGNMENT) * ALIGNMENT
