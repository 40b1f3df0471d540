"""What the kernel needs to find a task by its number and to deliver signals to it: pid hash and tables of handlers."""

from collections.abc import Sequence

from emu.guest.program import Program
from emu.guest.record import Kernel, Record
from emu.guest.signal_numbers import SIGUSR1, SIGUSR2
from emu.guest.tasks import UserTask

GOLDEN_RATIO = 0x61C8864680B583EB  # include/linux/hash.h 4.8, GOLDEN_RATIO_64
HASH_BITS = 8
SIG_IGN = 1
SA_RESTORER = 0x04000000


def build_signals(kernel: Kernel, tasks: Sequence[UserTask], program: Program) -> None:
    """Hash every task's struct pid; give each process its handlers. The pids must be there."""
    shared: Record | None = None
    for user in tasks:
        task = kernel.record("task_struct", user.task_struct)
        _hash_pid(kernel, task)
        if shared is None or not program.one_process:
            shared = kernel.allocate("sighand_struct", f"{user.plan.name} sighand", task=user.plan.index)
            if program.handled:
                _set_actions(kernel, shared)
        shared["count"] = shared["count"] + 1
        task["sighand"] = shared.virtual


def _hash_pid(kernel: Kernel, task: Record) -> None:
    """Put a task on the list of its struct pid, and that at the head of the list that its number hashes to."""
    pid = kernel.at("pid", task["pids_pid"])
    pid.put_word("tasks", task.address("pids_node"))
    task["pids_node.pprev"] = pid.address("tasks")
    index = (pid["nr"] + pid["ns"]) * GOLDEN_RATIO % 2**64 >> (64 - HASH_BITS)
    head = kernel.symbol("pid_hash") + 8 * index
    first = kernel.at("hlist_node", head)["next"]
    chain = pid.inner("pid_chain", "hlist_node")
    chain["next"], chain["pprev"] = first, head
    if first:
        kernel.at("hlist_node", first)["pprev"] = chain.virtual
    kernel.at("hlist_node", head)["next"] = chain.virtual


def _set_actions(kernel: Kernel, sighand: Record) -> None:
    size = kernel.size("k_sigaction")
    counted = sighand.inner("action", "k_sigaction", offset=size * (SIGUSR1 - 1))
    counted["handler"], counted["restorer"] = kernel.symbol("count_signal"), kernel.symbol("restore_signal")
    counted["flags"] = SA_RESTORER
    sighand.inner("action", "k_sigaction", offset=size * (SIGUSR2 - 1))["handler"] = SIG_IGN
