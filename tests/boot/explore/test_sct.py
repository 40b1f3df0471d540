"""Small races of well-known shapes on a real kernel, and the same programs without them (`benchmarks/programs/sct`)."""

import shutil
from pathlib import Path

import pytest
from sct_table import PROGRAMS, STRATEGIES, booted, compiled, failing

ENOUGH = 200  # schedules, of which some fail
CLEAN = 50  # schedules, of which none may
SEED = 0
NO_PROGRESS = {"deadlock"}  # all others end with status 1

pytestmark = [pytest.mark.deep, pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_race_is_found_by_all_strategies_but_one_at_most(name: str, vmlinux: Path, tmp_path: Path) -> None:
    exploration = booted(vmlinux, compiled(name, tmp_path), SEED)
    finds = [next(failing(exploration, typed, SEED, ENOUGH), None) for typed in STRATEGIES]
    failures = [find[1] for find in finds if find is not None]
    assert len(failures) >= len(STRATEGIES) - 1
    wanted = "no_progress" if name in NO_PROGRESS else "exit_status"
    assert {failure.checker for failure in failures} == {wanted}
    assert wanted == "no_progress" or {failure.summary for failure in failures} == {"the program ended with exit status 1"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_without_the_race_it_ends_well_in_every_schedule(name: str, vmlinux: Path, tmp_path: Path) -> None:
    exploration = booted(vmlinux, compiled(name, tmp_path, fixed=True), SEED)
    for typed in STRATEGIES:
        assert next(failing(exploration, typed, SEED, CLEAN), None) is None, typed
