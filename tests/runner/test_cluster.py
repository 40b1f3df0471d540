"""Calls on a Dask cluster, a scheduler and two workers on loopback: the outcomes of this process, or a line that says why not."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

pytest.importorskip("distributed")
import emu
from bench.calls import ANSWER, HERE, KEPT
from bench.processes import environment
from emu.errors import UserError
from emu.run.experiment_spec import Experiment
from emu.run.run_kind import RUN
from emu.runner import cluster
from emu.runner.cluster import Cluster
from emu.runner.outcome import WorkerLost
from emu.runner.runner import Runner
from emu.sources import guest_folder

PACKAGE = Path(emu.__file__).parent
SCHEDULER = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
WORKER = ["-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]


STARTED: list[subprocess.Popen[bytes]] = []


def start(stack: ExitStack, folder: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment(**more), stdout=log, stderr=log)
    STARTED.append(process)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def scheduler(stack: ExitStack, folder: Path) -> str:
    """Begin one, and wait for the file that says its address."""
    file = folder / "scheduler.json"
    process = start(stack, folder, *SCHEDULER, "--scheduler-file", str(file))
    while not (file.exists() and file.read_text().endswith("}")):
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.05)
    return str(next(line for line in file.read_text().split('"') if line.startswith("tcp://")))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        found = scheduler(stack, folder)
        start(stack, folder, *WORKER, "--nworkers", "2", found)  # each with a nanny, who begins it anew when it has died
        yield found


@pytest.fixture(scope="module")
def runner(address: str) -> Iterator[Runner]:
    with Runner(Cluster(address)) as runner:
        runner._executor._client.wait_for_workers(2)
        yield runner


@pytest.mark.deep
def test_runs_are_those_of_this_process(runner):
    plan = [Experiment(variant=variant, messages=20, threads=2, seed=seed) for seed in (1, 2) for variant in ("baseline", "wakeq")]
    here, there = ([each.result() for each in one.run(RUN, plan)] for one in (Runner.local(), runner))
    assert [replace(each, host_seconds=0.0) for each in there] == [replace(each, host_seconds=0.0) for each in here]


def test_what_goes_wrong_with_a_call_is_its_own(runner):
    found = list(runner.run(ANSWER, ["a", "raise", "b", "fail"], waves=(1,)))
    assert [each.value for each in found] == ["A", None, "B", None]
    assert str(found[1].error).startswith("ZeroDivisionError: by nought, at ")
    assert str(found[3].error) == "a failure"


def test_a_worker_that_dies_loses_nothing(runner, tmp_path):
    once = tmp_path / "ended"
    found = [each.value for each in runner.run(ANSWER, ["a", f"end once {once}", "b", "c"])]
    assert once.exists()
    assert found == ["A", f"end once {once}".upper(), "B", "C"]


@pytest.mark.deep
def test_a_call_that_ends_every_worker_is_reported_and_the_others_go_on(runner):
    found = list(runner.run(ANSWER, ["a", "end", "b", "c"]))
    assert [each.value for each in found] == ["A", None, "B", "C"]
    assert isinstance(found[1].error, WorkerLost)
    assert str(found[1].error) == "the call end: the workers that had it have died, again and again"


def test_a_worker_that_sees_other_files_says_so(runner):
    with pytest.raises(UserError, match="knows the files that are named with another content: they must be the same there"):
        next(runner.run(HERE, ["a"])).result()
    assert next(runner.run(KEPT, ["a"])).result() == "A"


def test_asked_to_stop_it_ends(runner):
    assert len(list(runner.run(ANSWER, ["a"] * 500, should_stop=lambda: True))) < 500


def test_a_worker_that_came_later_with_another_emu_is_refused(runner, monkeypatch):
    monkeypatch.setattr(cluster, "code_digest", lambda: "0123456789abcdef")
    with pytest.raises(UserError, match=r"a worker has another emu, [0-9a-f]{16}; here it is 0123456789abcdef: install the same"):
        list(runner.run(ANSWER, ["a"]))


@pytest.mark.deep
def test_no_workers_and_workers_of_another_emu_are_refused(tmp_path, monkeypatch):
    other = tmp_path / "other"
    for folder in (PACKAGE, guest_folder("firmware"), guest_folder("kernel_snippets")):
        copytree(folder, other / folder.name, ignore=ignore_patterns("__pycache__"))
    with (other / "emu/units.py").open("a") as file:
        file.write("\n# another one\n")
    with ExitStack() as stack:
        address = scheduler(stack, tmp_path)
        with monkeypatch.context() as hurry, pytest.raises(UserError, match="has no workers; start some with `dask worker"):
            hurry.setattr(cluster, "CONNECT_SECONDS", 1)
            Cluster(address)
        start(stack, tmp_path, *WORKER, "--no-nanny", address, PYTHONPATH=str(other))
        with pytest.raises(
            UserError, match=r"the worker tcp://\S+ has another emu, [0-9a-f]{16}; here it is [0-9a-f]{16}: install"
        ):
            Cluster(address)


@pytest.mark.deep
@pytest.mark.parametrize("lost", ["worker", "scheduler"])
def test_a_cluster_that_is_lost_on_the_way_is_said(lost, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERLESS_SECONDS", 1)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
    words = {"worker": "it has no workers any more", "scheduler": "the scheduler has gone away"}
    with ExitStack() as stack:
        address = scheduler(stack, tmp_path)
        processes = {"worker": start(stack, tmp_path, *WORKER, "--no-nanny", address), "scheduler": STARTED[-2]}
        with Runner(Cluster(address)) as runner, pytest.raises(UserError, match=f"--cluster {address}: {words[lost]}"):
            for _ in runner.run(ANSWER, ["a"] * 100_000, waves=range(0, 100_000, 100)):
                processes[lost].kill()


@pytest.mark.deep
def test_answers_that_are_lost_with_the_last_worker_are_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERLESS_SECONDS", 1)
    available = cluster._available

    def and_its_worker_is_not(done):
        ready = available(done)
        if ready:
            worker.kill()
            worker.wait()
        return ready

    monkeypatch.setattr(cluster, "_available", and_its_worker_is_not)
    with ExitStack() as stack:
        address = scheduler(stack, tmp_path)
        worker = start(stack, tmp_path, *WORKER, "--no-nanny", address)
        with Runner(Cluster(address)) as runner, pytest.raises(UserError, match="it has no workers any more"):
            list(runner.run(ANSWER, ["a"]))


def test_nobody_there(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(UserError, match=r"--cluster tcp://127.0.0.1:1: no scheduler answers there: .*; start one with"):
        Cluster("tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["", "node7", "node7:8786", "ftp://node7:8786", "tcp://:8786", "tcp://node7", "tcp://node7:x"])
def test_no_address(address):
    with pytest.raises(UserError, match=f"--cluster must be the address of a scheduler, such as tcp://node7:8786, not '{address}'"):
        Cluster(address)
