"""What lies in a guest's memory while it runs, read by the kernel's own pointers: lists, queues, messages.

Every walk is bounded and checked: a chain that does not close, or a list whose prev links do not agree, is a `CheckFailed`.
"""

from dataclasses import dataclass

from emu.errors import CheckFailed
from emu.guest.record import Kernel, Record

CHAIN_MAX = 1 << 16  # longer than any list of these guests


@dataclass(frozen=True, slots=True)
class Message:
    """One message on a queue, with the blocks that it is kept in."""

    address: int
    type: int
    size: int
    blocks: tuple[int, ...]


def list_nodes(kernel: Kernel, head: int, what: str) -> list[int]:
    """Addresses of the nodes of a doubly linked list, without its head."""
    nodes: list[int] = []
    before, node = head, kernel.at("list_head", head)["next"]
    while True:
        here = kernel.at("list_head", node)
        if here["prev"] != before:
            raise CheckFailed(f"{what}: the node at {node:#x} should have {before:#x} before it, not {here['prev']:#x}")
        if node == head:
            return nodes
        nodes.append(node)
        if len(nodes) > CHAIN_MAX:
            raise CheckFailed(f"{what}: the list does not come back to its head")
        before, node = node, here["next"]


def queues(kernel: Kernel) -> list[Record]:
    """Every message queue that has an id."""
    namespace = kernel.global_record("ipc_namespace", "init_ipc_ns")
    layer = kernel.at("idr_layer", namespace["msg_ids_top"])
    slots = layer.words("ary")
    return [kernel.at("msg_queue", pointer) for pointer in slots if pointer]


def messages(kernel: Kernel, queue: Record) -> list[Message]:
    """The messages on a queue, first in first."""
    found = []
    for node in list_nodes(kernel, queue.address("q_messages"), "q_messages"):
        header = kernel.at("msg_msg", node)
        blocks = [node]
        segment = header["next"]
        while segment:
            blocks.append(segment)
            if len(blocks) > CHAIN_MAX:
                raise CheckFailed(f"the segments of the message at {node:#x} do not end")
            segment = kernel.at("msg_msgseg", segment)["next"]
        found.append(Message(node, header["m_type"], header["m_ts"], tuple(blocks)))
    return found
