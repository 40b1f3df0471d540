"""What the guest is to run: tasks and where each of them may run, as plain values. A subject adds what its tasks do."""

from collections.abc import Sequence
from dataclasses import dataclass

USER_PID_BASE = 1000  # pid of task 0


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task: its place, and the seeded delay before it starts."""

    index: int
    core: int
    cpus_allowed: int  # bit mask of cores
    start_delay: int = 0
    program: str = "task"  # the first part of its name
    rt_priority: int = 0  # of SCHED_FIFO, 1 to 99; 0: a task of the fair class

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.program}/{self.index}"


@dataclass(frozen=True, slots=True)
class GuestPlan:
    """The cores of the machine, and the tasks on them."""

    cores: int
    tasks: Sequence[TaskPlan]
