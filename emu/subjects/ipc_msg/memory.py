"""How much memory messages take: blocks of a message, and the slabs that a workload's guest is given for them."""

from collections.abc import Mapping

from emu.guest.held import Held
from emu.guest.slab import KINDS, OBJECT_BYTES, SPARE_SLABS, Kind, slab_counts
from emu.subjects.ipc_msg.workload.workload import Workload

QUEUE_BYTES_MAX = 16384  # MSGMNB: text on a queue, and messages; nobody here may set more
QUEUE_BLOCK = 0x100  # of kmalloc-256: struct ipc_rcu, a line of its own, then struct msg_queue
TEXT_IN_HEADER = 0x1000 - 0x30  # DATALEN_MSG and DATALEN_SEG of ipc/msgutil.c: a page without its struct msg_msg
TEXT_IN_SEGMENT = 0x1000 - 0x8  # or msg_msgseg
# By bytes of an object: objects of the message that a task is sending or receiving; messages of this size that fill a queue, or
# their objects. A message of n bytes takes 48 + n; above 4048 bytes the rest lies in segments of 8 + up to 4088.
A_TASK_AND_A_QUEUE = {
    8: (0, 0), 16: (1, 4), 32: (1, 4), 64: (1, 16384), 96: (1, 964), 128: (1, 335), 192: (1, 203), 256: (1, 113), 512: (1, 79),
    1024: (1, 36), 2048: (1, 17), 4096: (2, 9), 8192: (0, 0),
}  # fmt: skip


def slabs_of(workload: Workload) -> list[int]:
    """How many slabs each of `KINDS` has for a workload."""
    return slab_counts(workload.cores, usual_slabs(workload.cores, len(workload.tasks), workload.full_queues), workload.held)


def usual_slabs(cores: int, tasks: int, full_queues: int = 0) -> list[int]:
    """Slabs of no core of each of `KINDS` that lie about on a machine that has run for a while, however long a run is."""
    return [_usual(kind, cores, tasks, full_queues) for kind in KINDS]


def _usual(kind: Kind, cores: int, tasks: int, full_queues: int) -> int:
    a_task, a_queue = A_TASK_AND_A_QUEUE[kind.object_bytes]
    if kind.object_bytes == OBJECT_BYTES:
        return cores + SPARE_SLABS + tasks // kind.objects + -(-full_queues * a_queue // kind.objects)
    return SPARE_SLABS + -(-(tasks * a_task + full_queues * a_queue) // kind.objects)


def message_blocks(text: int) -> tuple[int, ...]:
    """Bytes of each allocation of a message with so many bytes of text: its header's page, then a page for each segment."""
    blocks = [0x30 + min(text, TEXT_IN_HEADER)]
    left = text - TEXT_IN_HEADER
    while left > 0:
        blocks.append(0x8 + min(left, TEXT_IN_SEGMENT))
        left -= TEXT_IN_SEGMENT
    return tuple(blocks)


def held_messages(texts: Mapping[int, int | None], *, queues: int, tasks: int) -> tuple[Held, ...]:
    """What messages take, by bytes of text how many are ever sent; on full queues, and one of each task's under way."""
    found = []
    for text, ever in texts.items():
        at_once = queues * (QUEUE_BYTES_MAX // max(text, 1)) + tasks
        if ever is not None:
            at_once = min(at_once, ever)
        found += [Held(size, at_once, ever) for size in message_blocks(text)]
    return tuple(found)
