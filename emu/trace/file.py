"""Trace files: written as a run goes, complete or not there at all, and refused when damaged.

Layout, little-endian: MAGIC, format version (u32), length and CRC-32 of the header (u32 each), the header (JSON, zstd);
then chunks: tag CHNK, length, CRC-32, records (u32 each), the columns of TRACE_DTYPE one after the other (zstd; cycles
as differences); then tag DONE, length, CRC-32, 0 (u32 each), the footer (JSON), and nothing more.
"""

import json
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import zstandard
from numpy.typing import NDArray

from emu.errors import LimitReached, UserError
from emu.files import Output
from emu.trace.header import TraceHeader
from emu.trace.record import FORMAT_VERSION, TRACE_DTYPE

MAGIC = b"EMUTRACE"
CHUNK_RECORDS = 1 << 16
RECORDS_MAX = 50_000_000
_PREFIX = struct.Struct("<8sIII")
_BLOCK = struct.Struct("<4sIII")
_CHUNK, _DONE = b"CHNK", b"DONE"
_UNPACKED_BYTES_MAX = 256 << 20
_FOOTER_BYTES_MAX = 1 << 16
_LEVEL = 3
_AGAIN = "make it again with --trace"

Records = NDArray[np.void]


def trace_output(path: Path, *, overwrite: bool = False) -> Output:
    """Where a trace goes, or a `UserError` before anything is run."""
    return Output(path, "trace", overwrite=overwrite)


class TraceWriter:
    """Writes beside its place and goes there when closed: an aborted run leaves what was there before."""

    def __init__(self, path: Path, header: TraceHeader | None, *, max_records: int = RECORDS_MAX, overwrite: bool = False) -> None:
        """Open the file, or raise `UserError`. A header that is not known yet is given to `close`."""
        self.records = 0
        self._max_records = max_records
        self._chunks = 0
        self._full = False
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._output = trace_output(path, overwrite=overwrite)
        self._file: BinaryIO = self._output.open()
        self._waiting: BinaryIO | None = None  # the chunks, until there is a header
        if header is not None:
            self._write_header(header)
            return
        try:
            self._waiting = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 (closed by `close` or `abort`)
        except OSError as error:
            self.abort()
            raise self._output.cannot(error) from error

    def append(self, records: Records) -> None:
        """Write records (copied at once: the caller may reuse its buffer), up to the bound; past it is a `LimitReached`."""
        room = self._max_records - self.records
        for start in range(0, min(len(records), room), CHUNK_RECORDS):
            part = records[start : min(start + CHUNK_RECORDS, room)]
            packed = self._compressor.compress(_to_columns(part))
            self._write(_BLOCK.pack(_CHUNK, len(packed), zlib.crc32(packed), len(part)), packed)
            self._chunks += 1
            self.records += len(part)
        if len(records) > room:
            self._full = True
            raise LimitReached(
                f"the trace reached its bound of {self._max_records} records: make the run shorter or --trace-limit higher"
            )

    def close(
        self,
        *,
        header: TraceHeader | None = None,
        trace_digest: str = "",
        partial: bool = False,
        cycles: Sequence[Sequence[int]] = (),
    ) -> None:
        """Complete the file and put it in its place. `cycles`: what each core came to, by state, to the end of the run."""
        if header is not None:
            self._put_behind(header)
        footer = json.dumps(
            {
                "records": self.records,
                "chunks": self._chunks,
                "trace_digest": trace_digest,
                "partial": partial,
                "full": self._full,
                "cycles": [list(core) for core in cycles],
            }
        ).encode()
        self._write(_BLOCK.pack(_DONE, len(footer), zlib.crc32(footer), 0), footer)
        try:
            self._file.close()
        except OSError as error:
            self.abort()
            raise self._output.cannot(error) from error
        self._output.commit()

    def abort(self) -> None:
        """Leave no trace of the trace; harmless after `close`."""
        for each in (self._file, self._waiting):
            with suppress(OSError):  # of a full disk, on which what was still to be written cannot be
                if each is not None:
                    each.close()
        self._output.discard()

    def __enter__(self) -> Self:
        """The writer itself; leaving by an exception aborts, leaving otherwise needs a `close` before."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Abort what was not closed."""
        if not self._file.closed:
            self.abort()

    def _write_header(self, header: TraceHeader) -> None:
        packed = self._compressor.compress(json.dumps(header.to_json(), separators=(",", ":")).encode())
        self._write(_PREFIX.pack(MAGIC, FORMAT_VERSION, len(packed), zlib.crc32(packed)), packed)

    def _put_behind(self, header: TraceHeader) -> None:
        """The header, and behind it the chunks that have waited for it."""
        waiting, self._waiting = self._waiting, None
        self._write_header(header)
        if waiting is None:
            return
        with waiting:
            try:
                waiting.seek(0)
                shutil.copyfileobj(waiting, self._file)
            except OSError as error:
                self.abort()
                raise self._output.cannot(error) from error

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                (self._waiting or self._file).write(part)
        except OSError as error:
            self.abort()
            raise self._output.cannot(error) from error


