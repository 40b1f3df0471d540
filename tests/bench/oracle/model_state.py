"""What the model of the queue consists of, and what differs between kernels."""

import re
from dataclasses import dataclass, field, replace

from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.words import operation_text, outcome_text, return_text


@dataclass(frozen=True, slots=True)
class Kernel:
    """What differs between kernels, as far as a script can see it."""

    # Since v4.9 ("ipc/msg: avoid waking sender upon full queue") a sender whose message does not fit sleeps on. Seen when
    # IPC_SET takes the write permission away and leaves the queue full: before, the sender wakes and gets EACCES.
    wakes_senders_in_vain: bool = True
    # Since v4.10 ("ipc: msg, make msgrcv work with LONG_MIN") that type finds every message. Before, the negation
    # overflows to LONG_MIN again, and no type is that low.
    long_min_finds_all: bool = False
    # Since v5.2 ("ipc: do cyclic id allocation for the ipc object") a new queue's index is not the lowest that is free but the
    # next one. Which that is depends on what was there before the script: the model holds that a queue of these kernels has
    # an index below that of any queue whose id was asked for, and keeps it for itself.
    cyclic_indices: bool = False
    # MSG_STAT_ANY came with v4.17; before, it is a command that nobody knows.
    stat_any: bool = False
    # MSG_COPY needs CONFIG_CHECKPOINT_RESTORE; without it the answer is ENOSYS.
    copies: bool = True

    @classmethod
    def of_release(cls, release: str, *, copies: bool = True) -> "Kernel":
        """Choose by `uname -r`."""
        match = re.match(r"(\d+)\.(\d+)", release)
        version = (int(match[1]), int(match[2])) if match else (4, 8)
        return cls(
            wakes_senders_in_vain=version < (4, 9),
            long_min_finds_all=version >= (4, 10),
            cyclic_indices=version >= (5, 2),
            stat_any=version >= (4, 17),
            copies=copies,
        )


LINUX_4_8 = Kernel()

# The shortest scripts that tell them apart.
FULL_AND_LOCKED = """\
tasks 2
t1: set qbytes=8
t1: send size=8
t1: send size=8
t2: set qbytes=8 mode=0400
"""
LOWEST = "tasks 1\nt1: send type=5 size=0\nt1: recv type=-9223372036854775808 nowait\n"


@dataclass(frozen=True, slots=True)
class Message:
    type: int
    text: bytes


@dataclass(slots=True)
class Queue:
    key: int
    mode: int
    qbytes: int = s.QUEUE_BYTES
    cbytes: int = 0
    lspid: int = 0
    lrpid: int = 0
    stime: int | None = None
    rtime: int | None = None
    ctime: int | None = 0
    uid: int = 0
    gid: int = 0
    cuid: int = 0
    cgid: int = 0
    messages: list[Message] = field(default_factory=list)
    receivers: list[list[int]] = field(default_factory=list)  # groups in order; no order is known inside a group
    senders: list[int] = field(default_factory=list)

    def copy(self) -> "Queue":
        return replace(self, messages=self.messages[:], receivers=[group[:] for group in self.receivers], senders=self.senders[:])

    def key_of_state(self) -> object:
        numbers = (self.key, self.mode, self.qbytes, self.lspid, self.lrpid, self.stime, self.rtime, self.ctime)
        owners = (self.uid, self.gid, self.cuid, self.cgid)
        return numbers, owners, tuple(self.messages), tuple(map(frozenset, self.receivers)), frozenset(self.senders)

    def permits(self, user: int, wanted: int) -> bool:
        """Say whether a user, whose group has the same number, may do what is wanted."""
        shift = 6 if user in (self.uid, self.cuid) else 3 if user in (self.gid, self.cgid) else 0
        return not wanted & ~(self.mode >> shift)

    def owned_by(self, user: int) -> bool:
        return user in (self.uid, self.cuid)

    def fits(self, size: int) -> bool:
        return size + self.cbytes <= self.qbytes and 1 + len(self.messages) <= self.qbytes

    def forget(self, task: int) -> None:
        """Take a task off both lists."""
        self.senders = [other for other in self.senders if other != task]
        self.receivers = [rest for group in self.receivers if (rest := [other for other in group if other != task])]


@dataclass(slots=True)
class State:
    """Everything there is, between two turns of a lock."""

    queues: list[Queue | None] = field(default_factory=list)
    ids: list[int | None] = field(default_factory=list)  # of each, there or gone; None where the kernel chose one that nobody knows
    users: dict[int, int] = field(default_factory=dict)  # of the tasks that are not of user 0
    made: int = 0  # queues whose id the kernel chose
    next_id: int | None = None  # that the next new queue is to have
    clock: int = 0  # seconds slept
    calls: dict[int, s.Operation] = field(default_factory=dict)  # who sleeps, in what
    woken: dict[int, str] = field(default_factory=dict)  # who will take the lock next, for what: send, leave or find
    events: dict[int, s.Outcome] = field(default_factory=dict)  # what the current step has given so far
    back: frozenset[int] = frozenset()  # receivers that went back to the end of the list during this step

    def copy(self) -> "State":
        return replace(
            self,
            queues=[queue and queue.copy() for queue in self.queues],
            ids=self.ids[:],
            calls=dict(self.calls),
            woken=dict(self.woken),
            events=dict(self.events),
        )

    def key(self) -> object:
        queues = tuple(queue and queue.key_of_state() for queue in self.queues)
        calls, woken, events = (frozenset(part.items()) for part in (self.calls, self.woken, self.events))
        return queues, tuple(self.ids), self.made, self.next_id, self.clock, calls, woken, events, self.back

    def user_of(self, task: int) -> int:
        return self.users.get(task, 0)

    def indices(self) -> dict[int, int]:
        """Give index and number of every queue that is there and whose index is known."""
        found = {}
        for number, (queue, id) in enumerate(zip(self.queues, self.ids, strict=True), 1):
            if queue and id is not None:
                found[id % s.INDICES] = number
        return found

    def queue(self, number: int) -> Queue | None:
        return self.queues[number - 1] if 1 <= number <= len(self.queues) else None

    def there(self, number: int) -> Queue:
        queue = self.queue(number)
        assert queue is not None
        return queue

    def never(self, number: int) -> bool:
        """Say whether there never was such a queue: then its id is -1, which is refused before anything else."""
        return not 1 <= number <= len(self.queues)

    def comes_back(self, task: int, outcome: s.Outcome) -> None:
        """Let a sleeping task return."""
        operation = self.calls.pop(task)
        self.woken.pop(task, None)
        queue = self.queue(operation.queue)
        assert queue is not None
        queue.forget(task)
        self.events[task] = outcome


def result_of(step: s.Step, state: State) -> s.StepResult:
    """Give what a step gave, seen from outside."""
    returns = sorted((task, outcome) for task, outcome in state.events.items() if task != step.task)
    return s.StepResult(state.events[step.task], tuple(returns))


def text_of(step: s.Step, result: s.StepResult) -> str:
    """One step's result on one line."""
    returns = "".join(f"; t{task} {return_text(outcome)}" for task, outcome in result.returns)
    return f"t{step.task}: {operation_text(step.operation)} -> {outcome_text(result.outcome)}{returns}"
