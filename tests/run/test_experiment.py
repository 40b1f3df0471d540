"""Whole runs: they end, lose nothing, are the same every time, and account for every cycle."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from emu.errors import LimitReached
from emu.observe.trace_file import TraceFile
from emu.run.experiment import prepare, run
from emu.run.experiment_spec import Experiment, Limits, Stall
from emu.run.result import RunResult
from emu.trace_record import Access, Kind, State

VARIANTS = ("baseline", "wakeq", "baseline-ticket")
SHAPES = [(1, 2), (1, 4), (2, 2), (4, 4), (4, 8), (4, 32), (8, 8), (16, 16), (16, 2)]


@cache
def run_of(variant: str, cores: int = 4, threads: int = 4, messages: int = 120, **more: object) -> RunResult:
    return run(Experiment(variant=variant, cores=cores, threads=threads, messages=messages, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("cores", "threads"), SHAPES)
def test_runs_end_with_every_message_delivered_once(variant: str, cores: int, threads: int) -> None:
    """The receivers check payload and order; `check_finished` checks counts and the empty queue at the end of each run."""
    result = run_of(variant, cores, threads)
    assert result.outcomes["delivered"] == result.messages == 120
    assert result.outcomes["handed_over"] + result.outcomes["enqueued"] == 120
    assert not result.partial


@pytest.mark.parametrize("placement", ["cross-module", "same-module", "same-core", "unpinned"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_placements(variant: str, placement: str) -> None:
    assert run_of(variant, placement=placement).messages == 120


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("cores", "threads"), SHAPES)
def test_every_cycle_has_one_state(variant: str, cores: int, threads: int) -> None:
    result = run_of(variant, cores, threads)
    assert [core.total for core in result.cycles_by_core_and_state] == [result.cycles] * cores
    assert result.cycles_by_state.total == cores * result.cycles


def digest_in_a_fresh_process(variant: str, *, jit: bool = True, messages: int = 120, cores: int = 4) -> str:
    program = (
        "from emu.run.experiment import run\nfrom emu.run.experiment_spec import Experiment\n"
        f"print(run(Experiment(variant={variant!r}, cores={cores}, messages={messages})).trace_digest)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if jit else "1"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("variant", VARIANTS)
def test_fresh_processes_agree(variant: str) -> None:
    assert {digest_in_a_fresh_process(variant) for _ in range(5)} == {run_of(variant).trace_digest}


@pytest.mark.parametrize("variant", VARIANTS)
def test_plain_python_agrees(variant: str) -> None:
    compiled = digest_in_a_fresh_process(variant, messages=4, cores=2)
    assert digest_in_a_fresh_process(variant, jit=False, messages=4, cores=2) == compiled


@pytest.mark.parametrize("variant", VARIANTS)
def test_run_ahead_changes_nothing(variant: str) -> None:
    from emu.run.experiment import drive_to_end

    experiment = Experiment(variant=variant, messages=120)
    digests = {drive_to_end(prepare(experiment, run_ahead=ahead)).trace_digest for ahead in (True, False)}
    assert digests == {run_of(variant).trace_digest}


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_seed_is_another_run(variant: str) -> None:
    assert run_of(variant, seed=2).trace_digest != run_of(variant).trace_digest


def test_the_variants_differ() -> None:
    assert run_of("baseline").trace_digest != run_of("wakeq").trace_digest


def test_the_effect_of_the_patch() -> None:
    before, after = run_of("baseline", messages=400), run_of("wakeq", messages=400)
    assert before.wakeups.under_queue_lock == before.outcomes["handed_over"]
    assert after.wakeups.under_queue_lock == 0
    assert before.locks["q_perm.lock"].hold_cycles_mean >= 3 * after.locks["q_perm.lock"].hold_cycles_mean
    assert before.message_spin.iterations <= 4  # undisturbed, receivers all but never spin


@cache
def traced(variant: str, folder: Path) -> tuple[RunResult, TraceFile]:
    path = folder / f"{variant}.trace"
    result = run(Experiment(variant=variant, messages=120, trace=path, stalls=(Stall("handoff_window", 5000, 7),), tick_hz=10_000))
    return result, TraceFile(path)


def lock_totals(records: "np.ndarray", names: Iterable[str]) -> dict[str, dict[str, int]]:  # type: ignore[type-arg]
    """Waits and holds by lock class, from the trace's events alone."""
    classes = list(names)
    totals = {name: dict.fromkeys(("acquisitions", "contended", "wait_cycles", "hold_cycles"), 0) for name in classes}
    taken: dict[int, int] = {}
    waiting: dict[tuple[int, int], int] = {}
    events = records[np.isin(records["kind"], [Kind.LOCK_ACQUIRED, Kind.LOCK_CONTENDED, Kind.LOCK_RELEASED])]
    for event in events:
        lock, core, cycle = int(event["detail"]), int(event["core"]), int(event["cycle"])
        total = totals[classes[lock]] if lock < len(classes) else {}
        if event["kind"] == Kind.LOCK_CONTENDED:
            total["contended"] += 1
            waiting[core, lock] = cycle
        elif event["kind"] == Kind.LOCK_ACQUIRED:
            total["acquisitions"] += 1
            total["wait_cycles"] += cycle - waiting.pop((core, lock), cycle)
            assert lock not in taken, "a lock is taken while it is held"
            taken[lock] = cycle
        else:
            total["hold_cycles"] += cycle - taken.pop(lock)
    assert len(taken) <= 1  # a release that was on its way when the run ended is in nobody's account
    return totals


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_trace_tells_the_same_of_the_locks(variant: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    result, trace = traced(variant, tmp_path_factory.getbasetemp())
    names = [lock.name for lock in trace.header.locks]
    by_class: dict[str, dict[str, int]] = {}
    for name in dict.fromkeys(names):
        by_class[name] = dict.fromkeys(("acquisitions", "contended", "wait_cycles", "hold_cycles"), 0)
    records = trace.records()
    order = np.argsort(records["cycle"], kind="stable")
    for index, name in enumerate(names):
        mine = records[order][records[order]["detail"] == index]
        total = lock_totals(mine, [*[""] * index, name])[name]
        for key, value in total.items():
            by_class[name][key] += value
    for name, total in by_class.items():
        use = result.locks[name]
        assert total == {key: getattr(use, key) for key in total}, name


def test_ticket_locks_are_had_in_the_order_of_their_tickets(tmp_path_factory: pytest.TempPathFactory) -> None:
    """From the stores to the lock words: who drew which ticket, and whether it was already served then."""
    result, trace = traced("baseline-ticket", tmp_path_factory.getbasetemp())
    records = trace.records()
    records = records[np.argsort(records["cycle"], kind="stable")]
    retired = records[(records["kind"] == Kind.INSTRUCTION) & (records["access"] == Access.READ_MODIFY_WRITE)]
    contended = dict.fromkeys(result.locks, 0)
    for index, lock in enumerate(trace.header.locks):
        draws = retired[(retired["address"] == lock.address) & (retired["size"] == 4)]
        words = sorted((int(each["value"]) >> 16, int(each["value"]) & 0xFFFF, int(each["core"])) for each in draws)
        assert [tail for tail, _, _ in words] == list(range(1, len(words) + 1)), lock.name
        had = records[(records["kind"] == Kind.LOCK_ACQUIRED) & (records["detail"] == index)]
        assert [core for _, _, core in words][: len(had)] == [int(each["core"]) for each in had], lock.name
        assert len(words) - len(had) <= 1, "the last may still be at its first instruction"
        contended[lock.name] += sum(tail != head + 1 for tail, head, _ in words)
    assert contended == {name: use.contended for name, use in result.locks.items()}
    assert contended["q_perm.lock"] > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_trace_tells_the_same_of_every_cycle(variant: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    result, trace = traced(variant, tmp_path_factory.getbasetemp())
    records = trace.records()
    retired = records[records["kind"] == Kind.INSTRUCTION]
    assert len(retired) == result.instructions
    stalled = int(records["value"][records["kind"] == Kind.STALL].sum())
    assert stalled == result.cycles_by_state.stall > 0
    for state in (State.USER, State.LOCK_WAIT, State.SPIN):
        cycles = int(retired["cost"][retired["state"] == state].sum())
        assert abs(cycles - getattr(result.cycles_by_state, state.name.lower())) <= 4 * 1000  # the end of each core's account


@pytest.mark.parametrize("variant", VARIANTS)
def test_tracing_changes_nothing(variant: str, tmp_path: Path) -> None:
    result = run(Experiment(variant=variant, messages=120, trace=tmp_path / "t"))
    assert result.trace_digest == run_of(variant).trace_digest


def test_a_run_that_does_not_end_is_stopped() -> None:
    with pytest.raises(LimitReached, match=r"core 0 .* in \w+\+0x"):
        run(Experiment(messages=1000, limits=Limits(cycles=200_000)))


def test_stopping_early_gives_a_partial_result() -> None:
    result = run(Experiment(messages=5000), should_stop=lambda: True)
    assert result.partial
    assert result.messages < 5000
    assert result.cycles_by_state.total == 4 * result.cycles


def test_results_are_plain_json() -> None:
    plain = run_of("wakeq").to_dict()
    assert json.loads(json.dumps(plain)) == plain


@pytest.mark.parametrize("threads", [4, 8])
@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_wakeup_latency_is_that_of_the_trace(variant: str, threads: int, tmp_path: Path) -> None:
    result = run(Experiment(variant=variant, threads=threads, messages=60, trace=tmp_path / "t.trace"))
    trace = TraceFile(tmp_path / "t.trace")
    task_of = {task.pointer: index for index, task in enumerate(trace.header.tasks)}
    began: dict[int, int] = {}
    since: dict[int, int] = {}
    arriving: dict[int, int] = {}  # task: when its wakeup began
    latencies = []
    records = trace.records()
    for record in records[np.argsort(records["cycle"], kind="stable")]:
        task, cycle = int(record["task"]), int(record["cycle"])
        if record["kind"] == Kind.MARK and int(record["value"]) in task_of:
            name, woken = trace.header.marks[record["detail"]], task_of[int(record["value"])]
            if name == "wakeup":
                began[woken] = cycle
            elif name == "woken":
                since[woken] = began[woken]
            elif name == "context_switch" and woken in since:
                arriving[woken] = since.pop(woken)
        elif record["kind"] == Kind.INSTRUCTION and task in arriving and record["state"] in (State.USER, State.KERNEL):
            latencies.append(cycle - int(record["cost"]) - arriving.pop(task))
    assert result.wakeup_latency is not None
    assert result.wakeup_latency.count == len(latencies) > 60
    assert result.wakeup_latency.cycles == sum(latencies)
    assert result.wakeup_latency.cycles_max == max(latencies)


def test_every_busy_cycle_has_one_cause() -> None:
    result = run_of("baseline")
    states = result.cycles_by_state
    waited = states.lock_wait + states.message_spin + states.stall + states.idle
    assert sum(result.cycles_by_cause.values()) + waited == result.cores * result.cycles
