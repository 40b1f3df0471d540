"""The workload pmsg-shared, our reconstruction: who sends what to whom, from which core, and how often.

The original benchmark's source is not public. Ours: one process, N threads in N/2 pairs on one shared queue, each
thread with a message type of its own, one token a pair, strict ping-pong with 8-byte messages and blocking calls.
Thread 2p starts pair p; the token of each pair passes a fixed number of times, so the queue is empty at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from emu.errors import UserError
from emu.guest.task_table import Table

NAME = "pmsg-shared"
PLACEMENTS = ("cross-module", "same-module", "same-core", "unpinned")
DEFAULT_MESSAGES = 2000
CORES_MAX = 64
THREADS_MAX = 512
MESSAGES_MAX = 2**31
USER_PID_BASE = 1000  # pid of task 0
START_DELAY_MAX = 2048  # iterations of the two-instruction delay loop before a thread's first call


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task: its place, the seeded delay before it starts, and its part: in the ping-pong, or a table of calls."""

    index: int
    core: int
    cpus_allowed: int  # bit mask of cores
    start_delay: int = 0
    pair: int = 0
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
    full_queues: int = 0  # how many full queues the allocator has memory for, beside the messages under way

    @property
    def threads(self) -> int:
        """Number of user tasks."""
        return len(self.tasks)


def plan_script(*, tasks: int, cores_per_module: int = 2) -> Workload:
    """A core for each task of a script, which waits there for what it is told to do."""
    plans = [TaskPlan(index=index, core=index, cpus_allowed=1 << index, program="script") for index in range(tasks)]
    return Workload(tasks, cores_per_module, "one task a core", 0, 0, tuple(plans), "script", "script_task", full_queues=1)


def default_threads(cores: int) -> int:
    """One thread a core, rounded up so that every thread has a partner."""
    return cores + cores % 2


def plan_pmsg_shared(
    *,
    cores: int,
    cores_per_module: int = 2,
    threads: int | None = None,
    messages: int = DEFAULT_MESSAGES,
    placement: str = PLACEMENTS[0],
    seed: int = 1,
) -> Workload:
    """Plan the workload, or raise `UserError` saying what was wanted."""
    threads = default_threads(cores) if threads is None else threads
    validate(cores, threads, messages, seed)
    _validate_pairs(threads, placement)
    pairs = threads // 2
    delay = start_delays(seed)
    tasks = []
    for index in range(threads):
        pair, second = divmod(index, 2)
        passes = messages // pairs + (1 if pair < messages % pairs else 0)
        first_sends = (passes + 1) // 2
        core = _core(placement, pair, second, cores, cores_per_module)
        tasks.append(
            TaskPlan(
                index=index,
                pair=pair,
                core=core,
                cpus_allowed=(1 << cores) - 1 if placement == "unpinned" else 1 << core,
                own_type=index + 1,
                partner_type=(index ^ 1) + 1,
                sends=passes - first_sends if second else first_sends,
                receives=first_sends if second else passes - first_sends,
                starts_first=not second and passes > 0,
                start_delay=next(delay),
            )
        )
    return Workload(cores, cores_per_module, placement, messages, seed, tuple(tasks))


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


def _validate_pairs(threads: int, placement: str) -> None:
    if threads < 2 or threads % 2:
        raise UserError(f"threads must be an even number from 2, not {threads}: {NAME} runs in pairs, each needs a partner")
    if placement not in PLACEMENTS:
        raise UserError(f"placement must be one of {', '.join(PLACEMENTS)}, not {placement!r}")


def start_delays(seed: int) -> Iterator[int]:
    """Endless delays, from which each task takes one, in iterations of its delay loop."""
    return (word % START_DELAY_MAX for word in _splitmix64(seed))


def _core(placement: str, pair: int, second: int, cores: int, cores_per_module: int) -> int:
    """Core of one member of a pair; `unpinned` starts where `cross-module` would pin."""
    if placement == "same-core":
        return pair % cores
    if placement == "same-module":
        first = pair * cores_per_module % cores // cores_per_module * cores_per_module
        return min(first + second * (cores_per_module - 1), cores - 1)
    return (pair + second * (cores // 2)) % cores


def _splitmix64(state: int) -> Iterator[int]:
    """Endless 64-bit random numbers (Steele, Lea, Flood 2014): the same on every Python."""
    mask = 2**64 - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        word = state
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & mask
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB & mask
        yield word ^ (word >> 31)
