"""A region with names: the keys of `--json`, sums that must be exact, rates and shares."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bench.report.canned_kernel import BY_CORE, CYCLES, MEASURED, places
from emu.errors import InternalError
from emu.subjects.kernel.result import detail_result
from emu.subjects.kernel.vectors import by_kind, vector_name

RESULT = detail_result(MEASURED, places(), ("something is not seen",), items=1600)
KEYS = (
    "cores", "cycles", "seconds", "instructions", "mips", "trace_digest", "cycles_by_state", "estimated_cost_share",
    "items_per_second", "locks", "wakeups", "interprocessor_interrupts", "context_switches", "coherence", "tasks", "lines",
)  # fmt: skip
LOCK_KEYS = (
    "name", "kind", "acquisitions", "contended", "wait_cycles", "wait_cycles_max", "hold_cycles", "hold_cycles_max",
    "spin_iterations", "call_sites",
)  # fmt: skip


def test_what_json_prints() -> None:
    found: dict[str, Any] = json.loads(json.dumps(RESULT.to_dict()))
    assert [key for key in KEYS if key not in found] == []
    assert sum(found["cycles_by_state"].values()) == found["cores"] * found["cycles"]
    assert found["seconds"] == pytest.approx(CYCLES / 3.5e9)
    assert found["items_per_second"] == pytest.approx(1600 / found["seconds"])
    assert (found["mips"], found["context_switches"]) == (4.0, 3210)
    assert found["wakeups"] == {
        "total": 1650,
        "under_locks": {
            "lock taken by do_msgrcv, do_msgsnd": 1590,
            "lock taken by __wake_up_common_lock, prepare_to_wait_event, finish_wait": 20,
        },
    }
    assert found["interprocessor_interrupts"] == {"reschedule": 1500, "call_function_single": 12}
    assert found["interrupts"] == {"reschedule": 1500, "page_fault": 33, "local_timer": 4}
    assert [(task["comm"], task["pid"]) for task in found["tasks"]] == [("pmsg", 42), ("pmsg", 41), ("swapper/0", 0)]
    for lock in found["locks"]:
        assert [key for key in LOCK_KEYS if key not in lock] == []
    queue = found["locks"][0]
    assert (queue["acquisitions"], queue["wait_cycles"], queue["wait_cycles_max"]) == (3210, 3_000_000, 12_345)
    assert [site["site"] for site in queue["call_sites"]][:2] == ["do_msgsnd+0x9c", "do_msgrcv+0x130"]
    assert queue["call_sites"][0]["hold_cycles_mean"] == 625


def test_estimated_costs() -> None:
    assert RESULT.estimated_cost_share == pytest.approx((1000 + 66) / 2_000_000)
    assert list(RESULT.estimated_costs.items())[:3] == [("fxsave64", 900), ("rdpmc", 100), ("v11", 11)]
    assert len(RESULT.estimated_costs) == 10


def test_lines_go_by_what_is_there() -> None:
    assert [(line.name, line.lines, line.moves, line.locks) for line in RESULT.lines] == [
        ("line of lock taken by do_msgrcv, do_msgsnd", 1, 8000, ("lock taken by do_msgrcv, do_msgsnd",)),
        (
            "line of lock taken by __wake_up_common_lock, prepare_to_wait_event, finish_wait", 2, 500,
            ("lock taken by __wake_up_common_lock, prepare_to_wait_event, finish_wait",),
        ),
        ("jiffies", 1, 90, ()),
        ("tasklist_lock", 1, 70, ("tasklist_lock",)),
        ("0x4234000", 1, 12, ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"cycles": CYCLES + 1},
        {"cores": 3},
        {"cycles_by_state": {**MEASURED.cycles_by_state, "idle": 0}},
        {"cycles_by_core": (*BY_CORE[:3], {**BY_CORE[3], "user": 0})},
        {"cycles_by_core": ({**BY_CORE[0], "user": 0}, {**BY_CORE[1], "user": 300_000}, *BY_CORE[2:])},  # right in all
    ],
)
def test_states_that_do_not_sum_are_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(InternalError, match="sum to"):
        detail_result(replace(MEASURED, **wrong), places())


def test_a_region_of_nothing() -> None:
    nothing = dict.fromkeys(BY_CORE[0], 0)
    empty = detail_result(
        replace(
            MEASURED, cycles=0, instructions=0, host_seconds=0.0, cycles_by_state=nothing, cycles_by_core=(nothing,) * 4,
            estimated={}, locks=(), events={}, lines=(), tasks=(),
        ),
        places(),
        items=5,
    )  # fmt: skip
    assert (empty.items_per_second, empty.mips, empty.estimated_cost_share, empty.wakeups) == (None, 0.0, 0.0, 0)
    assert detail_result(MEASURED, places()).items_per_second is None


@pytest.mark.parametrize(
    ("vector", "name"),
    [
        (0xFD, "reschedule"), (0xFC, "call_function"), (0xFB, "call_function_single"), (0xF6, "irq_work"), (0xF8, "reboot"),
        (0xEC, "local_timer"), (0x34, "isa_irq_4"), (0x55, "vector_0x55"), (14, "page_fault"), (4, "exception_0x04"),
    ],
)  # fmt: skip
def test_vectors(vector: int, name: str) -> None:
    assert vector_name(vector) == name


def test_every_vector_has_a_word_of_its_own() -> None:
    assert len(by_kind(dict.fromkeys(range(256), 1))) == 256
