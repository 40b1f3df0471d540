"""The workload pmsg-shared, our reconstruction: who sends what to whom, from which core, and how often.

The original benchmark's source is not public. Ours: one process, N threads in N/2 pairs, one token a pair, strict ping-pong
with 8-byte messages and blocking calls. Thread 2p starts pair p; every token passes a fixed number of times, so no queue has
anything on it at the end. What the name leaves open is a choice, a reading (docs/pmsg-shared.md):

- `placement`: where the members of a pair run (`emu.guest.placement`); None: as far apart as the machine has it.
- `queues`: `shared`, one for all pairs, or `pair`, one for each.
- `types`: `own`, each thread receives a message type of its own; or `common`, the first members all receive type 1 and the second
  ones type 2, so that on a shared queue any partner takes any token.

The seed varies what the real machine leaves to chance (`emu.guest.chance`).
"""

from dataclasses import dataclass

from emu.errors import UserError
from emu.guest.chance import start_delays
from emu.guest.held import Held, message_blocks
from emu.guest.placement import checked, places
from emu.guest.task_table import Table

NAME = "pmsg-shared"
COUNTS = ("pairs", "threads")  # what the benchmark's own first argument may count; docs/pmsg-shared.md says why pairs
QUEUES = ("shared", "pair")
TYPES = ("own", "common")
DEFAULT_MESSAGES = 2000
TOKEN_TEXT = 8  # bytes of a message
CORES_MAX = 64
THREADS_MAX = 512
MESSAGES_MAX = 2**31
USER_PID_BASE = 1000  # pid of task 0
SEQUENCE = 32768  # SEQ_MULTIPLIER, ipc/util.h: between the ids of successive queues at one place


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task: its place, the seeded delay before it starts, and its part: in the ping-pong, or a table of calls."""

    index: int
    core: int
    cpus_allowed: int  # bit mask of cores
    start_delay: int = 0
    pair: int = 0
    queue: int = 0  # index of its queue
    fungible: bool = False  # tokens of one type are all alike: their payload says neither pair nor pass
    own_type: int = 0
    partner_type: int = 0
    sends: int = 0
    receives: int = 0
    starts_first: bool = False
    table: Table | None = None
    program: str = "pmsg"
    rt_priority: int = 0  # of SCHED_FIFO, 1 to 99; 0: a task of the fair class

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.program}/{self.index}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A validated workload: every token pass is somebody's send and somebody else's receive."""

    cores: int
    cores_per_module: int
    placement: str
    messages: int
    seed: int
    tasks: tuple[TaskPlan, ...]
    name: str = NAME
    program: str = "pmsg_shared"  # what each task runs
    preempt: str = "none"  # the kind of kernel preemption where nobody says: `emu.assembly.variants`
    queues: str | None = None  # of `QUEUES`; None where it is no choice
    types: str | None = None  # of `TYPES`; None where it is no choice
    full_queues: int = 0  # how many full queues the allocator has memory for in any case, beside the messages under way
    held: tuple[Held, ...] = ()  # what can be allocated at once

    @property
    def threads(self) -> int:
        """Number of user tasks."""
        return len(self.tasks)


def plan_script(*, tasks: int, cores_per_module: int = 2, held: tuple[Held, ...] = ()) -> Workload:
    """A core for each task of a script, which waits there for what it is told to do."""
    plans = tuple(TaskPlan(index=index, core=index, cpus_allowed=1 << index, program="script") for index in range(tasks))
    return Workload(tasks, cores_per_module, "one task a core", 0, 0, plans, "script", "script_task", full_queues=1, held=held)


def queue_id(index: int) -> int:
    """The id of a queue that is there from the start: the sequence number goes up with each queue made."""
    return index * SEQUENCE + index


def default_threads(cores: int) -> int:
    """One thread a core, rounded up so that every thread has a partner."""
    return cores + cores % 2


def plan_pmsg_shared(
    *,
    cores: int,
    cores_per_module: int = 2,
    threads: int | None = None,
    messages: int = DEFAULT_MESSAGES,
    placement: str | None = None,
    queues: str = QUEUES[0],
    types: str = TYPES[0],
    seed: int = 1,
) -> Workload:
    """Plan the workload, or raise `UserError` saying what was wanted. With tokens that are all alike, messages are made even."""
    threads = default_threads(cores) if threads is None else threads
    validate(cores, threads, messages, seed)
    _validate_reading(threads, queues, types)
    placement = checked(placement, cores, cores_per_module)
    pairs = threads // 2
    fungible = queues == "shared" and types == "common"
    passes = _shares_of_tokens(messages, pairs, fungible)
    delay = start_delays(seed)
    seats = places(placement, pairs=pairs, cores=cores, cores_per_module=cores_per_module, seed=seed)
    tasks = []
    for index, seat in enumerate(seats):
        pair, second = divmod(index, 2)
        first_sends = (passes[pair] + 1) // 2
        kinds = (index + 1, (index ^ 1) + 1) if types == "own" else (second + 1, 2 - second)
        tasks.append(
            TaskPlan(
                index=index,
                pair=pair,
                queue=pair if queues == "pair" else 0,
                fungible=fungible,
                core=seat.core,
                cpus_allowed=seat.cpus_allowed,
                own_type=kinds[0],
                partner_type=kinds[1],
                sends=passes[pair] - first_sends if second else first_sends,
                receives=first_sends if second else passes[pair] - first_sends,
                starts_first=not second and passes[pair] > 0,
                start_delay=next(delay),
            )
        )
    tokens = tuple(Held(size, pairs, None) for size in message_blocks(TOKEN_TEXT))  # who passes one on has freed it before
    return Workload(cores, cores_per_module, placement, sum(passes), seed, tuple(tasks), queues=queues, types=types, held=tokens)


def _shares_of_tokens(messages: int, pairs: int, fungible: bool) -> list[int]:
    """How often each pair's token passes, as evenly as it goes.

    Tokens that are all alike go to and fro in whole rounds: then each ends with a first member whose sends are done. Could some
    end with second members too, those who are left might wait for the last tokens on opposite sides, for ever.
    """
    unit = 2 if fungible else 1
    rounds = -(-messages // unit)
    return [unit * (rounds // pairs + (pair < rounds % pairs)) for pair in range(pairs)]


def validate(cores: int, threads: int, messages: int, seed: int) -> None:
    """Refuse what no workload could be, with a `UserError`."""
    if not 1 <= cores <= CORES_MAX:
        raise UserError(f"cores must be 1 to {CORES_MAX}, not {cores}")
    if threads > THREADS_MAX:
        raise UserError(f"threads must be at most {THREADS_MAX}, not {threads}")
    if not 1 <= messages <= MESSAGES_MAX:
        raise UserError(f"messages must be 1 to {MESSAGES_MAX}, not {messages}")
    if not 0 <= seed < 2**64:
        raise UserError(f"seed must be 0 to 2**64 - 1, not {seed}")


def _validate_reading(threads: int, queues: str, types: str) -> None:
    if threads < 2 or threads % 2:
        raise UserError(f"threads must be an even number from 2, not {threads}: {NAME} runs in pairs, each needs a partner")
    for name, value, known in (("queues", queues, QUEUES), ("types", types, TYPES)):
        if value not in known:
            raise UserError(f"{name} must be {' or '.join(known)}, not {value!r}")
