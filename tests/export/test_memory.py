"""An export holds a part of a trace at a time: one five times as long takes no more memory."""

import tracemalloc
from pathlib import Path

import pytest

from emu.export.formats import FORMATS, Asked, export
from emu.export.line_census import LineCensus
from emu.files import Output
from emu.trace.file import TraceFile, TraceWriter


def repeated(trace: TraceFile, times: int, path: Path) -> TraceFile:
    """The records of a run over and over again, one run after the other."""
    records = trace.records()
    length = int(records["cycle"].max()) + 1
    with TraceWriter(path, trace.header) as writer:
        for _ in range(times):
            writer.append(records)
            records["cycle"] += length
        writer.close()
    return TraceFile(path)


def peak(trace: TraceFile, form: str, path: Path) -> int:
    tracemalloc.start()
    if form == "lines":
        LineCensus(trace).read(lambda done, total: None)
    else:
        export(trace, form, Output(path, "export", overwrite=True), Asked(), lambda done, total: None)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.deep
@pytest.mark.parametrize("traced", ["spinning"], indirect=True)
@pytest.mark.parametrize("form", [*FORMATS, "lines"])
def test_memory_does_not_grow_with_the_trace(form, traced, tmp_path):
    short, long = (repeated(traced.trace, times, tmp_path / str(times)) for times in (2, 10))
    assert long.record_count == 5 * short.record_count > 500_000
    few, many = (peak(trace, form, tmp_path / "out") for trace in (short, long))
    assert many < 1.25 * few
