"""Runs the first pair of each row of a comparison once more, with traces, and takes the census of the lines in them."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from emu.compare.comparison import Comparison
from emu.compare.paired import RowPlan
from emu.compare.section_lines import FoundLine, LineKey, SectionLines, Transfers, section_lines
from emu.errors import CheckFailed, EmuError, GuestFault, InternalError, LimitReached
from emu.processes import Stopped, results, workers
from emu.run.experiment_spec import Experiment
from emu.run.parallel import Progress, sound
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.trace.header import TraceHeader


def with_lines(
    comparison: Comparison,
    plans: Sequence[RowPlan],
    *,
    jobs: int,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> Comparison:
    """The comparison, each row with the lines of its first pair; partial if not all of them came to their ends."""
    lines: list[SectionLines] = []
    failed: EmuError | None = None
    try:
        for found in _lines_of_rows(plans[: len(comparison.rows)], jobs, progress, should_stop):
            lines.append(found)  # those before one that fails stay
    except (CheckFailed, GuestFault, LimitReached) as error:
        failed = error
    rows = tuple(replace(row, lines=lines[place] if place < len(lines) else None) for place, row in enumerate(comparison.rows))
    partial = comparison.partial or len(lines) < len(rows)
    return replace(comparison, rows=rows, partial=partial, failed=comparison.failed or failed)


def _lines_of_rows(
    plans: Sequence[RowPlan], jobs: int, progress: Progress, should_stop: Callable[[], bool]
) -> Iterator[SectionLines]:
    pairs = [plan.pairs[0] for plan in plans]
    experiments = [experiment for pair in pairs for experiment in pair]
    progress(0, len(experiments))
    run = _in_processes if min(jobs, len(experiments)) > 1 else _in_turn
    found = run(experiments, jobs, progress, should_stop)
    for (experiment, _), a, b in zip(pairs, found, found, strict=False):
        yield section_lines(a, b, seed=experiment.seed, messages=experiment.messages)


def _in_turn(
    plan: Sequence[Experiment], jobs: int, progress: Progress, should_stop: Callable[[], bool]
) -> Iterator[dict[LineKey, FoundLine]]:
    for done, experiment in enumerate(plan, 1):
        if should_stop():
            return
        found = traced_lines(experiment, should_stop)
        if found is None:
            return
        progress(done, len(plan))
        yield found


def _in_processes(
    plan: Sequence[Experiment], jobs: int, progress: Progress, should_stop: Callable[[], bool]
) -> Iterator[dict[LineKey, FoundLine]]:
    try:
        with workers(min(jobs, len(plan))) as pool:
            calls = [(experiment,) for experiment in plan]
            for found in results(pool, traced_lines, calls, should_stop, lambda done: progress(done, len(plan))):
                assert found is not None, "a worker is not asked to stop"
                yield found
    except Stopped:
        return
    except BrokenProcessPool:
        raise InternalError("a process that had a run to do has died; --jobs 1 shows in which run") from None


def traced_lines(experiment: Experiment, should_stop: Callable[[], bool] = lambda: False) -> dict[LineKey, FoundLine] | None:
    """The lines of a run that is traced for it; None: stopped."""
    from emu.export.line_census import LineCensus
    from emu.run.experiment import run  # loads the engine: in the workers, not in a parent that only waits
    from emu.trace.file import TraceFile

    with TemporaryDirectory(prefix="emu-lines-") as folder:
        path = Path(folder) / "trace"
        result = run(replace(experiment, trace=path), None, should_stop)
        if result.partial and result.stuck is None:
            return None
        if result.stuck is not None and isinstance(result.stuck.error, LimitReached):  # not of cycles: untraced it came to its end
            records = experiment.limits.trace_records
            where = f"{experiment.variant}, {experiment.threads} threads"
            raise LimitReached(f"{where}: a trace has more than {records:,} records, too many for --lines: give fewer --messages")
        sound(experiment, result)
        trace = TraceFile(path)
        header, found = trace.header, dict[LineKey, FoundLine]()
        for line in LineCensus(trace).read(lambda done, total: None):
            for move, count in line.moves.items():
                key, name = _place(header, line.address, move.user.offset)
                each = found.setdefault(key, FoundLine())
                each.fields[name] += count
                under = any(header.locks[lock].name == QUEUE_LOCK for lock in move.locks)
                cycles = line.cycles[move]
                each.transfers.add(Transfers(count, 0, cycles, 0) if under else Transfers(0, count, 0, cycles))
        return found


def _place(header: TraceHeader, line: int, offset: int) -> tuple[LineKey, str]:
    """The line's key for an access, and the field that is accessed."""
    region = header.region_at(line + offset)
    if region is None:
        return (f"{line:#x}", 0), f"+{offset:#x}"
    kind = region.struct or re.sub(r"/\d+", "", region.name)
    return (kind, line - region.address), header.object_at(line + offset)[len(region.name) :].lstrip(".") or kind
