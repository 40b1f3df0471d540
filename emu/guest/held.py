"""What a workload or a script can have allocated at once: the guest gets slabs for that, and an allocation too many ends the run.

Everything here is an upper bound, computed before anything runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

QUEUE_BYTES_MAX = 16384  # MSGMNB: text on a queue, and messages; nobody here may set more
QUEUE_BLOCK = 0x100  # of kmalloc-256: struct ipc_rcu, a line of its own, then struct msg_queue
TEXT_IN_HEADER = 0x1000 - 0x30  # DATALEN_MSG and DATALEN_SEG of ipc/msgutil.c: a page without its struct msg_msg
TEXT_IN_SEGMENT = 0x1000 - 0x8  # or msg_msgseg


@dataclass(frozen=True, slots=True)
class Held:
    """Objects of one size."""

    size: int  # bytes asked for
    at_once: int
    ever: int | None  # over the whole run; None: as many as the run is long


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


def total(held: Iterable[Held]) -> Held:
    """Several as one, of the largest size."""
    each = list(held)
    ever = [one.ever for one in each]
    return Held(
        max((one.size for one in each), default=0),
        sum(one.at_once for one in each),
        None if None in ever else sum(count for count in ever if count is not None),
    )
