"""Each figure by half, one at a time, on a run so small that it ends at once."""

import pytest

from bench.report.canned_compare import sensitivity
from emu.compare.paired import RowPlan
from emu.compare.sensitivity import Effect, Outcome, Variation, half_and_half_more, told_apart, varied_figures, vary_figures
from emu.description import Figure, load_machine
from emu.description.machine_file import PositiveFigure, StoreFigure
from emu.run.experiment_spec import Experiment
from emu.run.overrides import figures
from emu.runner.runner import Runner


def figure(value: int, kind: type[Figure] = Figure) -> Figure:
    return kind(value=value, source="made up", confidence="low")


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (350, Figure, (175, 525)),
        (7, Figure, (3, 11)),
        (1, Figure, (None, 2)),
        (0, Figure, (None, None)),
        (1, StoreFigure, (None, 2)),
        (128, StoreFigure, (64, None)),
        (100, StoreFigure, (50, 128)),
        (2, PositiveFigure, (1, 3)),
    ],
)
def test_half_and_half_more(value, kind, wanted):
    assert half_and_half_more(figure(value, kind)) == wanted


def test_clock_and_sizes_are_not_varied():
    sizes = {"tlb.entries", "tlb.l2_sets", "tlb.l2_ways", "core.btb_entries", "core.btb_l2_entries", "core.branch_counters"}
    sizes |= {"core.branch_history", "core.indirect_targets", "core.return_stack"}
    machine = load_machine("a10-7800")
    assert {"clock_hz", *sizes} <= set(figures(machine))
    assert not {"clock_hz", *sizes} & set(varied_figures(machine))


def small_plans() -> list[RowPlan]:
    a, b = (Experiment(variant=variant, threads=2, messages=10) for variant in ("baseline", "wakeq"))
    return [RowPlan(2, ((a, b),))]


FEW = ("latencies.halt_exit", "latencies.remote_line", "store_buffer.depth", "core.reorder_buffer")


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.deep)], ids=["some figures", "each figure"])
def test_a_tiny_one(few, monkeypatch):
    wanted = varied_figures(load_machine("a10-7800"))
    if few:
        wanted = {key: wanted[key] for key in FEW}
        monkeypatch.setattr("emu.compare.sensitivity.varied_figures", lambda machine: wanted)
    found = vary_figures(small_plans(), Runner.local())
    assert found is not None
    assert not found.partial
    keys = [effect.key for effect in found.effects]
    assert sorted(keys) == sorted(wanted)
    moved = [effect.moved_most for effect in found.effects]
    assert moved == sorted(moved, reverse=True)
    by_key = {effect.key: effect for effect in found.effects}
    halt = by_key["latencies.halt_exit"]
    assert halt.low is not None and halt.high is not None
    assert (halt.low.value, halt.high.value) == half_and_half_more(halt.figure)
    assert halt.low.outcomes[2].means > found.reference[2].means > halt.high.outcomes[2].means


def test_stopped_it_keeps_whole_figures():
    asked = iter(range(10**9))
    found = vary_figures(small_plans(), Runner.local(), should_stop=lambda: next(asked) > 10)
    assert found is not None
    assert found.partial
    assert 0 < len(found.effects) < len(varied_figures(load_machine("a10-7800")))
    assert vary_figures(small_plans(), Runner.local(), should_stop=lambda: True) is None


def test_effects():
    remote, halt, chance, depth = sensitivity().effects
    assert (remote.moved(4), remote.changes_sign(4), remote.changes_sign(2)) == (pytest.approx(20.0), False, False)
    assert (halt.moved(2), halt.changes_sign(2)) == (pytest.approx(5.5), True)
    low, high = depth.shifts(2)
    assert low is None
    assert high is not None
    assert high.mean == pytest.approx(0.1)
    assert not depth.turns(2, high)
    assert chance.moved(4) == 0


def test_what_seeds_make_of_themselves_counts_as_nothing():
    calm, moved, chance = ((100.0, 102.0), (150.0, 151.0)), ((100.0, 102.0), (180.0, 182.0)), ((100.0, 102.0), (100.0, 220.0))
    file = figure(10)
    effects = [Effect("x", file, {4: Outcome(calm)}, None, Variation(15, {4: Outcome(rates)})) for rates in (calm, moved, chance)]
    assert effects[0].moved(4) == 0
    assert effects[1].moved(4) == pytest.approx(100 * (362 / 202 - 301 / 202))
    assert effects[2].moved(4) == 0
    shift = effects[2].shifts(4)[1]
    assert shift is not None
    assert shift.mean > 5
    assert not told_apart(shift)


def test_json():
    got = sensitivity().to_dict()
    assert [each["key"] for each in got["figures"]] == [
        "latencies.remote_line",
        "latencies.halt_exit",
        "miss_buffers",
        "store_buffer.depth",
    ]
    assert got["figures"][1]["low"]["value"] == 1000
    assert got["figures"][1]["rows"][0] == {
        "threads": 2,
        "moved_points": pytest.approx(5.5),
        "changes_sign": True,
    }
    assert got["figures"][3]["low"] is None
