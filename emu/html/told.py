"""What a result adds to the page, whichever command printed it: a rate, cycles by cause, and its own report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import RenderableType

from emu.compare.comparison import cycles_by_cause
from emu.report.kernel_report import locks_grid
from emu.report.run_report import run_parts
from emu.report.states import states_grid
from emu.run.result import RunResult
from emu.subjects.kernel.saved_region import SavedRegion

STATES_OF_NO_CAUSE = ("lock_wait", "spin", "stall", "idle")


@dataclass(frozen=True, slots=True)
class Told:
    """Of one run."""

    about: str  # machine, cores, seed
    item: str  # what the rate counts
    items: int
    rate: float | None  # items a second
    cycles: int  # elapsed
    cores: Sequence[Mapping[str, int]]  # cycles by state
    causes: Mapping[str, int]  # cycles of all cores by cause, and of the states that have none

    @property
    def states(self) -> dict[str, int]:
        """Cycles of all cores by state."""
        return {name: sum(core.get(name, 0) for core in self.cores) for name in (self.cores[0] if self.cores else ())}


def told_of(result: RunResult | SavedRegion) -> Told:
    """What a result tells."""
    if isinstance(result, RunResult):
        return Told(
            about=f"{result.machine}, {result.cores} cores, seed {result.seed}",
            item="message",
            items=result.messages,
            rate=result.messages_per_second,
            cycles=result.cycles,
            cores=[core.to_dict() for core in result.cycles_by_core_and_state],
            causes=cycles_by_cause(result),
        )
    return _of_region(result)


def _of_region(region: SavedRegion) -> Told:
    without_cause = {
        state: sum(core.get(state, 0) for core in region.cycles_by_core)
        for state in STATES_OF_NO_CAUSE
        if any(core.get(state) for core in region.cycles_by_core)
    }
    return Told(
        about=f"{region.machine}, {len(region.cycles_by_core)} cores",
        item="item",
        items=region.items or 0,
        rate=region.items_per_second,
        cycles=region.cycles,
        cores=region.cycles_by_core,
        causes={**region.cycles_by_cause, **without_cause},
    )


def report_of(result: RunResult | SavedRegion) -> tuple[str, Iterable[RenderableType]]:
    """The title of its own report, and that in parts."""
    if isinstance(result, RunResult):
        return "The report of emu run", run_parts(result)
    return "The report of emu boot: sleeping locks, too", _region_parts(result)


def _region_parts(region: SavedRegion) -> Iterator[RenderableType]:
    shown = [state for state in region.cycles_by_core[0] if any(core[state] for core in region.cycles_by_core)]
    yield states_grid([{state: core[state] for state in shown} for core in region.cycles_by_core], region.cycles)
    yield locks_grid(region.locks, len(region.locks))
