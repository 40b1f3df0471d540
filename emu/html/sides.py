"""What a page is of: one run or two, each a trace, a result, or both, which belong together by their digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emu.compare.kernel_comparison import short_names
from emu.errors import UserError
from emu.export.line_census import LineCensus, LineUse
from emu.export.walk import Progress
from emu.files import read_bounded
from emu.html.counts import Counts
from emu.html.timeline import Timeline
from emu.html.told import Told, told_of
from emu.run.result import RunResult
from emu.run.saved_result import read_result
from emu.subjects.kernel.saved_region import SavedRegion
from emu.trace.file import MAGIC, TraceFile

SIDES_MAX = 2


@dataclass(slots=True)
class Side:
    """One run. Of a trace there are `timeline`, `counts` and `lines`, once it has been read."""

    name: str
    trace: TraceFile | None
    result: RunResult | SavedRegion | None
    timeline: Timeline | None = None
    lines: tuple[LineUse, ...] = ()

    @property
    def counts(self) -> Counts | None:
        """Sums of the trace."""
        return self.timeline.counts if self.timeline is not None else None

    @property
    def told(self) -> Told | None:
        """What the result adds."""
        return None if self.result is None else told_of(self.result)

    @property
    def item(self) -> str:
        """What is counted: messages, or what the user says that a region of a kernel has."""
        return "message" if self.told is None else self.told.item

    @property
    def items(self) -> int:
        """How many: messages that were delivered."""
        if self.told is not None:
            return self.told.items
        return self.counts.messages if self.counts is not None else 0


def read_sides(paths: Sequence[Path], progress: Progress) -> list[Side]:
    """Read the files; what belongs to one run is one side, in the order in which they were named."""
    by_digest: dict[str, list[TraceFile | RunResult | SavedRegion]] = {}
    for path in paths:
        read = _read(path)
        parts = by_digest.setdefault(read.trace_digest, [])
        if any(type(each) is type(read) for each in parts):
            raise UserError(f"{path}: the same run is named twice; name two runs to compare them")
        parts.append(read)
    if len(by_digest) > SIDES_MAX:
        raise UserError(
            f"{len(by_digest)} runs: a page shows one, or two beside each other; "
            "a result belongs to a trace if both have the same trace_digest"
        )
    sides = [_side(parts) for parts in by_digest.values()]
    _name_apart(sides)
    traced = [(side, side.trace) for side in sides if side.trace is not None]
    total, before = 2 * sum(trace.record_count for _, trace in traced), 0
    for side, trace in traced:
        side.timeline = Timeline(trace)
        side.timeline.read(_part(progress, before, total))
        _same_run(side)
        side.lines = tuple(LineCensus(trace).read(_part(progress, before + trace.record_count, total)))
        before += 2 * trace.record_count
    return sides


def _part(progress: Progress, before: int, total: int) -> Progress:
    """Of something that is a part of the whole."""
    return lambda done, _: progress(before + done, total)


def _read(path: Path) -> TraceFile | RunResult | SavedRegion:
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
    except OSError:
        begin = b""
        read_bounded(path, 1, "run")  # says why it cannot be read
    return TraceFile(path) if begin == MAGIC else read_result(path)


def _side(parts: Sequence[TraceFile | RunResult | SavedRegion]) -> Side:
    trace = next((each for each in parts if isinstance(each, TraceFile)), None)
    result = next((each for each in parts if not isinstance(each, TraceFile)), None)
    if isinstance(result, RunResult):
        return Side(result.variant, trace, result)
    name = trace.header.variant if trace is not None else Path(result.kernel).name if result is not None else ""
    return Side(name, trace, result)


def _name_apart(sides: Sequence[Side]) -> None:
    """Two runs of one variant are told apart by their kernels, their files, or their places."""
    if len(sides) < SIDES_MAX or sides[0].name != sides[1].name:
        return
    kernels = [Path(side.result.kernel) for side in sides if isinstance(side.result, SavedRegion)]
    if len(set(kernels)) == SIDES_MAX:
        for side, name in zip(sides, short_names(*kernels), strict=True):
            side.name = name
        return
    stems = [side.trace.path.stem if side.trace is not None else "" for side in sides]
    for side, own in zip(sides, stems if len({*stems, ""}) > SIDES_MAX else "AB", strict=True):
        side.name = f"{side.name} ({own})"


def _same_run(side: Side) -> None:
    """A result and a trace of one digest come to the same, unless one of the files has been changed."""
    counts, told = side.counts, side.told
    if counts is None or told is None or (side.trace is not None and side.trace.partial):
        return
    if (counts.cycles, [_some(core) for core in counts.cores]) != (told.cycles, [_some(core) for core in told.cores]):
        raise UserError(f"the trace and the result of {side.name} have one digest and different cycles: one has been changed")


def _some(core: Mapping[str, int]) -> dict[str, int]:
    """The states that there are: not every count has the others."""
    return {state: cycles for state, cycles in core.items() if cycles}
