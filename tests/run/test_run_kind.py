"""Runs side by side give what runs one after the other give; errors and stops come through."""

from dataclasses import replace

import pytest

from emu.errors import LimitReached
from emu.run.experiment_spec import Experiment, Limits
from emu.run.run_kind import RUN
from emu.runner.runner import Runner

PLAN = [
    Experiment(variant=variant, messages=40, threads=threads, seed=seed)
    for threads, seed in ((2, 1), (4, 2))
    for variant in ("baseline", "wakeq")
]
BROKEN = replace(PLAN[0], limits=Limits(cycles=1000))


def outcomes(plan, jobs, **options):
    with Runner.local(jobs) as runner:
        return list(runner.run(RUN, plan, **options))


def test_side_by_side_is_one_after_the_other():
    found = [[replace(each.result(), host_seconds=0.0) for each in outcomes(PLAN, jobs)] for jobs in (1, 2)]
    assert found[0] == found[1]
    assert [(each.variant, each.threads, each.seed) for each in found[1]] == [(e.variant, e.threads, e.seed) for e in PLAN]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_a_run_that_fails_says_why_and_the_others_go_on(jobs):
    first, failed, last = outcomes([PLAN[0], BROKEN, PLAN[1]], jobs)
    assert isinstance(failed.error, LimitReached)
    assert "the guest had not finished after 1,000 cycles" in str(failed.error)
    assert "\n" not in str(failed.error)
    assert [first.result().variant, last.result().variant] == ["baseline", "wakeq"]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_a_stuck_run_is_named(jobs):
    stuck = Experiment(variant="baseline", workload="rt-livelock", threads=2, messages=10)
    with pytest.raises(LimitReached, match="baseline, 2 threads, seed 1: stuck: rt-livelock/0 spins on r_msg"):
        outcomes([stuck, PLAN[0]], jobs)[0].result()


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.deep)])
def test_stopped_it_gives_whole_results_only(jobs):
    long = [replace(each, messages=2_000_000) for each in PLAN[1:]]
    asked = iter(range(10**9))
    got = outcomes([PLAN[0], *long], jobs, should_stop=lambda: next(asked) > 20)
    assert not any(each.result().partial for each in got)
    assert len(got) < len(PLAN)
