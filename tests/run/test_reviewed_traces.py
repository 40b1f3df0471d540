"""The dumps in `traces/` are what their commands give today."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli.main import app
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment

FOLDER = Path(__file__).parents[2] / "traces"


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_dump_is_up_to_date(variant: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    trace, dump = tmp_path / "t.trace", FOLDER / f"{variant}-hand-off.txt"
    run(Experiment(variant=variant, cores=4, threads=2, messages=12, trace=trace))
    shown = CliRunner().invoke(app, ["trace", "show", str(trace), "--hand-off", "6", "--outline"])
    assert shown.exit_code == 0, shown.output
    if request.config.getoption("--update-golden"):
        dump.write_text(shown.stdout)
    assert shown.stdout == dump.read_text()


def test_baseline_wakes_under_the_lock_and_wakeq_after_it() -> None:
    """The lock of the task is taken behind all earlier stores, so behind the release where that came before."""
    places = {}
    for variant in ("baseline", "wakeq"):
        lines = (FOLDER / f"{variant}-hand-off.txt").read_text().splitlines()
        at = {
            word: next(n for n, line in enumerate(lines) if word in line) for word in ("released q_perm.lock", "acquired pi_lock")
        }
        places[variant] = at["acquired pi_lock"] < at["released q_perm.lock"]
    assert places == {"baseline": True, "wakeq": False}
