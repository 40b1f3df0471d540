"""The user programs: where a task begins, what its memory is, and what is put there before it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from emu.guest.record import Record
from emu.guest.workload import TaskPlan


@dataclass(frozen=True, slots=True)
class Program:
    """One user program. Its memory is a structure with a thread control block `tls` and a `stack`."""

    entry: str  # routine
    memory: str  # structure
    one_process: bool  # the tasks are threads of one process, or each is a process
    fill: Callable[[Record, TaskPlan], None]


def _fill_pmsg(page: Record, plan: TaskPlan) -> None:
    page["task.own_type"] = plan.own_type
    page["task.partner_type"] = plan.partner_type
    page["task.msqid"] = 0
    page["task.pair"] = plan.pair
    page["task.rounds_to_send"] = plan.sends
    page["task.rounds_to_receive"] = plan.receives
    page["task.starts_first"] = int(plan.starts_first)
    page["task.start_delay"] = plan.start_delay
    page["task.sequence_to_send"] = plan.index & 1
    page["task.sequence_expected"] = 1 - (plan.index & 1)


def _fill_nothing(page: Record, plan: TaskPlan) -> None:
    """A script's task is told what to do later."""


PROGRAMS = {
    "pmsg_shared": Program("pmsg_shared", "user_page", True, _fill_pmsg),
    "script_task": Program("script_task", "script_page", False, _fill_nothing),
}
