"""Trace files: what goes in comes out; anything else is refused by name."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from bench.report.canned import header, script, write_trace
from emu.errors import LimitReached, UserError
from emu.trace import file as trace_file
from emu.trace.file import TraceFile, TraceWriter, trace_output
from emu.trace.record import FORMAT_VERSION, TRACE_DTYPE


def random_records(count: int, seed: int = 1) -> np.ndarray:
    return np.frombuffer(np.random.default_rng(seed).bytes(count * TRACE_DTYPE.itemsize), TRACE_DTYPE)


@pytest.mark.parametrize("sizes", [[], [0], [1], [5, 7], [trace_file.CHUNK_RECORDS + 3, 1]])
def test_round_trip(tmp_path: Path, sizes):
    parts = [random_records(size, seed) for seed, size in enumerate(sizes)]
    with TraceWriter(tmp_path / "t", header()) as writer:
        for part in parts:
            writer.append(part)
        writer.close(trace_digest="d", partial=True)
    trace = TraceFile(tmp_path / "t")
    assert trace.header == header()
    assert (trace.record_count, trace.trace_digest, trace.partial, trace.full) == (sum(sizes), "d", True, False)
    assert np.array_equal(trace.records(), np.concatenate([np.zeros(0, TRACE_DTYPE), *parts]))


def test_a_header_that_is_known_at_the_end_is_no_other_file(tmp_path: Path):
    rows = [random_records(size, size) for size in (3, trace_file.CHUNK_RECORDS + 3)]
    for name, early, late in (("early", header(), None), ("late", None, header())):
        with TraceWriter(tmp_path / name, early) as writer:
            for part in rows:
                writer.append(part)
            writer.close(header=late, trace_digest="d")
    assert (tmp_path / "late").read_bytes() == (tmp_path / "early").read_bytes()
    with pytest.raises(ZeroDivisionError), TraceWriter(tmp_path / "none", None) as writer:
        writer.append(rows[0])
        raise ZeroDivisionError
    assert sorted(each.name for each in tmp_path.iterdir()) == ["early", "late"]


def test_the_buffer_may_be_reused(tmp_path: Path):
    buffer = script(header()).records()
    wanted = buffer.copy()
    with TraceWriter(tmp_path / "t", header()) as writer:
        writer.append(buffer)
        buffer[:] = 0
        writer.close()
    assert np.array_equal(TraceFile(tmp_path / "t").records(), wanted)


def test_same_records_same_bytes(tmp_path: Path):
    assert write_trace(tmp_path / "a").read_bytes() == write_trace(tmp_path / "b").read_bytes()


def test_compact(tmp_path: Path):
    rows = np.tile(script(header()).records(), 400)
    with TraceWriter(tmp_path / "t", header()) as writer:
        writer.append(rows)
        writer.close()
    assert (tmp_path / "t").stat().st_size < rows.nbytes / 20


@pytest.fixture
def damaged(tmp_path: Path):
    whole = write_trace(tmp_path / "whole").read_bytes()

    def make(change) -> Path:
        path = tmp_path / "bad.trace"
        path.write_bytes(change(bytearray(whole)))
        return path

    return make


def flip(at: int):
    def change(content: bytearray) -> bytearray:
        content[at] ^= 0x5A
        return content

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: b"", "is not a trace of emu"),
        (lambda content: b"\x00\x01garbage", "is not a trace of emu"),
        (lambda content: content[:8], "cut short"),
        (lambda content: content[:15], "cut short"),
        (lambda content: content[:300], "cut short"),
        (lambda content: content[:-1], "cut short"),
        (lambda content: content[:-90], "cut short"),
        (lambda content: content + b"x", "cut short or damaged"),
        (flip(0), "is not a trace"),
        (flip(8), f"format version {FORMAT_VERSION ^ 0x5A}, this emu reads {FORMAT_VERSION}"),
        (flip(40), "fails its checksum"),
        (flip(-4), "cut short or damaged"),
    ],
)
def test_damage_is_seen_at_once(damaged, change, words):
    path = damaged(change)
    with pytest.raises(UserError, match=r"\A[^\n]*\Z") as refused:
        TraceFile(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_no_byte_of_the_chunks_can_change_unseen(damaged, tmp_path: Path):
    whole = write_trace(tmp_path / "t").read_bytes()
    start, end = whole.index(b"CHNK"), whole.index(b"DONE")
    for at in range(start, end):
        with pytest.raises(UserError, match="damaged"):
            TraceFile(damaged(flip(at))).records()


def test_a_missing_chunk_is_seen(damaged):
    path = damaged(lambda content: content[: content.index(b"CHNK")] + content[content.index(b"DONE") :])
    with pytest.raises(UserError, match="damaged: no chunk 0"):
        TraceFile(path).records()


@pytest.mark.parametrize("path", ["nosuch", "."])
def test_unreadable(tmp_path: Path, path):
    with pytest.raises(UserError, match="cannot read trace"):
        TraceFile(tmp_path / path)


def test_nothing_is_there_until_it_is_complete(tmp_path: Path):
    path = tmp_path / "t"
    path.write_text("what was there before")
    writer = TraceWriter(path, header(), overwrite=True)
    writer.append(script(header()).records())
    assert path.read_text() == "what was there before"
    writer.abort()
    assert path.read_text() == "what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_an_error_inside_aborts(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), TraceWriter(tmp_path / "t", header()):
        1 / 0  # noqa: B018
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_trace(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert TraceFile(tmp_path / "real").record_count == 25


@pytest.mark.parametrize(
    ("path", "words"),
    [("nosuch/t", "there is no directory"), (".", "it is a directory"), ("/dev/null", "not a regular file")],
)
def test_unwritable(tmp_path: Path, path, words):
    for refuse in (trace_output, lambda path: TraceWriter(path, header())):
        with pytest.raises(UserError, match=words):
            refuse(tmp_path / path)


def test_the_bound_is_named(tmp_path: Path):
    with TraceWriter(tmp_path / "t", header(), max_records=30) as writer:
        writer.append(script(header()).records())
        with pytest.raises(LimitReached, match="bound of 30 records"):
            writer.append(script(header()).records())
        writer.close(partial=True)
    kept = TraceFile(tmp_path / "t")
    assert kept.partial and kept.full and len(kept.records()) == 30
    assert (kept.records()[25:] == script(header()).records()[:5]).all()


class FullDisk:
    """A file that takes nothing more."""

    def __init__(self, real: BinaryIO) -> None:
        self.closed = False
        self.close = real.close

    def write(self, content: bytes) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_a_line(tmp_path: Path, monkeypatch):
    writer = TraceWriter(tmp_path / "t", header())
    monkeypatch.setattr(writer, "_file", FullDisk(writer._file))
    with pytest.raises(UserError, match=r"cannot write trace .*: No space left on device"):
        writer.append(script(header()).records())
    assert not list(tmp_path.iterdir())
