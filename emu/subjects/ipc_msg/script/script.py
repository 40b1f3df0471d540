"""A script: message-queue operations of several tasks in one global order, and what they are expected to give.

One operation is issued at a time, and only when the machine is at rest: every earlier operation has returned, or its
task sleeps in it. So the order of effects is the order of the lines, wherever a script runs: on the emulated machine,
on the kernel of the host, on a model. What runs scripts is an `Executor`; what it answers is one `StepResult` a step.

Tasks are processes without privileges, all of one user unless the script says otherwise; a user is a number, and the group of that
number; 0 is whoever runs the script. `emu.subjects.ipc_msg.script.text` reads and writes the text form.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Protocol

from emu.subjects.ipc_msg.memory import QUEUE_BYTES_MAX

TASKS_MAX = 64
QUEUES_MAX = 256  # kernel.msgmni of the guest
MESSAGE_MAX = 8192  # msg_ctlmax of a new namespace
QUEUE_BYTES = QUEUE_BYTES_MAX  # msg_ctlmnb: q_qbytes of a new queue, and the most an unprivileged task may set
QUEUE_MODE = 0o600
TYPE_LENGTH = 8  # a message in user memory: its type, then its text
NO_QUEUE = 0  # `queue=none`: the id is -1; so is that of a queue that nobody has created yet
INDICES = 32768  # SEQ_MULTIPLIER, ipc/util.h: an id is a sequence number times this and an index
USER_MAX = 65533
PRIORITY_MAX = 99  # of SCHED_FIFO

IPC_CREAT, IPC_EXCL, IPC_NOWAIT = 0o1000, 0o2000, 0o4000
MSG_NOERROR, MSG_EXCEPT, MSG_COPY = 0o10000, 0o20000, 0o40000

_PATTERN_PERIOD = 251  # divides neither a page nor a segment: a segment out of place shows
_TEXT_SHOWN = 16  # bytes of a received message written in full; a longer one is a checksum


def pattern(fill: int, size: int) -> bytes:
    """Text of a message that is not spelled out."""
    block = bytes((fill + 7 * place) & 0xFF for place in range(_PATTERN_PERIOD))
    return (block * (size // _PATTERN_PERIOD + 1))[:size]


@dataclass(frozen=True, slots=True)
class Msgget:
    """Create a queue, or find the one that has the key; key 0 is IPC_PRIVATE."""

    key: int = 0
    create: bool = False
    excl: bool = False
    mode: int = QUEUE_MODE

    @property
    def flags(self) -> int:
        """Second argument of the system call."""
        return self.mode | self.create * IPC_CREAT | self.excl * IPC_EXCL


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message. `bad`: the pointer, or only the text behind it, is no memory of the task's."""

    type: int = 1
    size: int = 8
    fill: int = 0
    text: bytes | None = None  # spelled out: then `size` is its length
    nowait: bool = False
    bad: str = ""
    queue: int = 1

    @property
    def flags(self) -> int:
        """Last argument of the system call."""
        return self.nowait * IPC_NOWAIT

    @property
    def payload(self) -> bytes:
        """What the task's memory holds as text: no more than a message may have."""
        return pattern(self.fill, min(max(self.size, 0), MESSAGE_MAX)) if self.text is None else self.text


@dataclass(frozen=True, slots=True)
class Recv:
    """Receive a message; with `copy`, a copy of message number `type`."""

    type: int = 0
    size: int = MESSAGE_MAX
    nowait: bool = False
    noerror: bool = False
    other: bool = False  # MSG_EXCEPT; the word is `except`
    copy: bool = False
    bad: str = ""
    queue: int = 1

    @property
    def flags(self) -> int:
        """Last argument of the system call."""
        return self.nowait * IPC_NOWAIT | self.noerror * MSG_NOERROR | self.other * MSG_EXCEPT | self.copy * MSG_COPY


@dataclass(frozen=True, slots=True)
class Stat:
    """IPC_STAT."""

    bad: bool = False
    queue: int = 1


@dataclass(frozen=True, slots=True)
class MsgStat:
    """MSG_STAT: of whatever has the index that is in the id of `queue`, or this index."""

    index: int | None = None
    bad: bool = False
    queue: int = 1


@dataclass(frozen=True, slots=True)
class Set:
    """IPC_SET: all four values are always set."""

    qbytes: int = QUEUE_BYTES
    mode: int = QUEUE_MODE
    uid: int = 0
    gid: int = 0
    bad: bool = False
    queue: int = 1


@dataclass(frozen=True, slots=True)
class Rmid:
    """IPC_RMID."""

    queue: int = 1


@dataclass(frozen=True, slots=True)
class IpcInfo:
    """IPC_INFO."""

    bad: bool = False


@dataclass(frozen=True, slots=True)
class MsgInfo:
    """MSG_INFO."""

    bad: bool = False


@dataclass(frozen=True, slots=True)
class Msgctl:
    """A command of msgctl that has no name of its own."""

    command: int = -1
    queue: int = 1


