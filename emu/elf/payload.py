"""What a kernel is packed with: each kind by its first bytes.

The kernel's build puts the unpacked size, four bytes, behind all kinds but gzip, which has it: more bytes behind the end are right.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any

import lz4.block
import zstandard

from emu.errors import UserError

UNPACKED_BYTES_MAX = 1 << 30  # a vmlinux without debugging information has some ten million
LZ4_BLOCK_BYTES = 8 << 20  # of a block before it was packed: "legacy frame" of the LZ4 frame format's description
LZ4_MAGIC = b"\x02\x21\x4c\x18"


def _by_library(start: Callable[[], Any]) -> Callable[[bytes], bytes]:
    """A function that unpacks with one of the decompressors that know where their input ends."""

    def whole(packed: bytes) -> bytes:
        decompressor = start()
        content: bytes = decompressor.decompress(packed, UNPACKED_BYTES_MAX)
        if not decompressor.eof:
            raise ValueError("its end is missing")
        return content

    return whole


def _zstd(packed: bytes) -> bytes:
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    content = decompressor.decompress(packed)
    if not decompressor.eof:
        raise ValueError("its end is missing")
    return content


def _lz4(packed: bytes) -> bytes:
    """Blocks, each behind its packed size; the last is shorter than the others, and no size follows it but the unpacked one."""
    at, blocks = len(LZ4_MAGIC), list[bytes]()
    while not blocks or len(blocks[-1]) == LZ4_BLOCK_BYTES:
        (size,) = struct.unpack_from("<I", packed, at)
        at += 4 + size
        if not 0 < size <= len(packed) - at + size:
            raise ValueError("a block that ends outside")
        blocks.append(lz4.block.decompress(packed[at - size : at], uncompressed_size=LZ4_BLOCK_BYTES))
    return b"".join(blocks)


KINDS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"\x1f\x8b", _by_library(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS))),
    "xz": (b"\xfd7zXZ\0", _by_library(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ))),
    "lzma": (b"\x5d\0\0", _by_library(lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE))),
    "bzip2": (b"BZh", _by_library(bz2.BZ2Decompressor)),
    "lz4": (LZ4_MAGIC, _lz4),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}
_DAMAGED = (zlib.error, lzma.LZMAError, lz4.block.LZ4BlockError, zstandard.ZstdError, OSError, EOFError, ValueError, struct.error)


def kind_of(packed: bytes) -> str | None:
    """What this is packed with, by its first bytes: a name of `KINDS`."""
    return next((name for name, (magic, _) in KINDS.items() if packed.startswith(magic)), None)


def unpack(packed: bytes, what: str) -> bytes:
    """The unpacked bytes; a `UserError` begins with `what`."""
    kind = kind_of(packed)
    if kind is None:
        known = ", ".join(KINDS)
        raise UserError(f"{what}: packed in a way that emu does not know ({packed[:4].hex()}); use one of {known}, or its vmlinux")
    try:
        return KINDS[kind][1](packed)
    except _DAMAGED as error:
        raise UserError(f"{what}: what is packed in it ({kind}) is damaged: {error}; copy it again") from None
