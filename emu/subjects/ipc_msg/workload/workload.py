"""A workload as plain values: what each task of the message path does, and how much memory that can take."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from emu.errors import UserError
from emu.guest.held import Held
from emu.guest.plan import GuestPlan, TaskPlan
from emu.subjects.ipc_msg.workload.task_table import Table
from emu.whole import within

CORES_MAX = 64
THREADS_MAX = 512
MESSAGES_MAX = 2**31
SEQUENCE = 32768  # SEQ_MULTIPLIER, ipc/util.h: between the ids of successive queues at one place


@dataclass(frozen=True, slots=True)
class PingPong(TaskPlan):
    """A thread of pmsg-shared: its partner's messages and its own."""

    program: str = "pmsg"
    pair: int = 0
    queue: int = 0  # index of its queue
    fungible: bool = False  # tokens of one type are all alike: their payload says neither pair nor pass
    own_type: int = 0
    partner_type: int = 0
    sends: int = 0
    receives: int = 0
    starts_first: bool = False


@dataclass(frozen=True, slots=True)
class TableTask(TaskPlan):
    """A task that works off a table of system calls."""

    table: Table = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Workload(GuestPlan):
    """A validated workload: every token pass is somebody's send and somebody else's receive."""

    name: str
    program: str  # what each task runs: `programs.py`
    placement: str = ""
    messages: int = 0
    seed: int = 0
    preempt: str = "none"  # the kind of kernel preemption where nobody says: `emu.assembly.variants`
    queues: str | None = None  # which reading of pmsg-shared; None where it is no choice
    types: str | None = None
    queues_at_start: int = 0  # how many queues are there before anything runs
    full_queues: int = 0  # how many full queues the allocator has memory for in any case, beside the messages under way
    held: tuple[Held, ...] = ()  # what can be allocated at once

    @property
    def threads(self) -> int:
        """Number of user tasks."""
        return len(self.tasks)


def plan_script(*, cores: Sequence[int], priorities: Sequence[int], held: tuple[Held, ...] = ()) -> Workload:
    """Tasks of a script, each with its core and its real-time priority (0: fair), which wait there for what they are told to do."""
    plans = tuple(
        TaskPlan(index=index, core=core, cpus_allowed=1 << core, program="script", rt_priority=priority)
        for index, (core, priority) in enumerate(zip(cores, priorities, strict=True))
    )
    placement = "one task a core" if len(set(cores)) == len(cores) else "as the script says"
    return Workload(max(cores) + 1, plans, "script", "script_task", placement=placement, full_queues=1, held=held)


def queue_id(index: int) -> int:
    """The id of a queue that is there from the start: the sequence number goes up with each queue made."""
    return index * SEQUENCE + index


def validate(cores: int, threads: int, messages: int, seed: int) -> None:
    """Refuse what no workload could be, with a `UserError`."""
    within("cores", cores, 1, CORES_MAX)
    if threads > THREADS_MAX:
        raise UserError(f"threads must be at most {THREADS_MAX}, not {threads}")
    within("messages", messages, 1, MESSAGES_MAX)
    within("seed", seed, 0, 2**64 - 1)
