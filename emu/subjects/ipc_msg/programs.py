"""The user programs of the message path: what each task finds in its memory, and what must be there at its end."""

from emu.errors import CheckFailed, InternalError
from emu.guest.paging import USER_DATA_BASE, USER_DATA_STRIDE
from emu.guest.plan import TaskPlan
from emu.guest.program import Program
from emu.guest.record import Record
from emu.subjects.ipc_msg.workload.task_table import check_table, fill_table
from emu.subjects.ipc_msg.workload.workload import PingPong, TableTask, queue_id

TOKEN_STEP = 2  # a token's count goes up at either member in turn


def _ping_pong(plan: TaskPlan) -> PingPong:
    if not isinstance(plan, PingPong):
        raise InternalError(f"{plan.name} plays no ping-pong")
    return plan


def _fill_pmsg(page: Record, task: TaskPlan) -> None:
    plan = _ping_pong(task)
    page["task.own_type"] = plan.own_type
    page["task.partner_type"] = plan.partner_type
    page["task.msqid"] = queue_id(plan.queue)
    page["task.pair"] = 0 if plan.fungible else plan.pair
    page["task.sequence_step"] = 0 if plan.fungible else TOKEN_STEP
    page["task.rounds_to_send"] = plan.sends
    page["task.rounds_to_receive"] = plan.receives
    page["task.starts_first"] = int(plan.starts_first)
    page["task.start_delay"] = plan.start_delay
    page["task.sequence_to_send"] = plan.index & 1
    page["task.sequence_expected"] = 1 - (plan.index & 1)


def _check_pmsg(page: Record, task: TaskPlan) -> None:
    plan = _ping_pong(task)
    for done, wanted, what in (("task.sent", plan.sends, "sent"), ("task.received", plan.receives, "received")):
        if page[done] != wanted:
            raise CheckFailed(f"{plan.name} should have {what} {wanted} messages, not {page[done]}")


def _fill_table(page: Record, plan: TaskPlan) -> None:
    if not isinstance(plan, TableTask):
        raise InternalError(f"{plan.name} has no table of calls")
    fill_table(page, plan.table, USER_DATA_BASE + plan.index * USER_DATA_STRIDE, plan.start_delay)


def _check_table(page: Record, plan: TaskPlan) -> None:
    if isinstance(plan, TableTask):
        check_table(page, plan.table, plan.name)


def _nothing(page: Record, plan: TaskPlan) -> None:
    """A script's task is told what to do later."""


PROGRAMS = {
    "pmsg_shared": Program("pmsg_shared", "user_page", True, False, False, _fill_pmsg, _check_pmsg),
    "script_task": Program("script_task", "script_page", False, True, True, _nothing, _nothing),
    "table_task": Program("table_task", "table_page", False, True, False, _fill_table, _check_table),
}
