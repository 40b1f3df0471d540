"""A whole test: sound layers pass, seeds repeat, jobs change nothing; programs have what they are to have."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from emu.errors import UserError
from emu.runner.runner import Runner
from emu.stress import rounds
from emu.stress.case import Shape, machine_file, no_operations
from emu.stress.operations import COUNTERS, LAYOUTS, layout, random_case
from emu.stress.plan import Plan
from emu.stress.records import OP_ADD, OP_LOAD
from emu.stress.reduce import reduce_case

PLAN = Plan(machine="a10-7800", operations=300_000)


def test_sound_layer_passes_and_everything_happens():
    result = rounds.run_plan(PLAN, Runner.local())
    assert result.failure is None
    assert not result.partial
    assert result.rounds == 30
    assert result.counts["operations"] == 300_000
    for name in (
        "loads",
        "stores",
        "atomics",
        "swapped",
        "forwards",
        "drains",
        "releases",
        "crossings",
        "full_stalls",
        "walks",
        "marks",
        "fetches",
        "code_stores",
        "forced_drains",
    ):
        assert result.counts[name] > 100, name
    for name in ("transfers_within_module", "transfers_across_modules", "upgrades", "memory_reads", "write_backs"):
        assert result.counts[name] > 1000, name


def test_jobs_and_repetition_change_nothing():
    plan = replace(PLAN, operations=45_000, seed=9)
    first = rounds.run_plan(plan, Runner.local())
    with Runner.local(2) as runner:
        second = rounds.run_plan(plan, runner)
    assert first.counts == second.counts
    assert first.rounds == second.rounds == 5


def test_another_seed_is_another_program():
    case, other = rounds.round_case(PLAN, 0), rounds.round_case(replace(PLAN, seed=2), 0)
    assert not np.array_equal(case.operations, other.operations)


def test_asked_to_stop():
    asked = iter([False, False, True])
    result = rounds.run_plan(PLAN, Runner.local(), lambda: next(asked))
    assert result.partial
    assert result.rounds == 2


@pytest.mark.parametrize("cores", [1, 64])
def test_numbers_of_cores_at_the_ends(cores):
    assert rounds.run_plan(replace(PLAN, operations=5_000, cores=cores), Runner.local()).failure is None


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_meet_in_their_set(name):
    shape = Shape.of(machine_file("a10-7800"))
    lines = layout(name, shape, 9)
    if name != "hot":
        sets = shape.l1[0] if name == "l1-set" else shape.l2[0]
        assert np.bincount(lines % sets).max() > 2
    assert layout(name, replace(shape, l2=(2**16, 1)), 4096).max() < 2**24


def test_counters_are_only_counted_on():
    operations = random_case(
        "a10-7800", Shape.of(machine_file("a10-7800")), cores=4, layout_name="mixed", lines=None, count=5_000, seed=(1, 1)
    ).operations
    here = (operations["address"] >> 6) == COUNTERS >> 6
    assert here.sum() > 50
    assert set(operations["kind"][here]) == {OP_LOAD, OP_ADD}
    assert set(operations["value"][here & (operations["kind"] == OP_ADD)]) == {1}
    before = operations["address"] + operations["width"] - 1
    assert not (((before >> 6) == COUNTERS >> 6) & ~here).any()


def test_lost_update_is_noticed_without_the_oracle(monkeypatch):
    """A sum that is off by one, in RAM and in the oracle alike."""
    from emu.stress import case as case_module

    case = rounds.round_case(replace(PLAN, operations=2_000), 0)
    drive = case_module.drive
    runs = []

    class Spy(case_module._Run):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            runs.append(self)

    def wrong(address):
        drive(address)
        runs[-1].bus.ram[COUNTERS] -= 1

    monkeypatch.setattr(case_module, "_Run", Spy)
    monkeypatch.setattr(case_module, "drive", wrong)
    violation = case.run(check_every=64).violation
    assert violation is not None
    assert "only added to" in violation.words(case.operations)
    assert violation.wanted == violation.got + 1


@pytest.mark.parametrize(("field", "value"), [("operations", 0), ("cores", 65), ("cores", 0), ("lines", 0), ("seed", -1)])
def test_plans_are_checked(field, value):
    with pytest.raises(UserError, match=f"{field} must be"):
        replace(PLAN, **{field: value})


@dataclass(frozen=True)
class Failing:
    """Stands in for a case that fails whatever is left of it."""

    operations: np.ndarray
    runs: list[int]

    def run(self) -> SimpleNamespace:
        self.runs.append(len(self.operations))
        return SimpleNamespace(violation=SimpleNamespace(kind="lost update"), issued=self.operations)


def test_reducing_stops_when_asked_with_the_smallest_so_far() -> None:
    operations = no_operations(5000)
    operations["time"] = np.arange(5000)
    case = Failing(operations, [])
    small, violation = reduce_case(case, lambda: len(case.runs) > 1)  # type: ignore[arg-type]
    assert (len(small.operations), violation.kind) == (8, "lost update")
    assert case.runs == [5000, 8, 8]
