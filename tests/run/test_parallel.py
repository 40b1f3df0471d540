"""Runs side by side give what runs one after the other give; errors and stops come through."""

from dataclasses import replace

import pytest

from emu.errors import LimitReached, UserError
from emu.run.experiment_spec import Experiment, Limits
from emu.run.parallel import run_all

PLAN = [
    Experiment(variant=variant, messages=40, threads=threads, seed=seed)
    for threads, seed in ((2, 1), (4, 2))
    for variant in ("baseline", "wakeq")
]
BROKEN = replace(PLAN[0], limits=Limits(cycles=1000))


def silent(done: int, total: int) -> None:
    pass


def test_parallel_is_serial_and_progress_counts_every_run():
    found = []
    for jobs in (1, 2):
        heard = []
        runs = run_all(PLAN, jobs=jobs, progress=lambda done, total, heard=heard: heard.append((done, total)))
        found.append([replace(each, host_seconds=0.0) for each in runs])
        assert heard[0] == (0, len(PLAN))
        assert heard == sorted(heard)
        assert heard[-1] == (len(PLAN), len(PLAN))
    assert found[0] == found[1]
    assert [(each.variant, each.threads, each.seed) for each in found[1]] == [(e.variant, e.threads, e.seed) for e in PLAN]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_comes_in_its_turn_and_whole(jobs):
    done = []
    with pytest.raises(LimitReached, match="the guest had not finished after 1,000 cycles") as error:
        for result in run_all([PLAN[0], BROKEN, PLAN[1]], jobs=jobs, progress=silent):
            done.append(result.variant)
    assert done == ["baseline"]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_a_stuck_run_is_named(jobs):
    stuck = Experiment(variant="baseline", workload="rt-livelock", threads=2, messages=10)
    with pytest.raises(LimitReached, match="baseline, 2 threads, seed 1: stuck: rt-livelock/0 spins on r_msg"):
        list(run_all([stuck, PLAN[0]], jobs=jobs, progress=silent))


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_stopped_it_gives_whole_results_only(jobs):
    long = [replace(each, messages=2_000_000) for each in PLAN[1:]]
    asked = iter(range(10**9))
    got = list(run_all([PLAN[0], *long], jobs=jobs, progress=silent, should_stop=lambda: next(asked) > 20))
    assert all(not each.partial for each in got)
    assert len(got) < len(PLAN)


@pytest.mark.parametrize("jobs", [0, -1, 1025])
def test_jobs_out_of_range(jobs):
    with pytest.raises(UserError, match=f"jobs must be 1 to 1,024, not {jobs:,}"):
        run_all(PLAN, jobs=jobs, progress=silent)
