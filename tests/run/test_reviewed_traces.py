"""The dumps in `traces/` are what their commands give today."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli.main import app
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment

FOLDER = Path(__file__).parents[2] / "traces"
DUMPS = {
    "baseline-hand-off.txt": "trace show baseline.trace --hand-off 6 --outline",
    "wakeq-hand-off.txt": "trace show wakeq.trace --hand-off 6 --outline",
    "hand-off-difference.txt": "trace diff baseline.trace wakeq.trace --hand-off 6",
    "baseline-locks.txt": "trace show baseline.trace --hand-off 6 --event lock --symbol do_msgsnd",
    "wakeq-locks.txt": "trace show wakeq.trace --hand-off 6 --event lock --symbol do_msgsnd",
}


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traces")
    for variant in ("baseline", "wakeq"):
        run(Experiment(variant=variant, cores=4, threads=2, messages=12, trace=folder / f"{variant}.trace"))
    return folder


@pytest.mark.parametrize("name", DUMPS)
def test_dump_is_up_to_date(name: str, traces: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(traces)
    monkeypatch.setenv("COLUMNS", "100")
    shown = CliRunner().invoke(app, shlex.split(DUMPS[name]))
    assert shown.exit_code == 0, shown.output
    if request.config.getoption("--update-golden"):
        (FOLDER / name).write_text(shown.stdout)
    assert shown.stdout == (FOLDER / name).read_text()


def test_every_dump_is_tested_and_its_command_is_told() -> None:
    assert {path.name for path in FOLDER.glob("*.txt")} == set(DUMPS)
    readme = (FOLDER / "README.md").read_text()
    assert all(f"`{name}`" in readme and f"`emu {command}`" in readme for name, command in DUMPS.items())


@pytest.mark.parametrize("kind", ["hand-off", "locks"])
def test_baseline_wakes_under_the_lock_and_wakeq_after_it(kind: str) -> None:
    """The lock of the task is taken behind all earlier stores, so behind the release where that came before."""
    places = {}
    for variant in ("baseline", "wakeq"):
        lines = (FOLDER / f"{variant}-{kind}.txt").read_text().splitlines()
        at = {
            word: next(n for n, line in enumerate(lines) if word in line) for word in ("released q_perm.lock", "acquired pi_lock")
        }
        places[variant] = at["acquired pi_lock"] < at["released q_perm.lock"]
    assert places == {"baseline": True, "wakeq": False}


def test_the_unlock_has_moved_in_front_of_the_wakeup() -> None:
    lines = (FOLDER / "hand-off-difference.txt").read_text().splitlines()
    place = {row: next(n for n, line in enumerate(lines) if " ".join(line.split()).startswith(row)) for row in (
        "sender, q_perm.lock:", "> -- 2045 lets go q_perm.lock", "13 0 try_to_wake_up", "< -- 7156 lets go q_perm.lock",
    )}  # fmt: skip
    assert list(place.values()) == sorted(place.values())
    assert place["sender, q_perm.lock:"] == 3
