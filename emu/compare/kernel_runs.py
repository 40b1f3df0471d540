"""Two kernels run in pairs: the same program and region in each, each pair with the same seed."""

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

from emu import compiled
from emu.boot.ending import End
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.compare.kernel_comparison import KernelComparison, compare_regions, short_names
from emu.description import load_machine
from emu.errors import CheckFailed, InternalError
from emu.processes import Stopped, results, workers
from emu.run.parallel import JOBS_MAX, Progress
from emu.subjects.kernel.detail import RegionSpec, run_detail
from emu.subjects.kernel.result import DetailResult
from emu.whole import within

Call = tuple[BootSpec, RegionSpec]


@dataclass(frozen=True, slots=True)
class KernelPlan:
    """What is run of each kernel; the regions' own seeds do not count."""

    a: Call
    b: Call
    seeds: tuple[int, ...]

    def calls(self) -> list[Call]:
        """All runs, A and B of a seed side by side."""
        return [(spec, replace(region, seed=seed)) for seed in self.seeds for spec, region in (self.a, self.b)]


def compare_kernels(
    plan: KernelPlan, *, jobs: int, progress: Progress, should_stop: Callable[[], bool] = lambda: False
) -> KernelComparison | None:
    """Run every pair. Stopped early it is the pairs that were complete; None: not even one. Results do not depend on `jobs`."""
    within("jobs", jobs, 1, JOBS_MAX)
    calls = plan.calls()
    progress(0, len(calls))
    run = _in_processes(calls, jobs, progress, should_stop) if jobs > 1 else _in_turn(calls, progress, should_stop)
    found = list(run)
    pairs = list(zip(found[::2], found[1::2], strict=False))
    if not pairs:
        return None
    (spec, region), kernels = plan.a, (plan.a[0].kernel, plan.b[0].kernel)
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


def _in_turn(calls: list[Call], progress: Progress, should_stop: Callable[[], bool]) -> Iterator[DetailResult]:
    for done, call in enumerate(calls, 1):
        found = _region(*call, should_stop)
        if found is None:
            return
        progress(done, len(calls))
        yield found


def _in_processes(calls: list[Call], jobs: int, progress: Progress, should_stop: Callable[[], bool]) -> Iterator[DetailResult]:
    """The first pair boots both kernels for those that follow, which begin from the boots that were kept; so it goes first."""
    together = 2 if compiled.is_ready() else 1  # the first run of a version compiles: once, not in two processes at a time
    if not compiled.is_ready():
        compiled.tell(0, 0)
    done = 0
    try:
        with workers(min(jobs, len(calls))) as pool:
            for some in (calls[:together], calls[together:2], calls[2:]):

                def heard(more: int, before: int = done) -> None:
                    progress(before + more, len(calls))

                for found in results(pool, _region, some, should_stop, heard):
                    assert found is not None, "a worker is not asked to stop"
                    yield found
                done += len(some)
    except Stopped:
        return
    except BrokenProcessPool:
        raise InternalError("a process that had a run to do has died; --jobs 1 shows in which run") from None


def _region(spec: BootSpec, region: RegionSpec, should_stop: Callable[[], bool] = lambda: False) -> DetailResult | None:
    """One run; a region that was not run to its end is an error that names the kernel. None: stopped."""
    found = run_detail(spec, region, load_machine(spec.machine), Watchers(should_stop=should_stop))
    if found.boot.ended.how == End.STOPPED:
        return None
    missed = found.missed(region)
    if missed is not None:
        raise CheckFailed(f"{spec.kernel}, seed {region.seed}: {missed}")
    if found.boot.exit_code:
        raise CheckFailed(f"{spec.kernel}, seed {region.seed}: the program ended with exit status {found.boot.exit_code}")
    assert found.detail is not None
    return found.detail
