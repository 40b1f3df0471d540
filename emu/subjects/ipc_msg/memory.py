"""How much memory messages take: the blocks of one, and what a workload or a script can hold of them."""

from collections.abc import Mapping

from emu.guest.held import Held

QUEUE_BYTES_MAX = 16384  # MSGMNB: text on a queue, and messages; nobody here may set more
QUEUE_BLOCK = 0x100  # of kmalloc-256: struct ipc_rcu, a line of its own, then struct msg_queue
TEXT_IN_HEADER = 0x1000 - 0x30  # DATALEN_MSG and DATALEN_SEG of ipc/msgutil.c: a page without its struct msg_msg
TEXT_IN_SEGMENT = 0x1000 - 0x8  # or msg_msgseg


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
