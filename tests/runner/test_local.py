"""Calls in this process and in others: the same outcomes in the same order; none is lost with the process that had it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.calls import ANSWER, answer
from bench.processes import environment
from emu.errors import CheckFailed, InternalError, UserError
from emu.runner.executor import parted
from emu.runner.local import Local
from emu.runner.outcome import Outcome, WorkerLost
from emu.runner.runner import Runner

WORDS = ["a", "b", "c", "d", "e"]


def plain(outcome: Outcome) -> object:
    return outcome.value if outcome.error is None else (type(outcome.error), str(outcome.error))


@pytest.fixture(scope="module")
def two():
    with Runner.local(2) as runner:
        yield runner


def test_what_goes_wrong_is_one_calls_own_and_the_same_in_any_process(two):
    calls = ["a", "raise", "b", "fail", "c"]
    with Runner.local(1) as one:
        found = [[plain(each) for each in runner.run(ANSWER, calls)] for runner in (one, two)]
    assert found[0] == found[1]
    assert [each for each in found[0] if isinstance(each, str)] == ["A", "B", "C"]
    (internal, words), (failed, failure) = (each for each in found[0] if not isinstance(each, str))
    assert (internal, failed, failure) == (InternalError, CheckFailed, "a failure")
    assert words.startswith("ZeroDivisionError: by nought, at ")


def test_progress_counts_every_call_once(two):
    for runner in (Runner.local(), two):
        heard: list[tuple[int, int]] = []
        assert [each.value for each in runner.run(ANSWER, WORDS, progress=lambda *now, heard=heard: heard.append(now))] == [
            "A", "B", "C", "D", "E",
        ]  # fmt: skip
        assert heard == [(done, 5) for done in range(6)]


def test_a_call_that_loses_its_process_has_another(two, tmp_path):
    once = tmp_path / "ended"
    found = [plain(each) for each in two.run(ANSWER, ["a", f"end once {once}", "b"])]
    assert once.exists()
    assert found == ["A", f"END ONCE {once}".upper(), "B"]


def test_a_call_that_ends_every_process_is_reported_and_the_others_go_on(two):
    found = list(two.run(ANSWER, ["a", "end", "b", "c"]))
    assert [each.value for each in found] == ["A", None, "B", "C"]
    assert isinstance(found[1].error, WorkerLost)
    assert str(found[1].error) == "the call end: its process has died 3 times, of itself, with exit status 3"


def test_a_worker_that_is_killed_between_two_calls_costs_nothing():
    with Runner.local(2) as runner:
        for process in {int(each.result()) for each in runner.run(ANSWER, ["process"] * 2)}:
            assert process != os.getpid()
            os.kill(process, signal.SIGKILL)
        assert [each.value for each in runner.run(ANSWER, WORDS)] == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_asked_to_stop_it_ends(jobs):
    done: list[int] = [0]
    with Runner.local(jobs) as runner:
        run = runner.run(ANSWER, ["a"] * 100_000, should_stop=lambda: done[-1] >= 3, progress=lambda now, total: done.append(now))
        found = list(run)
    assert len(found) < 100  # in their order: the first may not have been among those that were done
    assert done[-1] < 100


def test_no_process_outlives_a_parent_that_was_killed():
    program = (
        "import os, signal\nfrom bench.calls import ANSWER\nfrom emu.runner.runner import Runner\n"
        "for each in Runner.local(2).run(ANSWER, ['process'] * 4):\n    print(each.value, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = {int(line) for line in process.stdout}  # its end comes once all who have the pipe are gone
    assert workers and not any(Path(f"/proc/{each}/exe").exists() for each in workers)


def test_one_call_needs_no_other_process():
    assert next(Local(4).run(answer, ["process"]))[1].value == str(os.getpid())


@pytest.mark.parametrize(
    ("total", "waves", "parts"),
    [(4, (), ["0-4"]), (4, (1,), ["0-1", "1-4"]), (4, (1, 2), ["0-1", "1-2", "2-4"]), (2, (1, 3), ["0-1", "1-2"]), (0, (1,), [])],
)
def test_waves(total, waves, parts):
    assert [f"{each.start}-{each.stop}" for each in parted(total, waves)] == parts


@pytest.mark.parametrize("jobs", [0, -1, 1025])
def test_jobs_out_of_range(jobs):
    with pytest.raises(UserError, match=f"jobs must be 1 to 1,024, not {jobs:,}"):
        Runner.local(jobs)
