"""What a run costs beside the run itself: in a process of this host, on a Dask cluster, and kept in a store.

    python benchmarks/runner_overhead.py                    of calls that do nothing, 2,000 each
    python benchmarks/runner_overhead.py --calls 200

The cluster is one of two processes that it begins (`pip install 'emu[cluster]'`; left out where that is missing). The result that
is kept is that of a run of `wakeq` on four cores. Figures are milliseconds a call, by the clock the median of ten parts, and CPU
time of this process: on a host that others use, the clock shows them, too. A cluster's scheduler is in this process, its workers
are not.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from emu.processes import host_cores
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult
from emu.run.run_kind import RUN, asks
from emu.runner.kind import Kind
from emu.runner.local import Local
from emu.runner.outcome import ShouldStop
from emu.runner.runner import Runner
from emu.runner.store import Store

CALLS, PARTS = 2000, 10


def nothing(call: int, should_stop: ShouldStop) -> int:
    """The least that there is to do."""
    return call


NOTHING = Kind("nothing", nothing, str)


class Cost(NamedTuple):
    """Of one call, in milliseconds."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:7.3f} ms a call, {self.processor:7.3f} of CPU time here"


def cost(calls: int, work: Callable[[range], int]) -> Cost:
    """What one of the calls took; all of them must have been made."""
    clock, began = [], time.process_time()
    for part in range(PARTS):
        numbers = range(part * calls // PARTS, (part + 1) * calls // PARTS)
        begin = time.perf_counter()
        assert work(numbers) == len(numbers)
        clock.append((time.perf_counter() - begin) / len(numbers))
    return Cost(1e3 * median(clock), 1e3 * (time.process_time() - began) / calls)


def of(runner: Runner, calls: int) -> Cost:
    """Calls that do nothing; the first ones, which begin processes and load, do not count."""
    list(runner.run(NOTHING, range(2 * runner.width)))
    return cost(calls, lambda numbers: len(list(runner.run(NOTHING, numbers))))


def of_cluster(calls: int) -> Cost | None:
    """The same on a cluster of two processes; None where there is no Dask."""
    try:
        from distributed import LocalCluster
    except ImportError:
        return None
    from emu.runner.cluster import Cluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Runner(Cluster(cluster.scheduler_address)) as runner,
    ):
        return of(runner, calls)


def of_store(calls: int) -> list[Cost]:
    """A real run's result kept so often, and found again."""
    experiment = Experiment(variant="wakeq", messages=20)
    result = run(experiment)
    kind: Kind[int, RunResult] = Kind(
        "run", lambda call, _: result, str, lambda call: asks(experiment) | {"seed": call}, RUN.keeping
    )
    with tempfile.TemporaryDirectory(prefix="emu-store-") as folder:
        passes = []
        for _ in range(2):
            with Runner(Local(1), Store(Path(folder))) as runner:
                passes.append(cost(calls, lambda numbers, runner=runner: len(list(runner.run(kind, numbers)))))
    return passes


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS)
    calls = parser.parse_args().calls
    for jobs in sorted({1, 2, host_cores()}):
        with Runner.local(jobs) as runner:
            print(f"--jobs {jobs:<14} {of(runner, calls)}", flush=True)
    cluster = of_cluster(calls)
    print("a Dask cluster        " + ("is not installed" if cluster is None else str(cluster)), flush=True)
    kept, found = of_store(calls)
    print(f"a result, kept        {kept}\na result, found again {found}")


if __name__ == "__main__":
    main()
