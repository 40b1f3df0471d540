"""Sweeps whose runs are made up: rates by a law, so that what comes of them is known."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bench.report.canned import WAKEQ
from bench.report.canned_kernels import region, without_wakeups
from emu.compare.kernel_runs import REGION, RegionRun
from emu.errors import LimitReached
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult, WakeupLatency
from emu.run.run_kind import name_of
from emu.runner.kind import Kind
from emu.runner.outcome import ShouldStop
from emu.runner.runner import Runner
from emu.subjects.kernel.result import DetailResult
from emu.sweep import point
from emu.sweep.plan import Plan, read_plan
from emu.sweep.point import Kernels, Variants
from emu.sweep.sweep import Sweep, run_sweep

TEXT = """
title = "made up"
seeds = 3
[fixed]
threads_per_core = 2
messages = 10
[axes]
variant = ["baseline", "wakeq"]
cores = [1, 2, 4, 8, 16]
set."latencies.remote_line" = [100, 400]
"""
TEXT_OF_KERNELS = """
seeds = 2
[fixed]
program = "./pmsg"
from = "user"
per = 1600
[axes]
kernel = ["before/bzImage-baseline", "after/bzImage-wakeq"]
cores = [1, 2]
set.latencies.memory = [100, 200]
"""
LAWS = {"baseline": (1.0e6, 0.20, 0.010), "wakeq": (0.9e6, 0.05, 0.001)}  # lambda, sigma, kappa


def made_up(experiment: Experiment, should_stop: ShouldStop) -> RunResult:
    """A result whose rate obeys the variant's law, a little more with each seed; on 16 cores the baseline fails."""
    if (experiment.variant, experiment.cores, experiment.seed) == ("baseline", 16, 2):
        raise LimitReached(f"{name_of(experiment)}: the guest had not finished")
    one, sigma, kappa = LAWS[experiment.variant]
    n = experiment.cores
    rate = one * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)) * (1 + experiment.seed / 1000)
    woken = WakeupLatency(count=2, cycles=6000, cycles_max=4000)
    made = {"variant": experiment.variant, "cores": n, "seed": experiment.seed, "messages_per_second": rate}
    return replace(WAKEQ, wakeup_latency=woken, **made)


MADE_UP = Kind("run", made_up, name_of)


def made_up_region(call: RegionRun, should_stop: ShouldStop) -> DetailResult:
    """A region made by hand: the second kernel takes half the time, and on one core twice."""
    wakeq = "wakeq" in call.spec.kernel.name
    found = without_wakeups() if wakeq == (call.spec.cpus > 1) else region()
    return replace(found, items=call.region.items)


REGIONS = Kind("region", made_up_region, REGION.named)


def plan_of(text: str = TEXT) -> Plan:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made-up.toml"
        path.write_text(text)
        return read_plan(path)


def sweep_of(text: str = TEXT, **options: object) -> Sweep | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Variants, "kind", MADE_UP)
        patch.setattr(Kernels, "kind", REGIONS)
        patch.setattr(point, "_can_be_read", lambda spec: None)
        return run_sweep(plan_of(text), Runner.local(), **options)
