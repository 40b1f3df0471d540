"""Runs whose traces are exported, and what they came to by their own accounts."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from emu.export.formats import Asked, export
from emu.files import Output
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Stall
from emu.run.result import RunResult
from emu.trace.file import TraceFile


@dataclass(frozen=True)
class Traced:
    trace: TraceFile
    result: RunResult

    def export(self, form: str, path: Path, **asked: object) -> Path:
        export(self.trace, form, Output(path, "export", overwrite=True), Asked(**asked), lambda done, total: None)  # type: ignore[arg-type]
        return path


# The receivers spin and cores are held up; many wait for one lock, with an interrupted task of the timer's; who waits is idle.
EXPERIMENTS = {
    "spinning": Experiment(variant="baseline", messages=12, stalls=(Stall("handoff_window", 20000, 4),)),
    "contended": Experiment(variant="wakeq", messages=12, cores=4, threads=8, tick_hz=50000),
}


@pytest.fixture(scope="session", params=EXPERIMENTS)
def traced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    from dataclasses import replace

    path = tmp_path_factory.mktemp("traced") / f"{request.param}.trace"
    result = run(replace(EXPERIMENTS[request.param], trace=path))
    return Traced(TraceFile(path), result)
