"""Two kernels compared: regions over seeds in, rates, cycles an item and locks side by side out, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from emu.compare.bootstrap import Estimate, estimate_difference_percent, estimate_mean, interval_of
from emu.compare.comparison import Step
from emu.compare.lock_rows import LockRow, lock_rows
from emu.errors import UserError
from emu.subjects.kernel.result import DetailResult

SCHEMA = "emu-compare-kernels/1"
SEED_VARIES = "each core's and each timer's begin by up to 2,047 cycles"


@dataclass(frozen=True, slots=True)
class KernelSide:
    """One kernel over the seeds; everything but the rate is a mean."""

    name: str
    kernel: str  # as it was given
    rate: Estimate  # items a second
    instructions: float  # an item
    wakeups: float  # an item
    context_switches: float  # an item
    cycles_by_state: Mapping[str, float]  # an item, all cores
    runs: tuple[DetailResult, ...]  # by seed

    def to_dict(self, seeds: Sequence[int]) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "kernel": self.kernel,
            "items_per_second": self.rate.mean,
            "confidence_interval": interval_of(self.rate),
            "instructions_per_item": self.instructions,
            "wakeups_per_item": self.wakeups,
            "context_switches_per_item": self.context_switches,
            "seeds": [{"seed": seed, **run.to_dict()} for seed, run in zip(seeds, self.runs, strict=True)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelComparison:
    """Both kernels. `partial`: it was stopped early, and these are the pairs that were complete."""

    a: KernelSide
    b: KernelSide
    seeds: tuple[int, ...]
    items: int  # of each region
    cores: int
    machine: str
    program: str
    marks: tuple[str, str]
    difference: Estimate  # of the rates, in percent of A's
    locks: tuple[LockRow, ...]
    partial: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """What reports call the two."""
        return self.a.name, self.b.name

    def waterfall(self) -> list[Step]:
        """Cycles an item by state, without what is nothing on both sides; they sum to all cycles of all cores."""
        a, b = self.a.cycles_by_state, self.b.cycles_by_state
        return [Step(name, a.get(name, 0.0), b.get(name, 0.0)) for name in dict.fromkeys([*a, *b]) if a.get(name) or b.get(name)]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "schema": SCHEMA,
            "machine": self.machine,
            "cores": self.cores,
            "program": self.program,
            "from": self.marks[0],
            "to": self.marks[1],
            "items": self.items,
            "seeds": list(self.seeds),
            "difference_percent": self.difference.mean,
            "difference_confidence_interval": interval_of(self.difference),
            "cycles_per_item": {step.name: {"a": step.a, "b": step.b, "difference": step.difference} for step in self.waterfall()},
            "locks": [row.to_dict() for row in self.locks],
            "a": self.a.to_dict(self.seeds),
            "b": self.b.to_dict(self.seeds),
            "partial": self.partial,
        }


def compare_regions(
    names: tuple[str, str],
    seeds: tuple[int, ...],
    a: Sequence[DetailResult],
    b: Sequence[DetailResult],
    *,
    kernels: tuple[str, str],
    machine: str,
    program: str,
    marks: tuple[str, str],
    partial: bool = False,
) -> KernelComparison:
    """From the regions of both kernels, in the same order of seeds."""
    rates = [[_rate(run, program) for run in runs] for runs in (a, b)]
    items = a[0].items
    assert items is not None, "a region without items has no rate"
    sides = [
        _side(name, kernel, runs, of_side, items) for name, kernel, runs, of_side in zip(names, kernels, (a, b), rates, strict=True)
    ]
    return KernelComparison(
        a=sides[0],
        b=sides[1],
        seeds=seeds,
        items=items,
        cores=a[0].measured.cores,
        machine=machine,
        program=program,
        marks=marks,
        difference=estimate_difference_percent(*rates),
        locks=tuple(lock_rows(a, b, items)),
        partial=partial,
    )


def _rate(run: DetailResult, program: str) -> float:
    rate = run.items_per_second
    if rate is None:
        raise UserError(f"{program}: a region of no length has no rate: --from and --to are the same place")
    return rate


def _side(name: str, kernel: str, runs: Sequence[DetailResult], rates: Sequence[float], items: int) -> KernelSide:
    states = dict.fromkeys(state for run in runs for state in run.measured.cycles_by_state)
    return KernelSide(
        name=name,
        kernel=kernel,
        rate=estimate_mean(rates),
        instructions=fmean(run.measured.instructions for run in runs) / items,
        wakeups=fmean(run.wakeups for run in runs) / items,
        context_switches=fmean(run.context_switches for run in runs) / items,
        cycles_by_state={state: fmean(run.measured.cycles_by_state.get(state, 0) for run in runs) / items for state in states},
        runs=tuple(runs),
    )


def short_names(a: Path, b: Path) -> tuple[str, str]:
    """What to call two kernels: their file names, or the folder in which their paths begin to differ, seen from the end.

    Words with which both begin say nothing.
    """
    for of_a, of_b in zip(reversed(a.absolute().parts), reversed(b.absolute().parts), strict=False):
        if of_a != of_b:
            common = _common_words(of_a, of_b)
            return of_a[common:] or of_a, of_b[common:] or of_b
    return f"{a.name} (A)", f"{b.name} (B)"


def _common_words(a: str, b: str) -> int:
    """Length of the words with which both begin, and what ends the last of them."""
    found = 0
    for place, (of_a, of_b) in enumerate(zip(a, b, strict=False), 1):
        if of_a != of_b:
            break
        if of_a in "-_.":
            found = place
    return found
