"""A run that ends anywhere: a spin, a wait, a hold, a stall or a wakeup that still goes on is in its figures, which agree."""

from collections.abc import Iterator

import pytest

from bench.sums import contradictions
from emu.engine import records as rec
from emu.run.experiment import Setup, measure, prepare
from emu.run.experiment_spec import Experiment, Stall
from emu.run.result import RunResult
from emu.run.snapshot import Snapshot

RUNS = {
    "a spin": (Experiment(variant="baseline", messages=24, stalls=(Stall("handoff_window", 30_000, 2),)), 25_300),
    "a spin that is preempted": (
        Experiment(
            variant="baseline", messages=24, cores=2, threads=8, preempt="rt", tick_hz=100_000,
            stalls=(Stall("handoff_window", 60_000, 2),),
        ),
        63_100,
    ),
    "a ticket lock": (Experiment(variant="baseline-ticket", messages=24, threads=8), 13_300),
    "errors, and wakeups of who is awake": (Experiment(variant="wakeq", workload="signals", messages=24), 25_300),
    "a livelock": (Experiment(variant="baseline", workload="rt-livelock", messages=3), 20_000),
}  # fmt: skip
LOOKS = 26


def ends(setup: Setup, every: int) -> Iterator[RunResult]:
    """The result of the run if it ended here, again and again on its way."""
    setup.machine.record["slice_cycles"] = every
    for _ in range(LOOKS):
        outcome = setup.machine.run()
        before = Snapshot(setup)
        setup.machine.finish()
        yield measure(setup, 0.0, partial=outcome != rec.RUN_DONE)
        if outcome != rec.SLICE_DONE:
            return
        before.restore()


@pytest.mark.parametrize("name", RUNS)
def test_wherever_a_run_ends_its_figures_agree(name: str) -> None:
    experiment, every = RUNS[name]
    results = list(ends(prepare(experiment), every))
    assert [(each.cycles, contradictions(each)) for each in results if contradictions(each)] == []
    assert (results[-1].message_spin.cycles > 0) == ("spin" in name or "livelock" in name)


def test_a_spin_that_never_ends_is_counted() -> None:
    *_, last = ends(prepare(RUNS["a livelock"][0]), 20_000)
    assert last.message_spin.entries == 1
    assert last.message_spin.cycles > 0.9 * LOOKS / 2 * 20_000
    assert last.locks["q_perm.lock"].hold_cycles_max > last.message_spin.cycles, "held since before, and still"
