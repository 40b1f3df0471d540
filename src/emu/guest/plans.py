"""All workloads by name, and the one way to plan one."""

from emu.errors import UserError
from emu.guest import workloads
from emu.guest.workload import NAME as PMSG_SHARED
from emu.guest.workload import PLACEMENTS, Workload, default_threads, plan_pmsg_shared

SUMMARIES = {
    PMSG_SHARED: "a reconstruction of the patch's benchmark: threads in pairs on one queue play ping-pong",
    **{name: kind.summary for name, kind in workloads.KINDS.items()},
}


def threads_of(workload: str, cores: int) -> int:
    """How many tasks a workload has where nobody says."""
    check_name(workload)
    if workload == PMSG_SHARED:
        return default_threads(cores)
    return workloads.KINDS[workload].threads or max(cores, workloads.KINDS[workload].threads_min)


def plan_workload(
    workload: str, *, cores: int, cores_per_module: int = 2, threads: int, messages: int, placement: str | None, seed: int
) -> Workload:
    """Plan a workload, or raise `UserError` saying what was wanted. `placement` None: the workload's own."""
    check_name(workload)
    if workload == PMSG_SHARED:
        return plan_pmsg_shared(
            cores=cores,
            cores_per_module=cores_per_module,
            threads=threads,
            messages=messages,
            placement=placement or PLACEMENTS[0],
            seed=seed,
        )
    if placement is not None:
        raise UserError(f"placement is where the two of a pair run, and {workload} has no pairs: leave it out")
    return workloads.plan(workload, cores=cores, cores_per_module=cores_per_module, threads=threads, messages=messages, seed=seed)


def check_name(workload: str) -> None:
    """Refuse a workload that there is not."""
    if workload not in SUMMARIES:
        raise UserError(f"workload must be one of {', '.join(SUMMARIES)}, not {workload!r}")
