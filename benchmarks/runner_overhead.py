"""What a run costs beside the run itself: in a process of this host, on a Dask cluster, and kept in a store.

    python benchmarks/runner_overhead.py                    of calls that do nothing, 2,000 each
    python benchmarks/runner_overhead.py --calls 200

The cluster is one of two processes that it begins (`pip install 'emu[cluster]'`; left out where that is missing). The result that
is kept is that of a run of `wakeq` on four cores. Figures are milliseconds a call, the whole time by the number of calls.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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

CALLS = 2000


def nothing(call: int, should_stop: ShouldStop) -> int:
    """The least that there is to do."""
    return call


NOTHING = Kind("nothing", nothing, str)


def milliseconds(calls: int, work: Callable[[], int]) -> float:
    """What one of the calls took; all of them must have been made."""
    begin = time.perf_counter()
    assert work() == calls
    return 1e3 * (time.perf_counter() - begin) / calls


def of(runner: Runner, calls: int) -> float:
    """Calls that do nothing; the first ones, which begin processes and load, do not count."""
    list(runner.run(NOTHING, range(2 * runner.width)))
    return milliseconds(calls, lambda: len(list(runner.run(NOTHING, range(calls)))))


def of_cluster(calls: int) -> float | None:
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


def of_store(calls: int) -> tuple[float, float]:
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
                passes.append(milliseconds(calls, lambda runner=runner: len(list(runner.run(kind, range(calls))))))
    return passes[0], passes[1]


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS)
    calls = parser.parse_args().calls
    for jobs in sorted({1, 2, host_cores()}):
        with Runner.local(jobs) as runner:
            print(f"--jobs {jobs:<14} {of(runner, calls):7.3f} ms a call", flush=True)
    cluster = of_cluster(calls)
    print("a Dask cluster        " + ("is not installed" if cluster is None else f"{cluster:7.3f} ms a call"), flush=True)
    kept, found = of_store(calls)
    print(f"a result, kept        {kept:7.3f} ms\na result, found again {found:7.3f} ms")


if __name__ == "__main__":
    main()
