"""What holds in a guest whenever all its tasks are at rest: nothing lost, doubled or leaked, everything where it should be.

Checked after every step of a script, and after a run. What is wrong is a `CheckFailed` that names the object and both values.
"""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass

from emu.errors import CheckFailed
from emu.guest.record import Kernel, Record
from emu.guest.tasks import TASK_DEAD, TASK_INTERRUPTIBLE
from emu.subjects.ipc_msg import objects
from emu.subjects.ipc_msg.build import Guest
from emu.subjects.ipc_msg.memory import message_blocks
from emu.subjects.ipc_msg.script import script as s

QUEUE_OFFSET = 0x40  # a queue's block begins with its struct ipc_rcu
REFERENCES = 2  # of a task that lives: init's and its own (usage, as fork leaves it)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who sleeps where: the tasks on a queue's lists."""

    receivers: list[int]
    senders: list[int]


def check_at_rest(guest: Guest, *, asleep: Mapping[int, s.Operation], dead: Set[int], preempted: Set[int] = frozenset()) -> None:
    """Check everything, given which tasks sleep in which call, which have died and which do not run as another one has their core.

    Tasks count from 1. Who is preempted within a call may hold a reference to a task.
    """
    kernel = guest.kernel
    queues = objects.queues(kernel)
    waiting = [_check_waiters(guest, queue) for queue in queues]
    _check_counts(kernel, queues)
    _check_memory(guest, queues, [each for each in asleep.values() if isinstance(each, s.Send)])
    _check_locks(guest, queues)
    _check_sleepers(waiting, asleep)
    for queue, who in zip(queues, waiting, strict=True):
        count = kernel.at("ipc_rcu", queue.virtual - QUEUE_OFFSET)["refcount"]
        _same(f"references of queue {queue['q_perm.id']}", count, 1 + len(who.senders))
    for index, user in enumerate(guest.tasks, 1):
        task = kernel.record("task_struct", user.task_struct)
        _check_task(user.plan.name, task, asleep=index in asleep, dead=index in dead, preempted=index in preempted)
        if not preempted and index not in dead:
            _same(f"references of {user.plan.name}", task["usage"], REFERENCES)
    runnable = Counter(user.plan.core for index, user in enumerate(guest.tasks, 1) if index not in asleep and index not in dead)
    for core in {user.plan.core for user in guest.tasks}:
        rq = kernel.at("rq", guest.percpu[core]["runqueue"])
        _same(f"tasks on the runqueue of core {core}", rq["nr_running"], runnable[core])


def _same(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise CheckFailed(f"{what} should be {wanted}, not {got}")


def _check_waiters(guest: Guest, queue: Record) -> Waiting:
    """Walk the lists of a queue; each waiter lies on the stack of the task that it names."""
    found = []
    for name, struct, link, task_field in (
        ("q_receivers", "msg_receiver", "r_list", "r_tsk"),
        ("q_senders", "msg_sender", "list", "tsk"),
    ):
        tasks = []
        for node in objects.list_nodes(guest.kernel, queue.address(name), name):
            waiter = guest.kernel.at(struct, node - guest.kernel.offset(struct, link))
            index = guest.task_index_of(waiter[task_field])
            if index < 0:
                raise CheckFailed(f"{name}: the entry at {node:#x} names {waiter[task_field]:#x}, which is no task")
            tasks.append(index + 1)
        found.append(tasks)
    return Waiting(*found)


def _check_counts(kernel: Kernel, queues: list[Record]) -> None:
    """Check the bytes and messages that the queues and their namespace count."""
    on_all: list[objects.Message] = []
    for queue in queues:
        on_queue = objects.messages(kernel, queue)
        _same(f"q_qnum of queue {queue['q_perm.id']}", queue["q_qnum"], len(on_queue))
        _same(f"q_cbytes of queue {queue['q_perm.id']}", queue["q_cbytes"], sum(each.size for each in on_queue))
        on_all += on_queue
    namespace = kernel.global_record("ipc_namespace", "init_ipc_ns")
    _same("messages in the namespace (msg_hdrs)", namespace["msg_hdrs"], len(on_all))
    _same("bytes in the namespace (msg_bytes)", namespace["msg_bytes"], sum(each.size for each in on_all))
    _same("queues in the namespace (msg_ids.in_use)", namespace["msg_ids_in_use"], len(queues))


def _check_memory(guest: Guest, queues: list[Record], senders: list[s.Send]) -> None:
    """Check that the allocator has given out what is on the queues and what blocked senders hold, and nothing else."""
    kernel, ipc = guest.kernel, guest.ipc
    built = {queue.virtual for queue in ipc.queues}  # they lie outside the slabs
    wanted = {queue.virtual - QUEUE_OFFSET for queue in queues if queue.virtual not in built}
    for queue in queues:
        for message in objects.messages(kernel, queue):
            wanted.update(message.blocks)
    taken = ipc.allocator.taken()
    held = sum(len(message_blocks(send.size)) for send in senders)  # only the senders themselves know where
    if any(
        lock.sleeping for lock in guest.locks
    ):  # PREEMPT_RT, and no grace periods here: one that was in use is not freed (msg_rcu_free)
        taken -= {each for each in taken - wanted if _is_removed_queue(kernel, each)}
    if len(leaked := sorted(taken - wanted)) > held:
        held_by = f" ({held} are a blocked sender's)" if held else ""
        raise CheckFailed(f"leaked: {len(leaked)} objects are allocated and on no queue{held_by}, the first at {leaked[0]:#x}")
    if len(leaked) < held:
        raise CheckFailed(f"freed too early: blocked senders hold {held} objects, and {len(leaked)} are allocated and on no queue")
    if lost := sorted(wanted - taken):
        raise CheckFailed(f"freed too early: {len(lost)} objects are on a queue and not allocated, the first at {lost[0]:#x}")


def _is_removed_queue(kernel: Kernel, address: int) -> bool:
    return bool(kernel.at("msg_queue", address + QUEUE_OFFSET)["q_perm.deleted"] == 1)


def _check_locks(guest: Guest, queues: list[Record]) -> None:
    for lock in guest.locks:
        if lock.allocated and not guest.kernel.lock_is_free(lock.physical):
            raise CheckFailed(f"{lock.name} of {lock.owner.name} should be free, not {guest.kernel.ram.get(lock.physical, 4):#x}")
    for queue in queues:
        if not guest.kernel.lock_is_free(queue.physical + guest.kernel.offset("msg_queue", "q_perm.lock")):
            raise CheckFailed(f"q_perm.lock of queue {queue['q_perm.id']} should be free, not {queue['q_perm.lock']:#x}")


def _check_sleepers(waiting: list[Waiting], asleep: Mapping[int, s.Operation]) -> None:
    for name, kind, tasks in (
        ("q_receivers", s.Recv, [task for who in waiting for task in who.receivers]),
        ("q_senders", s.Send, [task for who in waiting for task in who.senders]),
    ):
        wanted = sorted(task for task, operation in asleep.items() if isinstance(operation, kind))
        _same(f"tasks on {name}", sorted(tasks), wanted)


def _check_task(name: str, task: Record, *, asleep: bool, dead: bool, preempted: bool) -> None:
    runnable = not asleep and not dead
    _same(f"state of {name}", task["state"], TASK_DEAD if dead else TASK_INTERRUPTIBLE if asleep else 0)
    _same(f"on_rq of {name}", task["on_rq"], int(runnable))
    _same(f"on_cpu of {name}", task["on_cpu"], int(runnable and not preempted))
    _same(f"wake queue of {name}", task["wake_q_next"], 0)
