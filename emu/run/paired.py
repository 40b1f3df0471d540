"""Run two variants in pairs, each pair with the same number of threads and the same seed, and compare them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice

from emu.run.comparison import Comparison, Row, seed_varies
from emu.run.experiment_spec import Experiment
from emu.run.parallel import Progress, run_all
from emu.run.published import Published, published
from emu.run.result import RunResult
from emu.subjects.ipc_msg.workload.pmsg_shared import COUNTS

Pair = tuple[Experiment, Experiment]


@dataclass(frozen=True, slots=True)
class RowPlan:
    """The pairs of one row, one a seed, in the order of the seeds."""

    threads: int  # as the row is called: of threads, or of pairs of them
    pairs: tuple[Pair, ...]
    counts: str = COUNTS[1]  # what `threads` counts


def compare_pairs(
    plans: Sequence[RowPlan], *, jobs: int, progress: Progress, should_stop: Callable[[], bool] = lambda: False
) -> Comparison | None:
    """Run every pair; stopped early it has the rows that were complete, and is None when not even one was."""
    first = plans[0].pairs[0]
    variants = first[0].variant, first[1].variant
    table = published(first[0].workload, variants)
    rows: list[Row] = []
    example: RunResult | None = None
    differences: tuple[str, ...] = ()
    for plan, a, b in run_rows(plans, jobs=jobs, progress=progress, should_stop=should_stop):
        if example is None:
            example = a[0]
            differences = _differences(table, first[0], example, plan.counts)
        beside = table.rows.get(plan.threads) if table is not None and not differences else None
        rows.append(Row.of(plan.threads, a, b, beside))
    if example is None:
        return None
    return Comparison(
        variants=variants,
        machine=example.machine,
        workload=example.workload,
        cores=example.cores,
        placement=example.placement,
        queues=example.queues,
        types=example.types,
        reading=example.reading,
        counts=plans[0].counts,
        messages=example.messages_wanted,
        seeds=tuple(a.seed for a, _ in plans[0].pairs),
        seed_varies=seed_varies(example.placement, example.tick_hz),
        stall_schedule=example.stall_schedule,
        tick_hz=example.tick_hz,
        rows=tuple(rows),
        overrides=example.overrides,
        published_source=f"{table.machine}: {table.source}" if table is not None and not differences else None,
        another_experiment=differences,
        partial=len(rows) < len(plans),
    )


def _differences(table: Published | None, experiment: Experiment, result: RunResult, counts: str) -> tuple[str, ...]:
    """Why the published figures are of another experiment than ours; the machine counts as it was named."""
    if table is None:
        return ()
    ours = {each.name: getattr(result, each.name) for each in fields(result)}
    return table.differences(ours | {"machine": experiment.machine, "counts": counts})


def run_rows(
    plans: Sequence[RowPlan], *, jobs: int, progress: Progress, should_stop: Callable[[], bool]
) -> Iterator[tuple[RowPlan, list[RunResult], list[RunResult]]]:
    """Each row with the results of A and of B, as rows become complete; a row that was stopped is left out."""
    experiments = [experiment for plan in plans for pair in plan.pairs for experiment in pair]
    results = run_all(experiments, jobs=jobs, progress=progress, should_stop=should_stop)
    for plan in plans:
        of_row = list(islice(results, 2 * len(plan.pairs)))
        if len(of_row) < 2 * len(plan.pairs):
            return
        yield plan, of_row[::2], of_row[1::2]
