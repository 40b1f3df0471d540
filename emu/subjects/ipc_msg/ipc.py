"""The message queue and what a message call reads on its way to it: ids, namespaces, credentials, pids.

Static parts (the namespace, the id tree's only layer, the credentials) lie in the globals files; here come the objects
that a running kernel has allocated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emu.errors import CheckFailed
from emu.guest.allocator import Allocator
from emu.guest.program import Program
from emu.guest.record import Kernel, Record
from emu.guest.slab import KINDS, Slab, build_slabs
from emu.guest.tasks import UserTask
from emu.subjects.ipc_msg import objects
from emu.subjects.ipc_msg.memory import QUEUE_BLOCK, QUEUE_BYTES_MAX
from emu.subjects.ipc_msg.slabs import slabs_of
from emu.subjects.ipc_msg.workload.workload import Workload, queue_id

QUEUE_MODE = 0o600
_LISTS = ("q_messages", "q_receivers", "q_senders")


@dataclass(frozen=True, slots=True)
class Ipc:
    """Where the queue is, and what must hold when nobody uses it any more."""

    queues: tuple[Record, ...]  # those that are there from the start; they lie outside the slabs, so no program may remove them
    slabs: tuple[Slab, ...]
    allocator: Allocator

    def objects_of(self, cache: str) -> int:
        """Objects of a slab cache, by its name."""
        size = next((kind.object_bytes for kind in KINDS if kind.name == cache), 0)
        return sum(slab.objects for slab in self.slabs if slab.object_bytes == size)

    def check_empty(self, kernel: Kernel) -> None:
        """Check that no message and no waiter is left, or raise `CheckFailed`."""
        namespace = kernel.global_record("ipc_namespace", "init_ipc_ns")
        queues = objects.queues(kernel)
        for record, fields in (*((queue, ("q_qnum", "q_cbytes")) for queue in queues), (namespace, ("msg_bytes", "msg_hdrs"))):
            for field in fields:
                if record[field] != 0:
                    raise CheckFailed(f"the queue should be empty at the end, but {field} is {record[field]}")
        for queue in queues:
            for each in _LISTS:
                if queue[f"{each}.next"] != queue.address(each):
                    raise CheckFailed(f"{each} should be an empty list at the end, but something is left on it")
            for name, offset, _ in kernel.lock_fields("msg_queue"):
                if not kernel.lock_is_free(queue.physical + offset):
                    raise CheckFailed(f"{name} should be free at the end, not {kernel.ram.get(queue.physical + offset):#x}")


def build_ipc(kernel: Kernel, cores: Sequence[Record], tasks: Sequence[UserTask], workload: Workload, program: Program) -> Ipc:
    """Build the queues, each task's way to them and the slabs that messages come from."""
    queues = _build_queues(kernel, workload.queues_at_start) if workload.queues_at_start else ()
    leader = kernel.record("task_struct", tasks[0].task_struct)
    for user in tasks:
        task = kernel.record("task_struct", user.task_struct)
        task["nsproxy"] = kernel.symbol("init_nsproxy")
        task["cred"] = task["real_cred"] = _copy_cred(kernel, user) if program.own_credentials else kernel.symbol("init_cred")
        task["group_leader"] = leader.virtual if program.one_process else task.virtual
        pid = _build_pid(kernel, task["pid"], user)
        task["pids_pid"] = pid.virtual
        task["pids_tgid"] = leader["pids_pid"] if program.one_process else pid.virtual
    built = build_slabs(kernel, cores, slabs_of(workload))
    cpu_caches = [area.inner(kind.field, "kmem_cache_cpu") for area in cores for kind in KINDS]
    return Ipc(queues, built, Allocator(kernel, built, cpu_caches))


def _build_queues(kernel: Kernel, count: int) -> tuple[Record, ...]:
    """Make empty queues and enter them in the only layer of the id tree."""
    queues = tuple(_build_queue(kernel, index) for index in range(count))
    layer = kernel.global_record("idr_layer", "msg_idr_layer")
    for index, queue in enumerate(queues):
        layer.put_word("ary", queue.virtual, offset=8 * index)
    layer["count"] = count
    taken = (1 << count) - 1
    for word in range(layer.size_of("bitmap") // 8):
        layer.put_word("bitmap", taken >> 64 * word & 2**64 - 1, offset=8 * word)
    namespace = kernel.global_record("ipc_namespace", "init_ipc_ns")
    namespace["msg_ids_in_use"], namespace["msg_ids_seq"] = count, count
    return queues


def _build_queue(kernel: Kernel, index: int) -> Record:
    """Make an empty queue, behind its reference count."""
    block = kernel.ram.allocate(QUEUE_BLOCK, QUEUE_BLOCK)
    count_bytes = kernel.size("ipc_rcu")
    suffix = f"/{index}" if index else ""
    kernel.ram.name(f"queue ipc_rcu{suffix}", "ipc_rcu", block, count_bytes)
    kernel.record("ipc_rcu", block)["refcount"] = 1
    kernel.ram.name(f"msg_queue{suffix}", "msg_queue", block + count_bytes, QUEUE_BLOCK - count_bytes)
    queue = kernel.record("msg_queue", block + count_bytes)
    queue["q_perm.mode"] = QUEUE_MODE
    queue["q_perm.id"], queue["q_perm.seq"] = queue_id(index), index
    queue["q_qbytes"] = QUEUE_BYTES_MAX
    for each in _LISTS:
        queue[f"{each}.next"] = queue[f"{each}.prev"] = queue.address(each)
    return queue


def _copy_cred(kernel: Kernel, user: UserTask) -> int:
    """Credentials as init's, of one task alone; returns their kernel address."""
    cred = kernel.allocate("cred", f"{user.plan.name} cred", task=user.plan.index)
    kernel.ram.write(cred.physical, kernel.global_record("cred", "init_cred").bytes())
    return cred.virtual


def _build_pid(kernel: Kernel, number: int, user: UserTask) -> Record:
    pid = kernel.allocate("pid", f"{user.plan.name} pid", task=user.plan.index)
    pid["count"] = 1
    pid["nr"] = number
    pid["ns"] = kernel.symbol("init_pid_ns")
    return pid
