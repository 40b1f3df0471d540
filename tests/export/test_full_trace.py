"""A trace whose bound was reached before the run was over: what is behind its last record is not made up."""

from collections import Counter

import pytest

from bench.export.picture import read_perfetto
from emu.export.formats import Asked, export
from emu.export.lock_book import LockBooks, Times
from emu.export.stacks import BEHIND
from emu.files import Output
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Limits
from emu.run.result import RunResult
from emu.trace.file import TraceFile

RECORDS = 50_000


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> tuple[TraceFile, RunResult]:
    path = tmp_path_factory.mktemp("full") / "t.trace"
    result = run(Experiment(messages=64, trace=path, limits=Limits(10**9, RECORDS)))
    assert result.stuck is not None
    return TraceFile(path), result


def silent(done: int, total: int) -> None:
    pass


def test_it_says_so(full):
    trace, result = full
    assert (trace.full, trace.record_count) == (True, RECORDS)
    assert int(trace.records()["cycle"].max()) < result.cycles


def test_states_that_are_not_recorded_are_called_so(full, tmp_path):
    trace, result = full
    export(trace, "perfetto", Output(tmp_path / "out", "export"), Asked(), silent)
    picture = read_perfetto(tmp_path / "out")
    assert not any(picture.open.values())
    for core in range(result.cores):
        found = Counter[str]()
        for each in picture.slices:
            if each.track == f"core {core}" and len(each.names) == 2:
                found[each.names[1]] += each.cycles
        known = result.cycles_by_core_and_state[core].to_dict()
        assert found.total() == result.cycles
        assert found["not recorded"] > 0
        assert all(cycles <= known[name.replace(" ", "_")] for name, cycles in found.items() if name != "not recorded")


def test_locks_are_waited_for_and_held_up_to_the_last_record(full):
    trace, result = full
    last = int(trace.records()["cycle"].max())
    for book in LockBooks(trace).read(silent):
        use = result.locks[trace.header.locks[book.number].name]
        for times, most in ((book.waits, use.wait_cycles_max), (book.holds, use.hold_cycles_max)):
            assert isinstance(times, Times)
            assert times.most <= min(most, last)


def test_stacks_do_not_claim_what_is_not_recorded(full, tmp_path):
    trace, result = full
    export(trace, "folded", Output(tmp_path / "out", "export"), Asked(), silent)
    rows = dict(line.rsplit(" ", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert sum(map(int, rows.values())) == result.cores * result.cycles
    assert int(rows[BEHIND]) > 0
    assert not any(stack.endswith(f";{BEHIND}") for stack in rows)
