"""Two variants side by side."""

import json
from dataclasses import replace

import pytest
from canned import STALLED, WAKEQ

from emu.report.compare_report import Comparison, Row, Side, render_comparison

BASELINE = replace(STALLED, stall_schedule=(), stalls={})


def comparison(*rows: Row, **changes) -> Comparison:
    plain = Comparison(
        variants=("baseline", "wakeq"),
        machine="a10-7800",
        workload="pmsg-shared",
        cores=4,
        placement="cross-module",
        messages=2000,
        seeds=(1,),
        undisturbed=True,
        rows=rows,
    )
    return replace(plain, **changes)


def row(threads: int = 4) -> Row:
    return Row(threads, Side.of([BASELINE]), Side.of([WAKEQ]))


def test_golden(golden):
    golden("compare.txt", render_comparison(comparison(row(2), row(4), row(8))))


def test_json_has_the_keys_that_scripts_read():
    got = json.loads(json.dumps(comparison(row()).to_dict()))["rows"][0]
    assert got["threads"] == 4
    assert got["a"]["variant"] == "baseline"
    assert got["b"]["messages_per_second"] == WAKEQ.messages_per_second
    assert got["a"]["hold_cycles_mean"] == pytest.approx(9_290_000 / 4003)
    assert got["difference_percent"] == pytest.approx(100 * (600_703.4 / 351_234.5 - 1))


def test_means_over_seeds():
    side = Side.of([WAKEQ, replace(WAKEQ, messages_per_second=WAKEQ.messages_per_second + 2)])
    assert side.messages_per_second == pytest.approx(WAKEQ.messages_per_second + 1)


def test_no_division_by_nothing():
    nothing = replace(WAKEQ, messages_per_second=0.0, locks={})
    assert Row(2, Side.of([nothing]), Side.of([WAKEQ])).difference_percent == 0.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"partial": True}, "PARTIAL"), ({"seeds": (1, 2, 3)}, "means over 3 seeds"), ({}, "a reconstruction")],
)
def test_says(changes, words):
    assert words in render_comparison(comparison(row(), **changes))


def test_no_spin_is_said_in_words():
    still = Side.of([WAKEQ])
    assert "No message spin on either side" in render_comparison(comparison(Row(4, still, still)))
