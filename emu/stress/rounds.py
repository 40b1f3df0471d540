"""A whole test: rounds with different machines and programs, in this process or in several, until one fails."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from emu.description import machine_digest
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop, never
from emu.runner.runner import Runner
from emu.stress.case import Case, Shape, Violation, machine_file
from emu.stress.operations import LAYOUTS, random_case
from emu.stress.plan import Plan
from emu.stress.reduce import reduce_case

ROUND = 10_000  # operations
CHECK_EVERY = 64  # operations between two checks of everything; what an operation touches is checked at once
CORES = (2, 3, 4, 6, 8, 12, 16)
BATCH = 16  # rounds that a process is given between two looks at Ctrl-C


@dataclass(frozen=True, slots=True)
class Failure:
    """The first round that failed, reduced."""

    round: int
    operations: int  # of the program as it failed
    case: Case
    violation: Violation


@dataclass(frozen=True, slots=True)
class Result:
    """What a test did. `partial`: it was asked to stop."""

    plan: Plan
    rounds: int
    counts: Counter[str]
    seconds: float
    failure: Failure | None
    partial: bool


@dataclass(frozen=True, slots=True)
class Round:
    """One program's counts, and whether it failed."""

    counts: Counter[str]
    failed: bool


def shapes(own: Shape, *, with_l3: bool) -> tuple[Shape, ...]:
    """The machine as it is, and four that are harder on one thing each."""
    small_l3, least_l3 = ((2, 4), (1, 1)) if with_l3 else (None, None)
    return (
        own,
        replace(own, l1=(2, 2), l2=(4, 2), l3=small_l3),  # evictions all the time
        replace(own, cores_per_module=1, requests=1),  # long queues: every line comes from afar, one at a time
        replace(own, cores_per_module=4, depth=4, requests=2),  # stalls, and siblings
        Shape((1, 1), (2, 1), 1, 1, 1, least_l3),  # the least there can be
    )


def round_case(plan: Plan, index: int) -> Case:
    """The program of a round: shapes, layouts and numbers of cores take turns."""
    machine = machine_file(plan.machine)
    choices = shapes(Shape.of(machine), with_l3=machine.l3 is not None)
    shape, layout = choices[index % len(choices)], LAYOUTS[index // len(choices) % len(LAYOUTS)]
    return random_case(
        plan.machine,
        shape,
        cores=plan.cores or CORES[index % len(CORES)],
        layout_name=layout,
        lines=plan.lines,
        count=min(ROUND, plan.operations - index * ROUND),
        seed=(plan.seed, index),
    )


def run_round(call: tuple[Plan, int], should_stop: ShouldStop = never) -> Round:
    """Run one round of a plan."""
    plan, index = call
    outcome = round_case(plan, index).run(check_every=CHECK_EVERY)
    return Round(Counter(outcome.counts), outcome.violation is not None)


def run_plan(plan: Plan, runner: Runner, should_stop: ShouldStop = never) -> Result:
    """Run rounds until all are done, one fails (it is reduced) or `should_stop` says so."""
    run_round((replace(plan, operations=1), 0))  # compiled before the clock starts
    begin = time.perf_counter()
    counts: Counter[str] = Counter()
    rounds = 0
    for done in _in_order(plan, -(-plan.operations // ROUND), runner, should_stop):
        counts.update(done.counts)
        rounds += 1
        if done.failed:
            seconds = time.perf_counter() - begin
            case, violation = reduce_case(round_case(plan, rounds - 1), should_stop)
            failure = Failure(rounds - 1, done.counts["operations"], case, violation)
            return Result(plan, rounds, counts, seconds, failure, partial=False)
    seconds = time.perf_counter() - begin
    return Result(plan, rounds, counts, seconds, None, partial=counts["operations"] < plan.operations)


def _asks(call: tuple[Plan, int]) -> dict[str, Any]:
    plan, index = call
    return {"machine_file": machine_digest(plan.machine), **asdict(plan), "round": index}


ROUNDS = Kind("stress", run_round, lambda call: f"round {call[1]}", _asks, Keeping.typed(lambda: Round))


def _in_order(plan: Plan, rounds: int, runner: Runner, should_stop: ShouldStop) -> Iterator[Round]:
    """The rounds in order, so that the first failure is the same one wherever they are run."""
    batch = BATCH * runner.width
    batches = ([(plan, index) for index in range(first, min(rounds, first + batch))] for first in range(0, rounds, batch))
    for outcome in runner.run_batches(ROUNDS, batches, should_stop):
        yield outcome.result()
