"""Two runs of 40 messages with their traces and results, and the page of both: made once for all tests of this folder."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from emu.html.sides import Side, read_sides
from emu.html.write import page_of
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult


@dataclass(frozen=True)
class Made:
    """One run."""

    trace: Path
    json: Path
    result: RunResult


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> tuple[Made, Made]:
    folder = tmp_path_factory.mktemp("runs")

    def make(variant: str) -> Made:
        trace, saved = folder / f"{variant}.trace", folder / f"{variant}.json"
        result = run(Experiment(variant=variant, cores=4, threads=8, messages=40, trace=trace))
        saved.write_text(json.dumps(result.to_dict()))
        return Made(trace, saved, result)

    return make("baseline"), make("wakeq")


@pytest.fixture(scope="session")
def sides(made) -> list[Side]:
    return read_sides([path for each in made for path in (each.trace, each.json)], lambda done, total: None)


@pytest.fixture(scope="session")
def page(sides, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page_of(sides), encoding="utf-8")
    return path
