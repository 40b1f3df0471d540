"""Run two variants in pairs, each pair with the same number of threads and the same seed, and compare them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice

from emu.compare.comparison import Comparison, Row, seed_varies
from emu.compare.published import Published, published
from emu.errors import EmuError, UserError
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult
from emu.run.run_kind import RUN
from emu.runner.outcome import Outcome, ShouldStop, never
from emu.runner.runner import Progress, Runner, first_alone, silent
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
    """The rows of a plan, each with its place there and the results of A and of B, as they become complete.

    A row that is not complete is left out: a run of it has failed (`failed` is why), or the wish came to stop. `rest` has what
    there is of the first such row: its plan, and the pairs that are whole.
    """

    def __init__(self, plans: Sequence[RowPlan], runner: Runner, *, progress: Progress, should_stop: ShouldStop) -> None:
        """Nothing is run before somebody asks for a row."""
        self.rest: tuple[RowPlan, list[tuple[RunResult, RunResult]]] | None = None
        self._errors: list[EmuError] = []
        self._plans = plans
        experiments = [experiment for plan in plans for pair in plan.pairs for experiment in pair]
        self._outcomes = runner.run(RUN, experiments, progress=progress, should_stop=should_stop, waves=first_alone())

    @property
    def failed(self) -> EmuError | None:
        """The first error of a run; its message says how many more there are."""
        if len(self._errors) < 2:
            return self._errors[0] if self._errors else None
        more = len(self._errors) - 1
        return type(self._errors[0])(f"{self._errors[0]} (and {more} more {'runs' if more > 1 else 'run'})")

    def __iter__(self) -> Iterator[tuple[int, list[RunResult], list[RunResult]]]:
        """Run them."""
        for place, plan in enumerate(self._plans):
            of_row = list(islice(self._outcomes, 2 * len(plan.pairs)))
            self._note(of_row)
            both = zip(of_row[::2], of_row[1::2], strict=False)
            whole = [(a.result(), b.result()) for a, b in both if a.error is None and b.error is None]
            if len(whole) == len(plan.pairs):
                yield place, [a for a, _ in whole], [b for _, b in whole]
            elif self.rest is None:
                self.rest = plan, whole

    def _note(self, outcomes: Sequence[Outcome[RunResult]]) -> None:
        for error in (each.error for each in outcomes if each.error is not None):
            if isinstance(error, UserError):  # what was asked for is at fault, and would be in every run
                raise error
            self._errors.append(error)


def compare_pairs(
    plans: Sequence[RowPlan], runner: Runner, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> Comparison | None:
    """Run every pair; it has the rows that were complete, or of the first one what there is; None: not even a pair."""
    first = plans[0].pairs[0]
    variants = first[0].variant, first[1].variant
    table = published(first[0].workload, variants)
    runs = RowRuns(plans, runner, progress=progress, should_stop=should_stop)
    done = [(plans[place], a, b) for place, a, b in runs]
    if not done and runs.rest is not None and runs.rest[1]:
        plan, pairs = runs.rest
        done = [(plan, [a for a, _ in pairs], [b for _, b in pairs])]
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
