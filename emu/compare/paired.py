"""Run two variants in pairs, each pair with the same number of threads and the same seed, and compare them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice

from emu.compare.comparison import Comparison, Row, seed_varies
from emu.compare.published import Published, published
from emu.errors import CheckFailed, EmuError, GuestFault, LimitReached
from emu.run.experiment_spec import Experiment
from emu.run.parallel import Progress, run_all
from emu.run.result import RunResult
from emu.subjects.ipc_msg.workload.pmsg_shared import COUNTS

Pair = tuple[Experiment, Experiment]


@dataclass(frozen=True, slots=True)
class RowPlan:
    """The pairs of one row, one a seed, in the order of the seeds."""

    threads: int  # as the row is called: of threads, or of pairs of them
    pairs: tuple[Pair, ...]
    counts: str = COUNTS[1]  # what `threads` counts


def plan_rows(numbers: Sequence[int], pair_of: Callable[[int], Pair], *, seeds: int, counts: str) -> list[RowPlan]:
    """A row for each number of threads, or of pairs of them; `pair_of` is asked for A and B with so many threads."""
    rows = []
    for number in numbers:
        a, b = pair_of(2 * number if counts == "pairs" else number)
        pairs = tuple((replace(a, seed=seed), replace(b, seed=seed)) for seed in range(1, seeds + 1))
        rows.append(RowPlan(number, pairs, counts))
    return rows


class RowRuns:
    """The rows of a plan, each with the results of A and of B, as they become complete.

    Afterwards `failed` is the error that ended them early, if it was no wish, and `rest` has the pairs of an incomplete row.
    """

    def __init__(self, plans: Sequence[RowPlan], *, jobs: int, progress: Progress, should_stop: Callable[[], bool]) -> None:
        """Nothing is run before somebody asks for a row."""
        self.failed: EmuError | None = None
        self.rest: list[tuple[RunResult, RunResult]] = []
        self._plans = plans
        experiments = [experiment for plan in plans for pair in plan.pairs for experiment in pair]
        self._results = run_all(experiments, jobs=jobs, progress=progress, should_stop=should_stop)

    def __iter__(self) -> Iterator[tuple[RowPlan, list[RunResult], list[RunResult]]]:
        """Run them."""
        for plan in self._plans:
            of_row: list[RunResult] = []
            try:
                for result in islice(self._results, 2 * len(plan.pairs)):
                    of_row.append(result)
            except (CheckFailed, GuestFault, LimitReached) as error:
                self.failed = error
            if len(of_row) < 2 * len(plan.pairs):
                self.rest = list(zip(of_row[::2], of_row[1::2], strict=False))
                return
            yield plan, of_row[::2], of_row[1::2]


def compare_pairs(
    plans: Sequence[RowPlan], *, jobs: int, progress: Progress, should_stop: Callable[[], bool] = lambda: False
) -> Comparison | None:
    """Run every pair. Ended early it has the rows that were complete, or of the first one what there is; None: not even a pair."""
    first = plans[0].pairs[0]
    variants = first[0].variant, first[1].variant
    table = published(first[0].workload, variants)
    runs = RowRuns(plans, jobs=jobs, progress=progress, should_stop=should_stop)
    done = list(runs)
    if not done and runs.rest:
        done = [(plans[0], [a for a, _ in runs.rest], [b for _, b in runs.rest])]
    if not done:
        if runs.failed is not None:
            raise runs.failed
        return None
    example = done[0][1][0]
    differences = _differences(table, first[0], example, plans[0].counts)
    beside = table.rows if table is not None and not differences else {}
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
        seeds=tuple(a.seed for a in done[0][1]),
        seed_varies=seed_varies(example.placement, example.tick_hz),
        stall_schedule=example.stall_schedule,
        tick_hz=example.tick_hz,
        rows=tuple(Row.of(plan.threads, a, b, beside.get(plan.threads)) for plan, a, b in done),
        overrides=example.overrides,
        published_source=f"{table.machine}: {table.source}" if table is not None and not differences else None,
        another_experiment=differences,
        partial=len(done) < len(plans) or len(done[0][1]) < len(plans[0].pairs),
        failed=runs.failed,
    )


def _differences(table: Published | None, experiment: Experiment, result: RunResult, counts: str) -> tuple[str, ...]:
    """Why the published figures are of another experiment than ours; the machine counts as it was named."""
    if table is None:
        return ()
    ours = {each.name: getattr(result, each.name) for each in fields(result)}
    return table.differences(ours | {"machine": experiment.machine, "counts": counts})
