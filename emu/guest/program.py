"""A user program: where its tasks begin, what their memory is, and what is put there before they run."""

from collections.abc import Callable
from dataclasses import dataclass

from emu.guest.plan import TaskPlan
from emu.guest.record import Record


@dataclass(frozen=True, slots=True)
class Program:
    """One user program. Its memory is a structure with a thread control block `tls` and a `stack`."""

    entry: str  # routine
    memory: str  # structure
    one_process: bool  # the tasks are threads of one process, or each is a process
    handled: bool  # SIGUSR1 runs count_signal, SIGUSR2 is ignored
    own_credentials: bool  # each task can be of a user of its own
    fill: Callable[[Record, TaskPlan], None]
    check: Callable[[Record, TaskPlan], None]  # after a complete run; what is wrong is a `CheckFailed`
