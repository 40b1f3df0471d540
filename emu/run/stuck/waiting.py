"""What a task that does not run waits for: the waiter that it left on its kernel stack, and the list that this is on."""

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emu.errors import CheckFailed
from emu.guest.record import Record
from emu.guest.tasks import UserTask
from emu.run.stuck.places import Frame, call_at
from emu.run.wiring import Wired
from emu.subjects.ipc_msg import objects

HAS_WAITERS = 1  # bit 0 of a sleeping lock's word
ERRNO_MAX = 4095
ANY, EQUAL, NOTEQUAL, LESSEQUAL, NUMBER = 1, 2, 3, 4, 5  # SEARCH_* of ipc/msg.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a waiter."""

    waits_for: str = ""
    on_list: str = ""
    r_msg: str = ""
    answered: bool = False  # what it waits for has come, and it is off the list: only the wakeup is missing
    missed: bool = False  # what it waits for is there, and it is on the list all the same


def waiting_of(wired: Wired, task: UserTask, frames: Sequence[Frame]) -> Waiting:
    """Look for the waiter of a task in the frames of its kernel stack."""
    for routine, struct, pointer, describe in WAITERS:
        for frame in frames:
            if call_at(wired, frame.pc).routine == routine:
                offset, size = wired.guest.kernel.offset(struct, pointer), wired.guest.kernel.size(struct)
                for physical in range(frame.begin, frame.end - size + 8, 8):
                    if wired.guest.kernel.ram.get(physical + offset) == task.pointer:
                        found = describe(wired, wired.guest.kernel.record(struct, physical))
                        if found is not None:
                            return found
    return Waiting()


def lock_owner(wired: Wired, word: int) -> str:
    """The name of the task whose address a sleeping lock's word holds."""
    index = wired.guest.task_index_of(word & ~HAS_WAITERS)
    return wired.guest.tasks[index].plan.name if index >= 0 else "nobody"


def _lock_waiter(wired: Wired, waiter: Record) -> Waiting | None:
    kernel = wired.guest.kernel
    for lock in wired.guest.locks:
        word = kernel.record("rt_mutex", lock.physical - kernel.offset("rt_mutex", "owner")) if lock.sleeping else None
        if word is not None and word.virtual == waiter["lock"]:
            return Waiting(
                f"{lock.name} of {lock.owner.name}, which {lock_owner(wired, word['owner'])} owns", f"waiters of {lock.name}"
            )
    return None


def _receiver(wired: Wired, waiter: Record) -> Waiting | None:
    if not ANY <= waiter["r_mode"] <= NUMBER or not _is_node(wired, waiter, "r_list"):
        return None
    value = waiter["r_msg"]
    queue = _queue_of(wired, waiter.address("r_list"), "q_receivers")
    there = queue is not None and any(_matches(waiter, each.type) for each in _messages(wired, queue))
    return Waiting(
        f"a message of {_type_words(waiter)}" + (f" on queue {queue['q_perm.id']}" if queue is not None else ""),
        "" if queue is None else f"q_receivers of queue {queue['q_perm.id']}",
        _r_msg_words(wired, value),
        answered=queue is None and value not in (0, 2**64 - errno.EAGAIN),
        missed=there,
    )


def _sender(wired: Wired, waiter: Record) -> Waiting | None:
    if not _is_node(wired, waiter, "list"):
        return None
    queue = _queue_of(wired, waiter.address("list"), "q_senders")
    if queue is None:
        return Waiting("room on its queue", answered=True)
    room = f"{queue['q_cbytes']:,} of {queue['q_qbytes']:,} bytes and {queue['q_qnum']:,} messages are on it"
    return Waiting(
        f"room on queue {queue['q_perm.id']}: {room}", f"q_senders of queue {queue['q_perm.id']}", missed=queue["q_qnum"] == 0
    )


def _is_node(wired: Wired, waiter: Record, link: str) -> bool:
    """Whether a list node is there, on a list or taken off one: poison, NULL, or addresses of memory."""
    poison = (0xDEAD000000000100, 0xDEAD000000000200, 0)
    return all(value in poison or _is_memory(wired, value) for value in (waiter[f"{link}.next"], waiter[f"{link}.prev"]))


def _is_memory(wired: Wired, address: int) -> bool:
    try:
        wired.guest.kernel.at("list_head", address)
    except CheckFailed:
        return False
    return True


def _queue_of(wired: Wired, node: int, name: str) -> Record | None:
    """The queue on whose list a node is; a list that is broken has nobody on it."""
    try:
        for queue in objects.queues(wired.guest.kernel):
            if node in objects.list_nodes(wired.guest.kernel, queue.address(name), name):
                return queue
    except CheckFailed:
        return None
    return None


def _messages(wired: Wired, queue: Record) -> list[objects.Message]:
    try:
        return objects.messages(wired.guest.kernel, queue)
    except CheckFailed:
        return []


def _matches(waiter: Record, kind: int) -> bool:
    mode, wanted = waiter["r_mode"], waiter["r_msgtype"]
    return mode == ANY or {EQUAL: kind == wanted, NOTEQUAL: kind != wanted, LESSEQUAL: kind <= wanted}.get(mode, False)


def _type_words(waiter: Record) -> str:
    kind = waiter["r_msgtype"]
    words = {ANY: "any type", EQUAL: f"type {kind}", NOTEQUAL: f"another type than {kind}", LESSEQUAL: f"a type up to {kind}"}
    return words.get(waiter["r_mode"], f"number {kind}")


def _r_msg_words(wired: Wired, value: int) -> str:
    if value == 0:
        return "NULL"
    if value >= 2**64 - ERRNO_MAX:
        return f"-{errno.errorcode.get(2**64 - value, 2**64 - value)}"
    try:
        message = wired.guest.kernel.at("msg_msg", value)
    except CheckFailed:
        return f"{value:#x}, where there is no memory"
    return f"a message of type {message['m_type']}, {message['m_ts']} bytes"


# The routine that has a waiter on its stack, its struct, the field that names the task, and what it says; the innermost wait first.
WAITERS: tuple[tuple[str, str, str, Callable[[Wired, Record], Waiting | None]], ...] = (
    ("rt_spin_lock_slowlock", "rt_mutex_waiter", "task", _lock_waiter),
    ("do_msgrcv", "msg_receiver", "r_tsk", _receiver),
    ("do_msgsnd", "msg_sender", "tsk", _sender),
)
