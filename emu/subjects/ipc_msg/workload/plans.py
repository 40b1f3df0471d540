"""All workloads by name, and the one way to plan one."""

from emu.errors import UserError
from emu.subjects.ipc_msg.workload import tables as workloads
from emu.subjects.ipc_msg.workload.pmsg_shared import COUNTS, QUEUES, TYPES, default_threads, plan_pmsg_shared
from emu.subjects.ipc_msg.workload.pmsg_shared import NAME as PMSG_SHARED
from emu.subjects.ipc_msg.workload.workload import Workload

SUMMARIES = {
    PMSG_SHARED: "a reconstruction of the patch's benchmark: threads in pairs play ping-pong",
    **{name: kind.summary for name, kind in workloads.KINDS.items()},
}


def threads_of(workload: str, cores: int) -> int:
    """How many tasks a workload has where nobody says."""
    check_name(workload)
    if workload == PMSG_SHARED:
        return default_threads(cores)
    return workloads.KINDS[workload].threads or max(cores, workloads.KINDS[workload].threads_min)


def counted_as(workload: str, counts: str | None) -> str:
    """What the N of a comparison's rows counts: by default pairs of threads, where the workload is made of pairs."""
    check_name(workload)
    if counts is not None and counts not in COUNTS:
        raise UserError(f"count must be one of {', '.join(COUNTS)}, not {counts!r}")
    if workload == PMSG_SHARED:
        return counts or COUNTS[0]
    if counts == COUNTS[0]:
        raise UserError(f"count pairs, and {workload} has none: leave it out")
    return COUNTS[1]


def plan_workload(
    workload: str,
    *,
    cores: int,
    cores_per_module: int,
    threads: int,
    messages: int,
    placement: str | None,
    queues: str | None = None,
    types: str | None = None,
    seed: int,
) -> Workload:
    """Plan a workload, or raise `UserError` saying what was wanted. `placement`, `queues`, `types` None: the workload's own."""
    check_name(workload)
    if workload == PMSG_SHARED:
        return plan_pmsg_shared(
            cores=cores,
            cores_per_module=cores_per_module,
            threads=threads,
            messages=messages,
            placement=placement,
            queues=QUEUES[0] if queues is None else queues,
            types=TYPES[0] if types is None else types,
            seed=seed,
        )
    for name, value, what in (
        ("placement", placement, "where the two of a pair run"),
        ("queues", queues, "whether pairs share a queue"),
        ("types", types, "which messages the two of a pair take"),
    ):
        if value is not None:
            raise UserError(f"{name} is {what}, and {workload} has no pairs: leave it out")
    return workloads.plan(workload, cores=cores, threads=threads, messages=messages, seed=seed)


def check_name(workload: str) -> None:
    """Refuse a workload that there is not."""
    if workload not in SUMMARIES:
        raise UserError(f"workload must be one of {', '.join(SUMMARIES)}, not {workload!r}")
