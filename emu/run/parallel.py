"""Many runs side by side: one run a job, results in the order of the plan whatever the number of processes.

A worker imports, loads the compiled code and assembles a variant once, and keeps them for the runs that follow.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from emu import compiled
from emu.errors import InternalError
from emu.processes import Stopped, results, workers
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult
from emu.whole import within

JOBS_MAX = 1024

Progress = Callable[[int, int], None]


def run_all(
    plan: Sequence[Experiment], *, jobs: int, progress: Progress, should_stop: Callable[[], bool] = lambda: False
) -> Iterator[RunResult]:
    """Results in the order of the plan; the iterator ends early, without a partial result, when `should_stop` says so.

    `progress` hears how many runs are done, of how many. The error of a run is raised in its turn; one that is stuck is an
    error too. Results do not depend on `jobs`.
    """
    within("jobs", jobs, 1, JOBS_MAX)
    progress(0, len(plan))
    jobs = min(jobs, len(plan))
    return _in_processes(plan, jobs, progress, should_stop) if jobs > 1 else _in_turn(plan, progress, should_stop)


def _in_turn(plan: Sequence[Experiment], progress: Progress, should_stop: Callable[[], bool]) -> Iterator[RunResult]:
    for done, experiment in enumerate(plan, 1):
        if should_stop():
            return
        result = _run(experiment, should_stop)
        if result.partial and result.stuck is None:
            return
        progress(done, len(plan))
        yield sound(experiment, result)


def _in_processes(
    plan: Sequence[Experiment], jobs: int, progress: Progress, should_stop: Callable[[], bool]
) -> Iterator[RunResult]:
    alone = 0 if compiled.is_ready() else 1  # the first run compiles: once, and not in every process at the same time
    if alone:
        compiled.tell(0, 0)
    try:
        with workers(jobs) as pool:
            done = 0
            for some in (plan[:alone], plan[alone:]):
                calls = [(experiment,) for experiment in some]
                heard = partial(_hear, progress, done, len(plan))
                for experiment, result in zip(some, results(pool, _run, calls, should_stop, heard), strict=True):
                    yield sound(experiment, result)
                done += len(some)
    except Stopped:
        return
    except BrokenProcessPool:
        raise InternalError("a process that had a run to do has died; --jobs 1 shows in which run") from None


def _hear(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _run(experiment: Experiment, should_stop: Callable[[], bool] | None = None) -> RunResult:
    from emu.run.experiment import run  # loads the engine: in the workers, not in a parent that only waits

    return run(experiment, None, should_stop)


def sound(experiment: Experiment, result: RunResult) -> RunResult:
    """The result, or an error that names the run that is stuck."""
    if result.stuck is not None:
        where = f"{experiment.variant}, {experiment.threads} threads, seed {experiment.seed}"
        raise type(result.stuck.error)(f"{where}: {result.stuck.summary}")
    return result
