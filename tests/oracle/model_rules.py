"""The rules of the queue that need no course of events: types, sizes, what is stored where, what IPC_STAT tells."""

from collections.abc import Iterator
from itertools import combinations

from model_state import Kernel, Message, Queue, State

from emu.subjects.ipc_msg.script import script as s

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
READ, WRITE = 4, 2


def takes(kernel: Kernel, op: s.Operation, kind: int) -> bool:
    """Say whether a receive takes messages of this type."""
    assert isinstance(op, s.Recv)
    if op.type == 0:
        return True
    if op.type == _LONG_MIN:
        return kind <= (_LONG_MAX if kernel.long_min_finds_all else _LONG_MIN)
    if op.type < 0:
        return kind <= -op.type
    return (kind != op.type) if op.other else (kind == op.type)


def matches(kernel: Kernel, op: s.Operation, message: Message) -> bool:
    """Say whether a waiting receive takes this message, its size apart."""
    return takes(kernel, op, message.type)


def find(kernel: Kernel, queue: Queue, op: s.Operation) -> int | None:
    """Give the place of the message that a receive takes."""
    assert isinstance(op, s.Recv)
    if op.copy:
        return op.type if 0 <= op.type < len(queue.messages) else None
    places = [place for place, message in enumerate(queue.messages) if takes(kernel, op, message.type)]
    if not places:
        return None
    return min(places, key=lambda place: queue.messages[place].type) if op.type < 0 else places[0]


def room(op: s.Operation) -> int:
    assert isinstance(op, s.Recv)
    return 2**31 - 1 if op.noerror else op.size


def courses(large: list[int], small: list[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Who of a group without order takes a message, and which of the too small were met before."""
    for taker in large:
        for count in range(len(small) + 1):
            for met in combinations(small, count):
                yield taker, met


def filled(op: s.Recv, message: Message) -> s.Outcome:
    """What a receiver gets of a message; a message that cannot be stored is lost."""
    size = min(op.size, len(message.text))
    if op.bad == "pointer" or (op.bad and size):
        return s.Outcome("EFAULT")
    return s.received(size, message.type, message.text[:size])


def status(queue: Queue, op: s.Stat) -> s.Outcome:
    if not queue.permits(READ):
        return s.Outcome("EACCES")
    if op.bad:
        return s.Outcome("EFAULT")
    return s.statistics(
        qnum=len(queue.messages),
        cbytes=queue.cbytes,
        qbytes=queue.qbytes,
        mode=queue.mode,
        lspid=queue.lspid,
        lrpid=queue.lrpid,
    )


def get(state: State, op: s.Msgget) -> s.Outcome:
    """Create a queue, or find one."""
    for number, queue in enumerate(state.queues, 1):
        if op.key and queue and queue.key == op.key:
            if op.create and op.excl:
                return s.Outcome("EEXIST")
            wanted = (op.mode >> 6 | op.mode >> 3 | op.mode) & 7
            return s.Outcome(f"q{number}" if queue.permits(wanted) else "EACCES")
    if op.key and not op.create:
        return s.Outcome("ENOENT")
    state.queues.append(Queue(op.key, op.mode))
    return s.Outcome(f"q{len(state.queues)}")
