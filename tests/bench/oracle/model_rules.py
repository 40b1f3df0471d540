"""The rules of the queue that need no course of events: types, sizes, what is stored where, what IPC_STAT tells."""

from collections.abc import Iterator
from itertools import combinations, count

from bench.oracle.model_state import Kernel, Message, Queue, State
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
        for many in range(len(small) + 1):
            for met in combinations(small, many):
                yield taker, met


def filled(op: s.Recv, message: Message) -> s.Outcome:
    """What a receiver gets of a message; a message that cannot be stored is lost."""
    size = min(op.size, len(message.text))
    if op.bad == "pointer" or (op.bad and size):
        return s.Outcome("EFAULT")
    return s.received(size, message.type, message.text[:size])


def status(queue: Queue, user: int, bad: bool, word: str = "0") -> s.Outcome:
    if not queue.permits(user, READ):
        return s.Outcome("EACCES")
    if bad:
        return s.Outcome("EFAULT")
    same = ("cbytes", "qbytes", "mode", "lspid", "lrpid", "stime", "rtime", "ctime", "uid", "gid", "cuid", "cgid")
    return s.Status(qnum=len(queue.messages), **{name: getattr(queue, name) for name in same}).outcome(word)


def status_by_index(kernel: Kernel, state: State, user: int, op: s.MsgStat) -> list[s.Outcome]:
    """Give every answer that is legal; several where nobody knows which index a queue has."""
    known = state.indices()
    if op.index is None and (state.never(op.queue) or (state.ids[op.queue - 1] is None and not state.queue(op.queue))):
        return [s.Outcome("EINVAL")]
    if op.index is None and state.ids[op.queue - 1] is None:
        numbers: list[int | None] = [op.queue]
    else:
        index = op.index if op.index is not None else state.ids[op.queue - 1]
        assert index is not None
        numbers = [known.get(index % s.INDICES)]
        if numbers == [None] and kernel.cyclic_indices:
            numbers += [number for number, queue in enumerate(state.queues, 1) if queue and state.ids[number - 1] is None]
    return [status(state.there(number), user, op.bad, f"q{number}") if number else s.Outcome("EINVAL") for number in numbers]


def information(state: State, op: s.IpcInfo | s.MsgInfo) -> list[s.Outcome]:
    """Give every answer that is legal: whose index is the highest may not be known."""
    if op.bad:
        return [s.Outcome("EFAULT")]
    there = [queue for queue in state.queues if queue]
    messages = sum(len(queue.messages) for queue in there)
    used = (len(there), messages, sum(queue.cbytes for queue in there))
    pool, mapped, texts = used if isinstance(op, s.MsgInfo) else (512000, 16384, 16384)
    values = (pool, mapped, s.MESSAGE_MAX, s.QUEUE_BYTES, s.QUEUES_MAX, 16, texts, 0xFFFF)
    known = state.indices()
    unknown = [number for number, queue in enumerate(state.queues, 1) if queue and state.ids[number - 1] is None]
    highest = [f"q{known[max(known)]}"] if known else [f"q{number}" for number in unknown] or ["0"]
    return [s.information(word, values) for word in highest]


def get(kernel: Kernel, state: State, user: int, op: s.Msgget) -> s.Outcome:
    """Create a queue, or find one."""
    for number, queue in enumerate(state.queues, 1):
        if op.key and queue and queue.key == op.key:
            if op.create and op.excl:
                return s.Outcome("EEXIST")
            wanted = (op.mode >> 6 | op.mode >> 3 | op.mode) & 7
            return s.Outcome(f"q{number}" if queue.permits(user, wanted) else "EACCES")
    if op.key and not op.create:
        return s.Outcome("ENOENT")
    if sum(queue is not None for queue in state.queues) >= s.QUEUES_MAX:
        return s.Outcome("ENOSPC")
    owner = {"uid": user, "gid": user, "cuid": user, "cgid": user}
    return create(kernel, state, Queue(op.key, op.mode, ctime=state.clock, **owner))


def create(kernel: Kernel, state: State, queue: Queue) -> s.Outcome:
    """Give a new queue its id, and a number unless a queue that is gone had the same id."""
    wanted, state.next_id = state.next_id, None
    taken = state.indices()
    if wanted is not None:
        id: int | None = wanted - wanted % s.INDICES + next(i for i in count(wanted % s.INDICES) if i not in taken)
    elif kernel.cyclic_indices:
        id = None
    else:
        id = state.made % 65536 * s.INDICES + next(i for i in count() if i not in taken)
    if wanted is None:
        state.made += 1
    if id is not None and id in state.ids:
        number = state.ids.index(id) + 1
        state.queues[number - 1] = queue
    else:
        state.queues.append(queue)
        state.ids.append(id)
        number = len(state.queues)
    return s.Outcome(f"q{number}", () if wanted is None else (("id", str(id)),))
