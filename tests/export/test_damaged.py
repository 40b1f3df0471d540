"""Records that cannot be, in a file that is whole: said in a line, or exported; never an error of emu's own."""

from pathlib import Path

import numpy as np
import pytest

from bench.report.canned import header, script
from emu.errors import UserError
from emu.export.annotation import annotate
from emu.export.formats import FORMATS, Asked, export
from emu.export.line_census import LineCensus
from emu.export.lock_book import LockBooks
from emu.files import Output
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.record import TRACE_DTYPE, Kind


def silent(done: int, total: int) -> None:
    pass


READERS = {
    **{name: lambda trace, out, name=name: export(trace, name, Output(out, "export"), Asked(), silent) for name in FORMATS},
    "locks": lambda trace, out: LockBooks(trace).read(silent),
    "lines": lambda trace, out: LineCensus(trace).read(silent),
    "annotate": lambda trace, out: annotate(trace, "do_msgsnd", silent),
}


def written(path: Path, records: np.ndarray) -> TraceFile:
    with TraceWriter(path, header()) as writer:
        writer.append(records)
        writer.close()
    return TraceFile(path)


@pytest.mark.parametrize("reader", READERS)
def test_random_records_are_refused(reader, tmp_path):
    records = np.frombuffer(np.random.default_rng(1).bytes(200 * TRACE_DTYPE.itemsize), TRACE_DTYPE)
    with pytest.raises(UserError, match="is damaged: record 0 has a"):
        READERS[reader](written(tmp_path / "t", records), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("core", 2, None), ("cycle", -1, None), ("state", 8, None), ("cause", 16, None), ("access", 4, None), ("kind", 15, None),
        ("detail", 1, Kind.LOCK_ACQUIRED), ("detail", -1, Kind.LOCK_RELEASED), ("detail", 4, Kind.LINE_TRANSFER),
        ("value", 1 << 63, Kind.LINE_TRANSFER), ("value", 1 << 63, Kind.STALL),
    ],
)  # fmt: skip
@pytest.mark.parametrize("reader", READERS)
def test_a_record_that_cannot_be_is_named(reader, field, value, kind, tmp_path):
    records = script(header()).records()
    place = len(records) - 3 if kind is None else int(np.flatnonzero(records["kind"] == int(kind))[0])
    records[field][place] = value
    with pytest.raises(UserError, match=f"record {place} has a "):
        READERS[reader](written(tmp_path / "t", records), tmp_path / "out")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", range(8))
def test_records_in_any_order_are_taken_or_refused(reader, seed, tmp_path):
    """Releases without acquisitions, wakes without halts, times that go back: odd, and no reason to fall over."""
    records = script(header()).records()
    rng = np.random.default_rng(seed)
    rng.shuffle(records)
    records["cycle"] = rng.integers(0, 10_000, len(records))
    records["cost"] = rng.integers(0, 5_000, len(records))
    try:
        READERS[reader](written(tmp_path / "t", records), tmp_path / "out")
    except UserError as error:
        assert "damaged" in str(error)


@pytest.mark.parametrize("reader", READERS)
def test_a_trace_without_records_is_a_short_export(reader, tmp_path):
    READERS[reader](written(tmp_path / "t", np.zeros(0, TRACE_DTYPE)), tmp_path / "out")
