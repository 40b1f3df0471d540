"""`--locks`, `--lines` and `emu annotate`: from a run as from its trace, and nothing else is left behind."""

import tempfile
from pathlib import Path

import pytest

from bench.export.small import contended_trace
from emu.cli.main import main

RUN = ("run", "--messages", "2")
BENCH = ("bench", "ticket", "--cores", "2", "--rounds", "5")


@pytest.fixture
def emu(capsys):
    def ask(*arguments: object, code: int = 0) -> str:
        assert main([*map(str, arguments)]) == code
        out, err = capsys.readouterr()
        assert (err == "") == (code == 0)
        return out or err

    return ask


@pytest.mark.parametrize("of", [RUN, BENCH], ids=["run", "bench"])
def test_a_view_is_that_of_the_trace(emu, tmp_path, monkeypatch, of):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trace = tmp_path / "t.trace"
    shown = emu(*of, "--locks", "lock_stat", "--lines", "--trace", trace)
    assert shown.startswith("lock_stat version 0.4\n")
    assert shown == emu("trace", "locks", trace, "--form", "lock_stat") + emu("trace", "lines", trace)
    assert emu(*of, "--locks", "perf-t") == emu("trace", "locks", trace, "--form", "perf-t")
    assert [each.name for each in tmp_path.iterdir()] == ["t.trace"]
    assert emu(*of, "--locks", "percentiles") == emu("trace", "locks", trace)


def test_annotate_is_of_a_run_or_of_its_trace(emu, tmp_path):
    trace = tmp_path / "t.trace"
    emu(*RUN, "--trace", trace)
    from_trace = emu("annotate", "do_msgrcv", "--read", trace)
    assert from_trace == emu("annotate", "do_msgrcv", "--messages", "2")
    assert "lock" not in from_trace.splitlines()[0]


def test_what_is_wrong_is_said_before_anything_runs(emu, tmp_path):
    small = contended_trace(tmp_path / "t.trace")
    assert "perf-x, not 'perv'" in emu(*RUN, "--locks", "perv", code=2)
    assert "--lines has no meaning with --json" in emu(*RUN, "--lines", "--json", code=2)
    assert "these are 3" in emu("bench", "ticket", "--lines", code=2)
    assert "mcs: its word is not known" in emu("bench", "mcs", "--cores", "2", "--locks", "perf", code=2)
    assert "not a trace" in emu("trace", "lines", __file__, code=2)
    assert "did you mean do_msgsnd" in emu("annotate", "do_msgsend", "--read", small, code=2)
    assert "--seed has no meaning with --read" in emu("annotate", "do_msgsnd", "--read", small, "--seed", "2", code=2)


def test_forms_of_locks_in_a_small_trace(emu, tmp_path: Path):
    """A lock taken twice: held for 25 and 21 cycles, waited for 20."""
    small = contended_trace(tmp_path / "t.trace")
    assert emu("trace", "locks", small, "--form", "perf-x").splitlines()[1] == "1, 6, 6, 6, spinlock, do_msgsnd"
    assert "pmsg/0" in emu("trace", "locks", small, "--form", "perf-o")
    assert "pmsg/1" in emu("trace", "locks", small, "--form", "perf-t")
    assert "q_perm.lock of queue (spinlock)" in emu("trace", "locks", small, "--form", "perf-l")
    table = emu("trace", "locks", small)
    assert [line.split() for line in table.splitlines() if "q_perm.lock" in line] == [
        ["q_perm.lock", "2", "1", "20", "20", "20", "20", "21", "25", "25", "25"]
    ]
