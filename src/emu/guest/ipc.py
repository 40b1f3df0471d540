"""The message queue and what a message call reads on its way to it: ids, namespaces, credentials, pids.

Static parts (the namespace, the id tree's only layer, the credentials) lie in the globals files; here come the objects
that a running kernel has allocated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emu.errors import CheckFailed
from emu.guest.record import Kernel, Record
from emu.guest.slab import build_slabs
from emu.guest.tasks import UserTask

MSQID = 0  # id 0 of sequence 0: what the user tasks are told
QUEUE_MODE = 0o600
QUEUE_BYTES_MAX = 16384  # MSGMNB
QUEUE_BLOCK = 0x100  # kmalloc-256: the reference count's line, then the queue
_LISTS = ("q_messages", "q_receivers", "q_senders")


@dataclass(frozen=True, slots=True)
class Ipc:
    """Where the queue is, and what must hold when nobody uses it any more."""

    queue: Record

    def check_empty(self, kernel: Kernel) -> None:
        """Check that no message and no waiter is left, or raise `CheckFailed`."""
        namespace = kernel.global_record("ipc_namespace", "init_ipc_ns")
        for record, fields in ((self.queue, ("q_qnum", "q_cbytes")), (namespace, ("msg_bytes", "msg_hdrs"))):
            for field in fields:
                if record[field] != 0:
                    raise CheckFailed(f"the queue should be empty at the end, but {field} is {record[field]}")
        for each in _LISTS:
            if self.queue[f"{each}.next"] != self.queue.address(each):
                raise CheckFailed(f"{each} should be an empty list at the end, but something is left on it")
        if not kernel.lock_is_free(self.queue.physical + kernel.offset("msg_queue", "q_perm.lock")):
            raise CheckFailed(f"q_perm.lock should be free at the end, not {self.queue['q_perm.lock']:#x}")


def build_ipc(kernel: Kernel, cores: Sequence[Record], tasks: Sequence[UserTask], *, one_process: bool = True) -> Ipc:
    """Build the queue, each task's way to it and the slabs its messages come from."""
    queue = _build_queue(kernel)
    kernel.global_record("idr_layer", "msg_idr_layer").put_word("ary", queue.virtual, offset=8 * MSQID)
    leader = kernel.record("task_struct", tasks[0].task_struct)
    for user in tasks:
        task = kernel.record("task_struct", user.task_struct)
        task["nsproxy"] = kernel.symbol("init_nsproxy")
        task["cred"] = task["real_cred"] = kernel.symbol("init_cred")
        task["group_leader"] = leader.virtual if one_process else task.virtual
        pid = _build_pid(kernel, task["pid"], user)
        task["pids_pid"] = pid.virtual
        task["pids_tgid"] = leader["pids_pid"] if one_process else pid.virtual
    build_slabs(kernel, cores, tasks=len(tasks))
    return Ipc(queue)


def _build_queue(kernel: Kernel) -> Record:
    """An empty queue, behind its reference count."""
    block = kernel.ram.allocate(QUEUE_BLOCK, QUEUE_BLOCK)
    count_bytes = kernel.size("ipc_rcu")
    kernel.ram.name("queue ipc_rcu", "ipc_rcu", block, count_bytes)
    kernel.record("ipc_rcu", block)["refcount"] = 1
    kernel.ram.name("msg_queue", "msg_queue", block + count_bytes, QUEUE_BLOCK - count_bytes)
    queue = kernel.record("msg_queue", block + count_bytes)
    queue["q_perm.mode"] = QUEUE_MODE
    queue["q_perm.id"] = MSQID
    queue["q_qbytes"] = QUEUE_BYTES_MAX
    for each in _LISTS:
        queue[f"{each}.next"] = queue[f"{each}.prev"] = queue.address(each)
    return queue


def _build_pid(kernel: Kernel, number: int, user: UserTask) -> Record:
    pid = kernel.allocate("pid", f"{user.plan.name} pid", task=user.plan.index)
    pid["count"] = 1
    pid["nr"] = number
    pid["ns"] = kernel.symbol("init_pid_ns")
    return pid
