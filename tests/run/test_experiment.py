"""Whole runs: they end, lose nothing, are the same every time, and account for every cycle."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bench.processes import environment
from emu.run.experiment import prepare, run
from emu.run.experiment_spec import Experiment, Stall
from emu.run.result import RunResult
from emu.trace.file import Records, TraceFile
from emu.trace.record import Access, Kind, State

VARIANTS = ("baseline", "wakeq", "baseline-ticket")
LOCK_FIGURES = ("acquisitions", "contended", "wait_cycles", "hold_cycles")
SHAPES = [(1, 2), (1, 4), (2, 2), (4, 4), (4, 8), (4, 32), (8, 8), (16, 16), (16, 2)]  # cores, threads


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


def digests_in_a_fresh_process(variants: Iterable[str], *, jit: bool = True, **size: int) -> dict[str, str]:
    """The digest of a run of each variant, made by a process of its own."""
    program = (
        "from emu.run.experiment import run\nfrom emu.run.experiment_spec import Experiment\n"
        f"for variant in {tuple(variants)!r}:\n    print(variant, run(Experiment(variant=variant, **{size!r})).trace_digest)"
    )
    compiling = environment(NUMBA_DISABLE_JIT="0" if jit else "1")
    done = subprocess.run([sys.executable, "-c", program], env=compiling, capture_output=True, check=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("processes", [1, pytest.param(3, marks=pytest.mark.deep)])
def test_fresh_processes_agree(processes: int) -> None:
    here = {variant: run_of(variant).trace_digest for variant in VARIANTS}
    for _ in range(processes):
        assert digests_in_a_fresh_process(VARIANTS, cores=4, threads=4, messages=120) == here


@pytest.mark.parametrize(
    ("variants", "cores", "messages"), [(["baseline"], 2, 2), pytest.param(VARIANTS, 4, 12, marks=pytest.mark.deep)]
)
def test_plain_python_agrees(variants: Sequence[str], cores: int, messages: int) -> None:
    size = {"cores": cores, "threads": cores, "messages": messages}
    compiled = {variant: run_of(variant, **size).trace_digest for variant in variants}
    assert digests_in_a_fresh_process(variants, jit=False, **size) == compiled


@pytest.mark.parametrize("variant", VARIANTS)
def test_how_cores_take_turns_changes_nothing(variant: str) -> None:
    from emu.run.experiment import drive_to_end

    experiment = Experiment(variant=variant, messages=120)
    ways: list[dict[str, bool]] = [{"run_ahead": False}, {"interpret": False}, {"park": False}]
    digests = {drive_to_end(prepare(experiment, **way)).trace_digest for way in ways}
    assert digests == {run_of(variant).trace_digest}


@pytest.mark.parametrize("tick_hz", [0, 100_000])
@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_parked_cores_change_nothing(variant: str, tick_hz: int) -> None:
    from emu.run.experiment import drive_to_end

    experiment = Experiment(variant=variant, cores=10, threads=20, messages=30, tick_hz=tick_hz)
    setups = [prepare(experiment, park=park) for park in (True, False)]
    parked, each = (drive_to_end(setup) for setup in setups)
    assert parked.trace_digest == each.trace_digest
    assert parked.locks == each.locks
    assert setups[0].machine.record["turns"] < setups[1].machine.record["turns"]


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


class Traced(NamedTuple):
    """A run that was disturbed enough to have waits of every kind, and its trace in the order of time."""

    result: RunResult
    trace: TraceFile
    records: Records


@cache
def traced(variant: str, folder: Path) -> Traced:
    path = folder / f"{variant}.trace"
    result = run(Experiment(variant=variant, messages=120, trace=path, stalls=(Stall("handoff_window", 5000, 7),), tick_hz=10_000))
    trace = TraceFile(path)
    return Traced(result, trace, in_time(trace.records()))


def in_time(records: Records) -> Records:
    return records[np.argsort(records["cycle"], kind="stable")]


def lock_totals(events: Records, end: int) -> dict[str, int]:
    """Waits and holds of one lock, from its events alone."""
    total = dict.fromkeys(LOCK_FIGURES, 0)
    taken: int | None = None
    waiting: dict[int, int] = {}
    for event in events:
        core, cycle = int(event["core"]), int(event["cycle"])
        if event["kind"] == Kind.LOCK_CONTENDED:
            total["contended"] += 1
            waiting[core] = cycle
        elif event["kind"] == Kind.LOCK_ACQUIRED:
            total["acquisitions"] += 1
            total["wait_cycles"] += cycle - waiting.pop(core, cycle)
            assert taken is None, "a lock is taken while it is held"
            taken = cycle
        else:
            assert taken is not None, "a lock is released while it is free"
            total["hold_cycles"] += cycle - taken
            taken = None
    if taken is not None:  # it was held when the run ended, or its release was on its way
        total["hold_cycles"] += end - taken
    return total


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_trace_tells_the_same_of_the_locks(variant: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    result, trace, records = traced(variant, tmp_path_factory.getbasetemp())
    by_class: dict[str, Counter[str]] = {lock.name: Counter() for lock in trace.header.locks}
    events = records[np.isin(records["kind"], [Kind.LOCK_ACQUIRED, Kind.LOCK_CONTENDED, Kind.LOCK_RELEASED])]
    for index in np.unique(events["detail"]):
        by_class[trace.header.locks[index].name].update(lock_totals(events[events["detail"] == index], result.cycles))
    for name, total in by_class.items():
        use = result.locks[name]
        assert {key: total[key] for key in LOCK_FIGURES} == {key: getattr(use, key) for key in LOCK_FIGURES}, name


def test_ticket_locks_are_had_in_the_order_of_their_tickets(tmp_path_factory: pytest.TempPathFactory) -> None:
    """From the stores to the lock words: who drew which ticket, and whether it was already served then."""
    result, trace, records = traced("baseline-ticket", tmp_path_factory.getbasetemp())
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
    result, _, records = traced(variant, tmp_path_factory.getbasetemp())
    retired = records[records["kind"] == Kind.INSTRUCTION]
    assert len(retired) == result.instructions
    stalled = int(records["value"][records["kind"] == Kind.STALL].sum())
    assert stalled == result.cycles_by_state.stall > 0
    states = result.cycles_by_state
    for state, counted in ((State.USER, states.user), (State.LOCK_WAIT, states.lock_wait), (State.SPIN, states.message_spin)):
        cycles = int(retired["cost"][retired["state"] == state].sum())
        assert abs(cycles - counted) <= 4 * 1000  # the end of each core's account


@pytest.mark.parametrize("variant", VARIANTS)
def test_tracing_changes_nothing(variant: str, tmp_path: Path) -> None:
    result = run(Experiment(variant=variant, messages=120, trace=tmp_path / "t"))
    assert result.trace_digest == run_of(variant).trace_digest


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
    records = in_time(trace.records())
    works = (records["kind"] == Kind.INSTRUCTION) & np.isin(records["state"], (State.USER, State.KERNEL))
    records = records[works | (records["kind"] == Kind.MARK)]
    columns = (records[name].tolist() for name in ("kind", "task", "cycle", "detail", "value", "cost"))
    for kind, task, cycle, detail, value, cost in zip(*columns, strict=True):
        if kind == Kind.MARK and value in task_of:
            name, woken = trace.header.marks[detail], task_of[value]
            if name == "wakeup":
                began[woken] = cycle
            elif name == "woken":
                since[woken] = began[woken]
            elif name == "context_switch" and woken in since:
                arriving[woken] = since.pop(woken)
        elif kind == Kind.INSTRUCTION and task in arriving:
            latencies.append(cycle - cost - arriving.pop(task))
    assert result.wakeup_latency is not None
    assert result.wakeup_latency.count == len(latencies) > 60
    assert result.wakeup_latency.cycles == sum(latencies)
    assert result.wakeup_latency.cycles_max == max(latencies)


def test_every_busy_cycle_has_one_cause() -> None:
    result = run_of("baseline")
    states = result.cycles_by_state
    waited = states.lock_wait + states.message_spin + states.stall + states.idle
    assert sum(result.cycles_by_cause.values()) + waited == result.cores * result.cycles
