"""The workloads beside pmsg-shared: each is a table of system calls for every task.

Task 0 creates the queue; the others try again until it is there. The numbers of sends and receives agree, so that every
task comes to its end and the queue is empty then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from errno import EIDRM, EINTR, EINVAL, ESRCH

from emu.errors import UserError
from emu.guest.chance import start_delays
from emu.guest.held import Held
from emu.guest.plan import USER_PID_BASE
from emu.guest.signal_numbers import SIGUSR1
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.memory import QUEUE_BLOCK, held_messages
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.workload.task_table import Buffer, Call, Table
from emu.subjects.ipc_msg.workload.workload import SEQUENCE, TableTask, Workload, validate

TEXT = 8  # bytes of a message, where the workload is not about its length
ANSWER = 1 << 19
NOBODY = 1 << 20  # a type that nobody sends
PAUSE = 16000  # iterations: long enough for those who were woken to go to sleep again
SMALL_QUEUE = 64  # bytes: eight messages
BURST = 8  # messages of a burst of mixed types, and of their sizes
LONG_TEXT = 5000  # more than one page: the message has a segment
PLACEMENT = "one core after the other"

CREATE = Call(sc.MSGGET, (0, s.QUEUE_MODE))  # IPC_PRIVATE; its id is 0


def _send(kind: int, *, size: int = TEXT, times: int = 1, delay: int = 0, step: int = 0) -> Call:
    return Call(sc.MSGSND, (0, Buffer.SEND, size, 0), message_type=kind, times=times, delay=delay, step=step, retry=EINVAL)


def _receive(kind: int, *, size: int = TEXT, flags: int = 0, times: int = 1, delay: int = 0, step: int = 0) -> Call:
    return Call(sc.MSGRCV, (0, Buffer.RECEIVE, size, kind, flags), times=times, delay=delay, step=step, retry=EINVAL)


def one_to_many(threads: int, messages: int) -> list[Table]:
    """One sender, all others wait for any message."""
    sender = Table((_send(1),), messages, prologue=(CREATE,))
    return [sender, *(Table((_receive(0),), share) for share in _shares(messages, threads - 1))]


def many_to_one(threads: int, messages: int) -> list[Table]:
    """All send, one receives."""
    receiver = Table((_receive(0),), messages, prologue=(CREATE,))
    return [receiver, *(Table((_send(1),), share) for share in _shares(messages, threads - 1))]


def full_queue(threads: int, messages: int) -> list[Table]:
    """A queue of eight messages; one slow receiver, the senders block."""
    small = Call(sc.MSGCTL, (0, sc.IPC_SET, Buffer.CONTROL))
    receiver = Table((_receive(0, delay=PAUSE),), messages, prologue=(CREATE, small), settings=(s.QUEUE_MODE, SMALL_QUEUE))
    return [receiver, *(Table((_send(1),), share) for share in _shares(messages, threads - 1))]


def rmid_sleepers(threads: int, messages: int) -> list[Table]:
    """Each round every receiver gets a message, answers it, sleeps again and finds the queue removed; a new one follows."""
    receivers = range(1, threads)
    rounds = -(-messages // (2 * len(receivers)))
    sends = tuple(_send(each, delay=PAUSE * (each == 1), step=SEQUENCE) for each in receivers)
    answers = _receive(ANSWER, times=len(receivers), step=SEQUENCE)
    remove = Call(sc.MSGCTL, (0, sc.IPC_RMID, 0), delay=PAUSE, step=SEQUENCE)
    remover = Table((CREATE, *sends, answers, remove), rounds)
    gone = Call(sc.MSGRCV, (0, Buffer.RECEIVE, TEXT, NOBODY, 0), step=SEQUENCE, allowed=(EIDRM, EINVAL))
    answer = _send(ANSWER, step=SEQUENCE)
    return [remover, *(Table((_receive(each, step=SEQUENCE), answer, gone), rounds) for each in receivers)]


def set_sleepers(threads: int, messages: int) -> list[Table]:
    """Each round IPC_SET wakes all sleeping receivers, who look and sleep again; then each gets a message."""
    receivers = range(1, threads)
    rounds = -(-messages // len(receivers))
    change = Call(sc.MSGCTL, (0, sc.IPC_SET, Buffer.CONTROL), delay=PAUSE)
    sends = tuple(_send(each, delay=PAUSE * (each == 1)) for each in receivers)
    setter = Table((change, *sends), rounds, prologue=(CREATE,), settings=(s.QUEUE_MODE, s.QUEUE_BYTES))
    return [setter, *(Table((_receive(each),), rounds) for each in receivers)]


def mixed_types(threads: int, messages: int) -> list[Table]:
    """Bursts of types and lengths: those of type 1 are for who asks for 1 or -1, the others for who asks for all but 1."""
    rounds = -(-messages // BURST)
    ones, others = BURST // 2, BURST - BURST // 2
    burst = []
    for index in range(others):
        burst.append(_send(1, size=TEXT << index))
        burst.append(_send(2 + index, size=LONG_TEXT >> index))
    sender = Table(tuple(burst), rounds, prologue=(CREATE,), message=s.pattern(7, LONG_TEXT))
    exact, lowest = threads // 2, (threads - 1) // 2
    takers = [
        Table((_receive(1 if index % 2 else -1, size=LONG_TEXT),), share)
        for index, share in enumerate(_shares(ones * rounds, exact))
    ]
    rest = _receive(1, flags=s.MSG_EXCEPT | s.MSG_NOERROR)
    return [sender, *takers, *(Table((rest,), share) for share in _shares(others * rounds, lowest))]


def signals(threads: int, messages: int) -> list[Table]:
    """One task sends, one signals the receivers in turn; whoever a signal finds asleep gets EINTR and calls again."""
    receivers = range(2, threads)
    shares = _shares(messages, len(receivers))
    sender = Table((_send(1, delay=PAUSE // 4),), messages, prologue=(CREATE,))
    shots = tuple(
        Call(sc.TGKILL, (USER_PID_BASE + each, USER_PID_BASE + each, SIGUSR1), delay=PAUSE // 4, allowed=(ESRCH,))
        for each in receivers
    )
    signaller = Table(shots, -(-messages // len(receivers)))
    wait = (0, Buffer.RECEIVE, TEXT, 0, 0)
    there = Call(sc.MSGCTL, (0, sc.IPC_STAT, Buffer.CONTROL), retry=EINVAL)
    calls = (Call(sc.MSGRCV, wait, retry=EINTR),)
    return [sender, signaller, *(Table(calls, share, prologue=(there,)) for share in shares)]


def rt_livelock(threads: int, messages: int) -> list[Table]:
    """Receivers of a higher priority on the sender's core: what the patch's message warns of. The last one is the sender."""
    first, *others = (Table((_receive(0),), share) for share in _shares(messages, threads - 1))
    return [replace(first, prologue=(CREATE,)), *others, Table((_send(1),), messages)]


@dataclass(frozen=True, slots=True)
class Kind:
    """One workload: its tables for so many tasks and messages."""

    tables: Callable[[int, int], list[Table]]
    threads_min: int
    summary: str
    one_core: bool = False  # all tasks on core 0
    rt_priorities: tuple[int, int] = (0, 0)  # of the last task, and of the others; 0: fair tasks
    preempt: str = "none"  # the kind of kernel preemption that it is about
    threads: int = 0  # where nobody says; 0: one a core


KINDS = {
    "one-to-many": Kind(one_to_many, 2, "one sender, many receivers of any type"),
    "many-to-one": Kind(many_to_one, 2, "many senders, one receiver"),
    "full-queue": Kind(full_queue, 2, "a queue of 64 bytes: many senders block, one slow receiver"),
    "rmid-sleepers": Kind(rmid_sleepers, 2, "removal of a queue with sleepers on it, round after round"),
    "set-sleepers": Kind(set_sleepers, 2, "IPC_SET with sleepers: all wake and go back to sleep"),
    "mixed-types": Kind(mixed_types, 3, "bursts that mix types and lengths, for receivers of 1, of -1 and of all but 1"),
    "rt-livelock": Kind(
        rt_livelock,
        2,
        "a sender of low real-time priority, a receiver of a higher one on its core",
        one_core=True,
        rt_priorities=(10, 50),
        preempt="rt",
        threads=2,
    ),
    "signals": Kind(signals, 3, "signals to receivers while messages come"),
}


def plan(name: str, *, cores: int, threads: int, messages: int, seed: int) -> Workload:
    """Plan one of `KINDS`, or raise `UserError` saying what was wanted."""
    kind = KINDS[name]
    validate(cores, threads, messages, seed)
    if threads < kind.threads_min:
        raise UserError(f"{name} needs at least {kind.threads_min} threads, not {threads}")
    if messages < threads:
        raise UserError(f"{name} needs at least a message for each of its {threads} threads, not {messages}")
    delays = start_delays(seed)
    tables: Sequence[Table] = kind.tables(threads, messages)
    tasks = tuple(
        TableTask(
            index=index,
            core=core,
            cpus_allowed=1 << core,
            start_delay=next(delays),
            table=table,
            program=name,
            rt_priority=kind.rt_priorities[index < len(tables) - 1],
        )
        for index, table in enumerate(tables)
        for core in (0 if kind.one_core else index % cores,)
    )
    wanted = sum(_receives(table) for table in tables)
    place = "all on one core" if kind.one_core else PLACEMENT
    return Workload(
        cores,
        tasks,
        name,
        "table_task",
        placement=place,
        messages=wanted,
        seed=seed,
        preempt=kind.preempt,
        full_queues=1,
        held=_held(tables),
    )


def _held(tables: Sequence[Table]) -> tuple[Held, ...]:
    """Messages of every size that is sent, on one full queue; and queues: a task that sleeps on a removed one keeps it."""
    calls = [call for table in tables for call in (*table.prologue, *table.calls)]
    texts = {call.arguments[2] for call in calls if call.number == sc.MSGSND}
    messages = held_messages({text: None for text in texts if isinstance(text, int)}, queues=1, tasks=len(tables))
    return (*messages, Held(QUEUE_BLOCK, 1 + len(tables), None))


def _shares(messages: int, parts: int) -> list[int]:
    """Split as evenly as it goes."""
    return [messages // parts + (index < messages % parts) for index in range(parts)]


def _receives(table: Table) -> int:
    """Messages that a task will have received at its end."""
    return table.rounds * sum(call.times for call in table.calls if call.number == sc.MSGRCV and not call.allowed)
