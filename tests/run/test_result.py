"""A run's result: the keys that scripts read."""

import json

from bench.report.canned import STALLED, WAKEQ
from emu.run.result import StateCycles

DESIGNED = """schema variant machine workload cores threads seed messages cycles seconds messages_per_second
instructions host_seconds mips trace_digest cycles_by_state message_spin locks wakeups interprocessor_interrupts
context_switches coherence outcomes"""


def test_designed_keys_are_there():
    got = json.loads(json.dumps(STALLED.to_dict()))
    assert set(DESIGNED.split()) <= set(got)
    assert list(got["cycles_by_state"]) == [
        "user", "kernel", "scheduler", "interrupt", "lock_wait", "message_spin", "stall", "idle",
    ]  # fmt: skip
    assert list(got["message_spin"]) == ["entries", "iterations", "cycles"]
    assert list(got["locks"]["q_perm.lock"]) == [
        "acquisitions", "contended", "wait_cycles", "wait_cycles_max", "hold_cycles", "hold_cycles_max",
        "spin_iterations",
    ]  # fmt: skip
    assert list(got["wakeups"]) == [
        "total", "under_queue_lock", "after_unlock", "to_idle", "to_running", "found_awake", "under_way",
    ]  # fmt: skip
    counted = ["transfers_within_module", "transfers_across_modules", "upgrades", "memory_reads", "transfers_near", "l3_hits"]
    assert list(got["coherence"]) == counted
    assert got["stalls"] == {"handoff_window": {"count": 50, "cycles": 1_000_000}}
    assert got["stall_schedule"] == [{"point": "handoff_window", "cycles": 20_000, "every": 10}]


def test_states_sum_over_cores():
    assert WAKEQ.cycles_by_state.total == WAKEQ.cores * WAKEQ.cycles
    assert StateCycles.of(range(8)).idle == 7


def test_means_of_nothing():
    from emu.run.result import LockUse

    assert LockUse().wait_cycles_mean == LockUse().hold_cycles_mean == 0.0
