"""`emu trace export`: what is wrong is said in a line, and nothing is written then."""

from pathlib import Path

import pytest

from bench.report.canned import write_trace
from emu.cli.main import main
from emu.export.formats import FORMATS


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return write_trace(tmp_path / "t.trace")


def refused(capsys, *arguments: object) -> str:
    assert main(["trace", "export", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_what_is_wrong_is_said_and_leaves_what_is_there(capsys, trace, tmp_path):
    out, damaged, other = tmp_path / "out", tmp_path / "damaged", tmp_path / "other"
    content = bytearray(trace.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    other.write_text("no trace")
    out.write_text("precious")
    assert "it is there already" in refused(capsys, trace, "--format", "perfetto", "-o", out)
    assert "--format must be" in refused(capsys, trace, "--format", "perfeto", "-o", out, "--overwrite")
    assert "--weight must be" in refused(capsys, trace, "--format", "folded", "--weight", "hold", "-o", out, "--overwrite")
    assert "--weight has no meaning" in refused(capsys, trace, "--format", "ftrace", "--weight", "wait", "-o", out, "--overwrite")
    assert "--clock has no meaning" in refused(capsys, trace, "--format", "folded", "--clock", "ns", "-o", out, "--overwrite")
    assert "--clock must be" in refused(capsys, trace, "--format", "perfetto", "--clock", "us", "-o", out, "--overwrite")
    for form in FORMATS:
        assert "damaged" in refused(capsys, damaged, "--format", form, "-o", out, "--overwrite")
    assert "not a trace" in refused(capsys, other, "--format", "perfetto", "-o", out, "--overwrite")
    assert "no such file" in refused(capsys, tmp_path / "none", "--format", "perfetto", "-o", out, "--overwrite").lower()
    assert "no directory" in refused(capsys, trace, "--format", "perfetto", "-o", tmp_path / "none" / "x")
    assert out.read_text() == "precious"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["damaged", "other", "out", "t.trace"]


def test_totals_that_the_records_do_not_come_to_are_damage(capsys, tmp_path):
    path = write_trace(tmp_path / "t.trace", cycles=[[1] * 8, [1] * 8])
    assert "does not come to" in refused(capsys, path, "--format", "perfetto", "-o", tmp_path / "out")


def test_times_are_cycles_or_simulated_nanoseconds(trace, tmp_path):
    from bench.export.picture import read_perfetto
    from emu.trace.file import TraceFile

    hertz = TraceFile(trace).header.clock_hz
    for clock in ("cycles", "ns"):
        assert main(["trace", "export", str(trace), "--format", "perfetto", "--clock", clock, "-o", str(tmp_path / clock)]) == 0
    cycles, ns = (read_perfetto(tmp_path / clock) for clock in ("cycles", "ns"))
    assert [each.end * 10**9 // hertz for each in cycles.slices] == [each.end for each in ns.slices]
    assert len(cycles.slices) > 5