@dataclass(frozen=True, slots=True)
class NextId:
    """An administrator asks by kernel.msg_next_id for the id that the next new queue is to get; no call of the task's."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Sleep:
    """The task stays in user mode until the wall clock has gone on by a second."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a task a signal that it handles, or one that it ignores."""

    target: int
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """Kill another task, asleep or not."""

    target: int


@dataclass(frozen=True, slots=True)
class Exit:
    """The task ends itself."""


Operation = Msgget | Send | Recv | Stat | MsgStat | Set | Rmid | IpcInfo | MsgInfo | Msgctl | NextId | Sleep | Signal | Kill | Exit


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation gave: its value or the name of its error, `blocks` or `dies`; and what came with it.

    Everything is in the script's own words, in one spelling, so that outcomes compare as they are.
    """

    word: str
    fields: tuple[tuple[str, str], ...] = ()

    def meets(self, wanted: "Outcome") -> bool:
        """Whether everything that is wanted is so; what is not mentioned may be anything."""
        return self.word == wanted.word and set(wanted.fields) <= set(self.fields)


BLOCKS = Outcome("blocks")
DIES = Outcome("dies")
DONE = Outcome("0")


def received(size: int, message_type: int, text: bytes) -> Outcome:
    """What a receive gave: its value, the type and the text, or the checksum of a long one."""
    fields = [("type", str(message_type))]
    if text:
        shown = ("text", f"0x{text.hex()}") if len(text) <= _TEXT_SHOWN else ("crc", f"0x{zlib.crc32(text):08x}")
        fields.append(shown)
    return Outcome(str(size), tuple(fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What IPC_STAT gave: tasks by number, 0 for nobody; times as seconds slept before, None for never."""

    qnum: int
    cbytes: int
    qbytes: int
    mode: int
    lspid: int
    lrpid: int
    stime: int | None
    rtime: int | None
    ctime: int | None
    uid: int
    gid: int
    cuid: int
    cgid: int

    def outcome(self, word: str = "0") -> Outcome:
        """In the script's words."""
        spelled = {
            "mode": f"0{self.mode:o}",
            **{name: task_name(getattr(self, name)) for name in ("lspid", "lrpid")},
            **{name: time_text(getattr(self, name)) for name in ("stime", "rtime", "ctime")},
        }
        return Outcome(word, tuple((each.name, spelled.get(each.name, str(getattr(self, each.name)))) for each in fields(self)))


INFO_FIELDS = ("msgpool", "msgmap", "msgmax", "msgmnb", "msgmni", "msgssz", "msgtql", "msgseg")


def information(word: str, values: Iterable[int]) -> Outcome:
    """What IPC_INFO or MSG_INFO gave: the queue with the highest index, 0 if there is none, and the fields of struct msginfo."""
    return Outcome(word, tuple((name, str(value)) for name, value in zip(INFO_FIELDS, values, strict=True)))


def time_text(seconds: int | None) -> str:
    """A time of a queue, by how often the script had slept before."""
    return "never" if seconds is None else f"+{seconds}s"


def task_name(task: int) -> str:
    """Tasks are counted from 1; 0 is nobody."""
    return f"t{task}" if task else "none"


@dataclass(frozen=True, slots=True)
class Return:
    """A task that slept in an earlier operation came back from it, or died in it."""

    task: int
    outcome: Outcome
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """A task is about to execute the instruction of a point in the kernel."""

    task: int
    point: str


@dataclass(frozen=True, slots=True)
class Step:
    """One operation; `expect` and `returns` are what the author says will come of it, as far as the author says it."""

    task: int
    operation: Operation
    expect: Outcome | None = None
    returns: tuple[Return, ...] = ()
    line: int = field(default=0, compare=False)
    joined: bool = False  # issued together with the one before
    during: Moment | None = None  # issued once that has come to be, of a task whose operation is issued together with it


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script. `queues` exist before its first step: private, mode 0600, 16384 bytes."""

    tasks: int
    steps: tuple[Step, ...]
    queues: int = 1
    users: tuple[tuple[int, int], ...] = ()  # tasks of another user than 0, and that user
    cores: tuple[tuple[int, int], ...] = ()  # tasks on another core than their own, N - 1 for tN, and that core
    priorities: tuple[tuple[int, int], ...] = ()  # real-time tasks, and their priority
    name: str = field(default="script", compare=False)

    def groups(self) -> list[tuple[Step, ...]]:
        """Steps by what is issued at once."""
        found: list[tuple[Step, ...]] = []
        for step in self.steps:
            if step.joined:
                found[-1] = (*found[-1], step)
            else:
                found.append((step,))
        return found

    def user_of(self, task: int) -> int:
        """Whose process a task is."""
        return dict(self.users).get(task, 0)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step gave, and who came back because of it, by task number."""

    outcome: Outcome
    returns: tuple[tuple[int, Outcome], ...] = ()


Results = tuple[StepResult, ...]


class Executor(Protocol):
    """Something that a script runs on."""

    def run(self, script: Script) -> Results:
        """Run it on fresh tasks and fresh queues, and leave nothing behind."""
