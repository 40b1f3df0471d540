"""Mistakes in the message path, as somebody could make them: each is found, and by which checker."""

from pathlib import Path

import pytest

from bench.explore.mutants import MUTANTS, Mutant, write_mutant
from emu.run.explore_run import ExplorePlan, explore, scenarios
from emu.run.extent import Extent
from emu.runner.runner import Runner, silent


@pytest.mark.deep
@pytest.mark.parametrize("each", MUTANTS, ids=lambda each: each.name)
def test_each_mistake_is_found(each: Mutant, tmp_path: Path) -> None:
    variant = str(write_mutant(each, tmp_path / "mutant"))
    plan = ExplorePlan(variant, (scenarios()[each.scenario],), "a10-7800", Extent(schedules=5_000))
    (found,) = explore(plan, Runner.local(), silent)
    assert found.hunted.finding is not None
    assert found.hunted.finding.checker in each.checkers