class TraceFile:
    """A complete trace on disk. Opening it reads its header and footer; `chunks` reads the records, and checks them."""

    def __init__(self, path: Path) -> None:
        """Open, or raise `UserError` saying what is wrong with the file."""
        self.path = path
        try:
            self._size = path.stat().st_size
            with path.open("rb") as file:
                self.header, self._body = self._read_header(file)
                footer = self._read_footer(file)
        except OSError as error:
            raise UserError(f"cannot read trace {path}: {error.strerror or error}") from error
        self.record_count: int = footer["records"]
        self.trace_digest: str = footer["trace_digest"]
        self.partial: bool = footer["partial"]
        self.full: bool = footer.get("full", False)  # its bound was reached: the run went on without records
        # Of each core, by state, from the beginning to the end of the run; nothing if whoever wrote the trace did not say.
        self.cycles: tuple[tuple[int, ...], ...] = tuple(tuple(map(int, core)) for core in footer.get("cycles", ()))
        self._chunk_count: int = footer["chunks"]

    def chunks(self) -> Iterator[Records]:
        """The records in the order they were written, some ten thousands at a time."""
        seen = 0
        with self.path.open("rb") as file:
            file.seek(self._body)
            for number in range(self._chunk_count):
                at = file.tell()
                tag, length, checksum, records = _BLOCK.unpack(self._take(file, _BLOCK.size, f"chunk {number}"))
                if tag != _CHUNK:
                    raise self._damaged(f"no chunk {number} at byte {at}")
                packed = self._take(file, length, f"chunk {number}")
                if zlib.crc32(packed) != checksum:
                    raise self._damaged(f"chunk {number} at byte {at} fails its checksum")
                try:
                    columns = _decompress(packed, records * TRACE_DTYPE.itemsize)
                except ValueError as error:
                    raise self._damaged(f"chunk {number} at byte {at} {error}") from error
                seen += records
                yield _from_columns(columns, records)
        if seen != self.record_count:
            raise self._damaged(f"{seen} records, the footer says {self.record_count}")

    def records(self) -> Records:
        """All records in one array."""
        parts = list(self.chunks())
        return np.concatenate(parts) if parts else np.zeros(0, TRACE_DTYPE)

    def _read_header(self, file: BinaryIO) -> tuple[TraceHeader, int]:
        start = file.read(_PREFIX.size)
        if len(start) < len(MAGIC) or not start.startswith(MAGIC):
            raise UserError(f"{self.path} is not a trace of emu: it does not begin with {MAGIC.decode()}")
        if len(start) < _PREFIX.size:
            raise self._truncated("its header")
        _, version, length, checksum = _PREFIX.unpack(start)
        if version != FORMAT_VERSION:
            raise UserError(f"trace {self.path} has format version {version}, this emu reads {FORMAT_VERSION}; {_AGAIN}")
        packed = self._take(file, length, "its header")
        if zlib.crc32(packed) != checksum:
            raise self._damaged(f"the header (bytes {_PREFIX.size} to {_PREFIX.size + length}) fails its checksum")
        try:
            return TraceHeader.from_json(json.loads(_decompress(packed))), file.tell()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged("the header makes no sense") from error

    def _read_footer(self, file: BinaryIO) -> dict[str, Any]:
        """The footer is the last thing in the file: find it from the end."""
        tail_bytes = min(self._size - self._body, _FOOTER_BYTES_MAX)
        file.seek(self._size - tail_bytes)
        tail = file.read(tail_bytes)
        at = tail.rfind(_DONE)
        if at < 0 or len(tail) < at + _BLOCK.size:
            raise self._truncated("its end")
        _, length, checksum, _ = _BLOCK.unpack_from(tail, at)
        text = tail[at + _BLOCK.size :]
        if len(text) != length or zlib.crc32(text) != checksum:
            raise self._truncated("its footer")
        footer: dict[str, Any] = json.loads(text)
        return footer

    def _take(self, file: BinaryIO, length: int, what: str) -> bytes:
        content = file.read(length)
        if len(content) < length:
            raise self._truncated(what)
        return content

    def _truncated(self, what: str) -> UserError:
        return UserError(f"trace {self.path} is cut short or damaged: {what} is not all there ({self._size} bytes); {_AGAIN}")

    def _damaged(self, what: str) -> UserError:
        return UserError(f"trace {self.path} is damaged: {what}; {_AGAIN}")


def _decompress(packed: bytes, wanted: int | None = None) -> bytes:
    """Unpack one zstd frame whose size is looked at before it is trusted; raises ValueError."""
    try:
        size = zstandard.frame_content_size(packed)
        if size < 0 or size > _UNPACKED_BYTES_MAX or (wanted is not None and size != wanted):
            raise ValueError(f"claims {size} bytes" + (f", not {wanted}" if wanted is not None else ""))
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError("does not decompress") from error


def _to_columns(records: Records) -> bytearray:
    columns, at = bytearray(len(records) * TRACE_DTYPE.itemsize), 0
    for name in TRACE_DTYPE.names or ():
        column = np.frombuffer(columns, TRACE_DTYPE[name], len(records), at)
        column[:] = records[name]
        if name == "cycle":
            column[1:] -= records[name][:-1]
        at += column.nbytes
    return columns


def _from_columns(columns: bytes, count: int) -> Records:
    records = np.zeros(count, TRACE_DTYPE)
    at = 0
    for name in TRACE_DTYPE.names or ():
        kind = TRACE_DTYPE[name]
        records[name] = np.frombuffer(columns, kind, count, at)
        at += count * kind.itemsize
    records["cycle"] = np.cumsum(records["cycle"])
    return records
