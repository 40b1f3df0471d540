"""Runs the first pair of each row of a comparison once more, with traces, and takes the census of the lines in them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from emu.compare.comparison import Comparison
from emu.compare.paired import RowPlan
from emu.compare.section_lines import FoundLine, LineKey, SectionLines, Transfers, section_lines
from emu.errors import CheckFailed, EmuError, GuestFault, LimitReached
from emu.run.experiment_spec import Experiment
from emu.run.run_kind import asks, name_of, sound
from emu.runner.kind import Kind
from emu.runner.outcome import ShouldStop, Stopped, WorkerLost, never
from emu.runner.runner import Progress, Runner, silent
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.trace.header import TraceHeader


def with_lines(
    comparison: Comparison,
    plans: Sequence[RowPlan],
    runner: Runner,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Comparison:
    """The comparison, each row with the lines of its first pair; partial if not all of them came to their ends."""
    lines: list[SectionLines] = []
    failed: EmuError | None = None
    try:
        for found in _lines_of_rows(plans[: len(comparison.rows)], runner, progress, should_stop):
            lines.append(found)  # those before one that fails stay
    except (CheckFailed, GuestFault, LimitReached, WorkerLost) as error:
        failed = error
    rows = tuple(replace(row, lines=lines[place] if place < len(lines) else None) for place, row in enumerate(comparison.rows))
    partial = comparison.partial or len(lines) < len(rows)
    return replace(comparison, rows=rows, partial=partial, failed=comparison.failed or failed)


def _lines_of_rows(plans: Sequence[RowPlan], runner: Runner, progress: Progress, should_stop: ShouldStop) -> Iterator[SectionLines]:
    pairs = [plan.pairs[0] for plan in plans]
    experiments = [experiment for pair in pairs for experiment in pair]
    found = runner.run(LINES, experiments, progress=progress, should_stop=should_stop)
    for (experiment, _), a, b in zip(pairs, found, found, strict=False):
        yield section_lines(a.result(), b.result(), seed=experiment.seed, messages=experiment.messages)


def traced_lines(experiment: Experiment, should_stop: ShouldStop = never) -> dict[LineKey, FoundLine]:
    """The lines of a run that is traced for it."""
    from emu.export.line_census import LineCensus
    from emu.run.experiment import run  # loads the engine: in the workers, not in a parent that only waits
    from emu.trace.file import TraceFile

    with TemporaryDirectory(prefix="emu-lines-") as folder:
        path = Path(folder) / "trace"
        result = run(replace(experiment, trace=path), None, should_stop)
        if result.partial and result.stuck is None:
            raise Stopped
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


LINES = Kind("lines", traced_lines, name_of, asks)


def _place(header: TraceHeader, line: int, offset: int) -> tuple[LineKey, str]:
    """The line's key for an access, and the field that is accessed."""
    region = header.region_at(line + offset)
    if region is None:
        return (f"{line:#x}", 0), f"+{offset:#x}"
    kind = region.struct or re.sub(r"/\d+", "", region.name)
    return (kind, line - region.address), header.object_at(line + offset)[len(region.name) :].lstrip(".") or kind
