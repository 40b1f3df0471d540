"""From runs to a comparison: means, intervals, differences, where the cycles went."""

import json
from dataclasses import fields, replace

import pytest

from bench.report.canned import WAKEQ
from bench.report.canned_compare import BASELINE, COUNTED, SEEDS, comparison, row, seeded
from emu.compare.comparison import HOLD, QUANTITIES, RATE, SPIN, WAKEUP, Row, Side, seed_varies
from emu.compare.paired import RowPlan, compare_pairs
from emu.compare.published import published
from emu.run.experiment_spec import Experiment, Stall
from emu.run.run_kind import name_of
from emu.runner.kind import Kind
from emu.runner.runner import Runner


def test_json_has_the_keys_that_scripts_read():
    got = json.loads(json.dumps(comparison(row()).to_dict()))["rows"][0]
    assert got["threads"] == 4
    assert got["a"]["variant"] == "baseline"
    assert got["b"]["messages_per_second"] == pytest.approx(WAKEQ.messages_per_second + 250 * 3)
    assert got["b"]["confidence_interval"][0] < got["b"]["messages_per_second"] < got["b"]["confidence_interval"][1]
    assert got["a"]["hold_cycles_mean"] == pytest.approx(9_290_000 / 4003)
    assert got["a"]["hold_cycles_mean_confidence_interval"] == [pytest.approx(9_290_000 / 4003)] * 2
    assert got["difference_percent"] == pytest.approx(100 * ((600_703.4 + 750) / (351_234.5 + 300) - 1))
    low, high = got["difference_confidence_interval"]
    assert low <= got["difference_percent"] <= high
    assert got["differences"][WAKEUP]["mean"] == -2000
    assert got["published"]["difference_percent"] == 67.28


@pytest.mark.parametrize(
    "key",
    ["hold_cycles_mean", "hold_cycles_max", "wait_cycles_mean", "lock_spin_iterations", "contended_share",
     "message_spin_iterations", "message_spin_cycles", "wakeups_under_queue_lock"],
)  # fmt: skip
def test_keys_of_the_first_version_stay(key):
    assert row().to_dict()["a"][key] >= 0


def test_one_seed_has_no_intervals():
    got = Row.of(4, [BASELINE], [COUNTED]).to_dict()
    assert got["difference_confidence_interval"] is None
    assert got["a"]["confidence_interval"] is None
    assert all(each["confidence_interval"] is None for each in got["differences"].values())


def test_differences_are_b_less_a():
    got = row()
    for name in QUANTITIES:
        a, b, difference = got.a.estimates[name], got.b.estimates[name], got.differences[name]
        assert a is not None and b is not None and difference is not None
        assert difference.mean == pytest.approx(b.mean - a.mean)
    assert got.differences[HOLD].mean < 0 < got.differences[RATE].mean
    assert got.differences[SPIN].mean == -480_000 / 2000


@pytest.mark.parametrize("account", ["state", "cause"])
def test_a_waterfall_holds_every_cycle_of_every_core(account):
    steps = row().waterfall(account)
    for side, run in (("a", BASELINE), ("b", COUNTED)):
        assert sum(getattr(step, side) for step in steps) == pytest.approx(run.cores * run.cycles / run.messages)


def test_what_a_run_does_not_count_is_none_and_not_zero():
    side = Side.of([WAKEQ])
    assert side.estimates[WAKEUP] is None
    assert side.to_dict()[WAKEUP] is None
    mixed = Row.of(4, [WAKEQ], [COUNTED])
    assert mixed.differences[WAKEUP] is None
    assert mixed.waterfall("cause") == []
    assert mixed.to_dict()["cycles_per_message"]["by_cause"] == {}


def test_seeds_of_unequal_length_count_alike():
    short = replace(COUNTED, messages=1000)
    side = Side.of([COUNTED, short])
    one, other = (Side.of([each]).cycles_by_state["kernel"] for each in (COUNTED, short))
    assert side.cycles_by_state["kernel"] == pytest.approx((one + other) / 2)


@pytest.mark.parametrize(
    ("placement", "tick_hz", "ends"),
    [("cross-module", 0, "first call)"), ("unpinned", 0, "and placement ties"), ("same-core", 250, "and the timer's phase"),
     ("unpinned", 250, ", placement ties and the timer's phase")],
)  # fmt: skip
def test_what_a_seed_varies(placement, tick_hz, ends):
    words = seed_varies(placement, tick_hz)
    assert words.startswith("start offsets (up to 2,047 turns")
    assert words.endswith(ends)


def test_no_division_by_nothing():
    nothing = replace(WAKEQ, messages_per_second=0.0, messages=0, locks={})
    assert Row.of(2, [nothing], [WAKEQ]).difference_percent == 0.0


def test_the_same_runs_give_the_same_bytes():
    first, second = (json.dumps(comparison(row()).to_dict()) for _ in range(2))
    assert first == second
    assert len(seeded(BASELINE, 1)) == len(SEEDS)


@pytest.mark.parametrize(
    ("workload", "variants", "known"),
    [
        ("pmsg-shared", ("baseline", "wakeq"), True),
        ("pmsg-shared", ("wakeq", "baseline"), False),
        ("pmsg-shared", ("baseline-ticket", "wakeq"), False),
        ("full-queue", ("baseline", "wakeq"), False),
    ],
)
def test_published_is_of_one_workload_and_pair(workload, variants, known):
    assert (published(workload, variants) is not None) is known


def test_the_published_differences_are_those_of_the_published_rates():
    table = published("pmsg-shared", ("baseline", "wakeq"))
    assert table is not None
    assert sorted(table.rows) == [2, 4, 8]
    for each in table.rows.values():
        a, b = each.messages_per_second
        assert 100 * (b / a - 1) == pytest.approx(each.difference_percent, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ()),
        ({"cores": 2}, ("cores 2, not 4",)),
        ({"machine": "./mine.toml"}, ("machine ./mine.toml, not a10-7800",)),
        ({"placement": "unpinned", "queues": "pair"}, ("placement unpinned, not cross-module", "queues pair, not shared")),
        ({"counts": "threads"}, ("counts threads, not pairs",)),
        ({"tick_hz": 250}, ("tick_hz 250, not 0",)),
        ({"overrides": {"latencies.remote_line": 4000}}, ("latencies.remote_line = 4,000",)),
        ({"stall_schedule": (Stall("handoff_window", 9, 2),)}, ("stall handoff_window:9:2",)),
    ],
)
def test_what_makes_it_another_experiment_than_the_published_one(changes, words):
    table = published("pmsg-shared", ("baseline", "wakeq"))
    ours = {each.name: getattr(WAKEQ, each.name) for each in fields(WAKEQ)} | {"counts": "pairs"}
    assert table.differences(ours | changes) == words


def test_no_published_row_stands_beside_another_experiment(monkeypatch):
    results = {"baseline": BASELINE, "wakeq": COUNTED}
    monkeypatch.setattr("emu.compare.paired.RUN", Kind("run", lambda experiment, _: run_of(experiment, results), name_of))
    for changes, beside in (({}, True), ({"cores": 2, "placement": None}, False)):
        pair = tuple(Experiment(variant=name, threads=8, **changes) for name in results)
        found = compare_pairs([RowPlan(4, (pair,), "pairs")], Runner.local())
        assert (found.rows[0].published is not None) is beside
        assert (found.published_source is not None) is beside
        assert bool(found.another_experiment) is not beside


def run_of(experiment, results):
    """What a run would give, as far as these tests look."""
    return replace(results[experiment.variant], cores=experiment.cores, stall_schedule=(), stalls={})
