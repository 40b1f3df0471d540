"""Runs of experiments as calls of a runner."""

from typing import Any

from emu.assembly import variant_digest
from emu.description import machine_digest
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult
from emu.run.saved_result import result_of
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop, Stopped

OF_HOST = frozenset({"host_seconds", "mips"})


def name_of(experiment: Experiment) -> str:
    """What tells a run from the others that it is among."""
    return f"{experiment.variant}, {experiment.threads} threads, seed {experiment.seed}"


def carry_out(experiment: Experiment, should_stop: ShouldStop) -> RunResult:
    """Run it to its end."""
    from emu.run.experiment import run  # loads the engine: in the workers, not in a parent that only waits

    result = run(experiment, None, should_stop)
    if result.partial and result.stuck is None:
        raise Stopped
    return sound(experiment, result)


def sound(experiment: Experiment, result: RunResult) -> RunResult:
    """The result, or an error that names the run that is stuck."""
    if result.stuck is not None:
        raise type(result.stuck.error)(f"{name_of(experiment)}: {result.stuck.summary}")
    return result


def asks(experiment: Experiment) -> dict[str, Any]:
    """All that the result hangs on; whether it is traced is not among it."""
    return {
        "variant": experiment.variant,
        "variant_files": variant_digest(experiment.variant),
        "machine": experiment.machine,
        "machine_file": machine_digest(experiment.machine),
        "cores": experiment.cores,
        "workload": experiment.workload,
        "preempt": experiment.preempt,
        "threads": experiment.threads,
        "messages": experiment.messages,
        "seed": experiment.seed,
        "placement": experiment.placement,
        "queues": experiment.queues,
        "types": experiment.types,
        "stalls": [str(each) for each in experiment.stalls],
        "tick_hz": experiment.tick_hz,
        "overrides": [list(each) for each in experiment.overrides],
        "max_cycles": experiment.limits.cycles,
    }


RUN = Kind("run", carry_out, name_of, asks, Keeping(RunResult.to_dict, result_of, OF_HOST))
