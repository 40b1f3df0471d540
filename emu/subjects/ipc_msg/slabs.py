"""The slabs that a workload's guest is given for its messages."""

from emu.guest.slab import KINDS, OBJECT_BYTES, SPARE_SLABS, Kind, slab_counts
from emu.subjects.ipc_msg.workload.workload import Workload

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
