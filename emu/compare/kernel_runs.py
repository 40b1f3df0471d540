"""Two kernels run in pairs: the same program and region in each, each pair with the same seed."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from emu.boot.boot_cache import shape_of
from emu.boot.build import read_inputs
from emu.boot.ending import End
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.compare.kernel_comparison import KernelComparison, compare_regions, short_names
from emu.description import load_machine, machine_digest
from emu.elf.kernel_symbols import maps_beside
from emu.errors import CheckFailed
from emu.run.overrides import Override, apply_overrides
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop, Stopped, never
from emu.runner.runner import Progress, Runner, first_alone, silent
from emu.subjects.kernel.detail import RegionSpec, run_detail
from emu.subjects.kernel.result import DetailResult


@dataclass(frozen=True, slots=True)
class RegionRun:
    """A region of a kernel, run once, on a machine some of whose figures are others."""

    spec: BootSpec
    region: RegionSpec
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelPlan:
    """What is run of each kernel; the regions' own seeds do not count."""

    a: RegionRun
    b: RegionRun
    seeds: tuple[int, ...]

    def calls(self) -> list[RegionRun]:
        """All runs, A and B of a seed side by side."""
        return [replace(each, region=replace(each.region, seed=seed)) for seed in self.seeds for each in (self.a, self.b)]


def compare_kernels(
    plan: KernelPlan, runner: Runner, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> KernelComparison | None:
    """Run every pair. Stopped early it is the pairs that were complete; None: not even one.

    The first pair boots both kernels for those that follow, which begin from the boots that were kept; so it goes first.
    """
    waves = (*first_alone(), 2)
    found = [each.result() for each in runner.run(REGION, plan.calls(), progress=progress, should_stop=should_stop, waves=waves)]
    pairs = list(zip(found[::2], found[1::2], strict=False))
    if not pairs:
        return None
    spec, region, kernels = plan.a.spec, plan.a.region, (plan.a.spec.kernel, plan.b.spec.kernel)
    return compare_regions(
        short_names(*kernels),
        plan.seeds[: len(pairs)],
        [a for a, _ in pairs],
        [b for _, b in pairs],
        kernels=(str(kernels[0]), str(kernels[1])),
        machine=spec.machine,
        program=" ".join((spec.program.name if spec.program is not None else "/init", *spec.arguments)),
        marks=(str(region.start), str(region.stop) if region.stop is not None else "the end of the run"),
        partial=len(pairs) < len(plan.seeds),
    )


def _region(call: RegionRun, should_stop: ShouldStop) -> DetailResult:
    """One run; a region that was not run to its end is an error that names the kernel."""
    spec, region = call.spec, call.region
    machine = apply_overrides(load_machine(spec.machine), call.overrides)
    found = run_detail(spec, region, machine, Watchers(should_stop=should_stop))
    if found.boot.ended.how == End.STOPPED:
        raise Stopped
    missed = found.missed(region)
    if missed is not None:
        raise CheckFailed(f"{spec.kernel}, seed {region.seed}: {missed}")
    if found.boot.exit_code:
        raise CheckFailed(f"{spec.kernel}, seed {region.seed}: the program ended with exit status {found.boot.exit_code}")
    assert found.detail is not None
    return found.detail


def _asks(call: RegionRun) -> dict[str, Any]:
    """All that a region hangs on: files by their content, those that may tell the kernel's symbols too."""
    spec, region = call.spec, call.region
    shape = shape_of(spec, read_inputs(spec))
    maps = [region.symbols] if region.symbols is not None else maps_beside(spec.kernel)
    return {
        "kernel": str(spec.kernel),
        "boot": shape.boot,
        "cpus": shape.cpus,
        "memory_mib": shape.memory_mib,
        "symbols": [hashlib.sha256(path.read_bytes()).hexdigest() for path in (spec.kernel, *maps)],
        "machine": spec.machine,
        "machine_file": machine_digest(spec.machine),
        "overrides": [list(each) for each in call.overrides],
        "program": " ".join((str(spec.program), *spec.arguments)),
        "from": str(region.start),
        "to": None if region.stop is None else str(region.stop),
        "items": region.items,
        "max_instructions": [spec.max_instructions, region.max_instructions],
        "seed": region.seed,
    }


REGION = Kind(
    "region",
    _region,
    lambda call: f"{call.spec.kernel}, seed {call.region.seed}",
    _asks,
    Keeping.typed(lambda: DetailResult, of_host=frozenset({"host_seconds"})),
)
