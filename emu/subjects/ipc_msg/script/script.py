"""A script: message-queue operations of several tasks in one global order, and what they are expected to give.

One operation is issued at a time, and only when the machine is at rest: every earlier operation has returned, or its
task sleeps in it. So the order of effects is the order of the lines, wherever a script runs: on the emulated machine,
on the kernel of the host, on a model. What runs scripts is an `Executor`; what it answers is one `StepResult` a step.

Tasks are processes of one unprivileged user, who owns every queue. `emu.guest.script_text` reads and writes the text form.
"""

import zlib
from dataclasses import dataclass, field
from typing import Protocol

from emu.subjects.ipc_msg.memory import QUEUE_BYTES_MAX

TASKS_MAX = 64
QUEUES_MAX = 256  # kernel.msgmni of the guest
MESSAGE_MAX = 8192  # msg_ctlmax of a new namespace
QUEUE_BYTES = QUEUE_BYTES_MAX  # msg_ctlmnb: q_qbytes of a new queue, and the most an unprivileged task may set
QUEUE_MODE = 0o600
TYPE_LENGTH = 8  # a message in user memory: its type, then its text
NO_QUEUE = 0  # `queue=none`: the id is -1; so is that of a queue that nobody has created yet

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
class Set:
    """IPC_SET: both values are always set; owner and group stay."""

    qbytes: int = QUEUE_BYTES
    mode: int = QUEUE_MODE
    bad: bool = False
    queue: int = 1


@dataclass(frozen=True, slots=True)
class Rmid:
    """IPC_RMID."""

    queue: int = 1


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


Operation = Msgget | Send | Recv | Stat | Set | Rmid | Signal | Kill | Exit


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


def statistics(*, qnum: int, cbytes: int, qbytes: int, mode: int, lspid: int, lrpid: int) -> Outcome:
    """What IPC_STAT gave; the two last are task numbers, 0 for nobody."""
    numbers = (("qnum", str(qnum)), ("cbytes", str(cbytes)), ("qbytes", str(qbytes)), ("mode", f"0{mode:o}"))
    return Outcome("0", (*numbers, ("lspid", task_name(lspid)), ("lrpid", task_name(lrpid))))


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
class Step:
    """One operation; `expect` and `returns` are what the author says will come of it, as far as the author says it."""

    task: int
    operation: Operation
    expect: Outcome | None = None
    returns: tuple[Return, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script. `queues` exist before its first step: private, mode 0600, 16384 bytes."""

    tasks: int
    steps: tuple[Step, ...]
    queues: int = 1
    name: str = field(default="script", compare=False)


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
