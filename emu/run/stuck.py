"""Whether a run can no longer go on: a receiver spins on r_msg, and who has to store it is preempted behind it, on its core.

The spinning task sleeps on no lock, so nobody inherits its priority; and the lock that the other one holds keeps all others from
the queue. So the run is stuck as soon as the scheduler never takes the core from the spinning task.
"""

from dataclasses import dataclass

from emu.guest.record import Record
from emu.guest.tasks import MAX_RT_PRIO, ON_RQ_QUEUED, STACK_BYTES, UserTask
from emu.run.wiring import Wired
from emu.subjects.ipc_msg import QUEUE_LOCK

SPIN_CYCLES = 20_000_000  # some 6 ms: longer than any hand-off that is only held up
CALL_BYTES = range(2, 9)
HAS_WAITERS = 1  # bit 0 of a sleeping lock's word


@dataclass(frozen=True, slots=True)
class Position:
    """Where a task is."""

    task: str
    policy: str  # as people say it, with the priority
    place: str  # routine and offset
    source: str  # file and line
    inside: tuple[str, ...] = ()  # routines called from there, outermost first

    def to_dict(self) -> dict[str, str | list[str]]:
        """As `--json` prints it."""
        return {
            "task": self.task,
            "policy": self.policy,
            "place": self.place,
            "source": self.source,
            "inside": list(self.inside),
        }


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why a run does not go on."""

    core: int
    cycles: int  # of the spin so far
    iterations: int
    lock: str
    spinning: Position
    preempted: Position
    reason: str  # why the scheduler lets the spinning task have the core

    @property
    def summary(self) -> str:
        """In one line."""
        return (
            f"stuck: {self.spinning.task} spins on r_msg on core {self.core} at {self.spinning.source}, and {self.preempted.task}, "
            f"which has to store it, is preempted on the same core at {self.preempted.source}"
        )

    @property
    def words(self) -> tuple[str, ...]:
        """In sentences."""
        spinning, preempted = self.spinning, self.preempted
        inside = f" in {' > '.join(preempted.inside)}" if preempted.inside else ""
        return (
            f"{spinning.task} ({spinning.policy}) has spun on a NULL r_msg on core {self.core} for {self.cycles:,} cycles, "
            f"{self.iterations:,} iterations: {spinning.place}, {spinning.source}",
            f"{preempted.task} ({preempted.policy}) has to store r_msg. It holds {self.lock} and was preempted on the same core "
            f"right behind its wakeup: {preempted.place}, {preempted.source},{inside}",
            f"{self.reason}. The spinning task waits for no lock, so {preempted.task} does not inherit its priority; "
            f"it keeps {self.lock}, and nobody else gets at the queue.",
        )

    def to_dict(self) -> dict[str, object]:
        """As `--json` prints it."""
        return {
            "core": self.core,
            "spin_cycles": self.cycles,
            "spin_iterations": self.iterations,
            "lock": self.lock,
            "spinning": self.spinning.to_dict(),
            "preempted": self.preempted.to_dict(),
            "why": list(self.words),
        }


def find_stuck(wired: Wired, *, ticks: bool, spin_cycles: int = SPIN_CYCLES) -> Stuck | None:
    """Look at a machine between two slices; `ticks`: the timer interrupts its cores."""
    for core in wired.machine.cores:
        spun = int(core["clock"]) - int(core["spin_start"])
        if core["spinning"] < 0 or spun < spin_cycles or int(core["task"]) < 0:
            continue
        spinner = wired.guest.tasks[int(core["task"])]
        holder = _preempted_holder(wired, spinner)
        reason = None if holder is None else _keeps_the_core(_record(wired, spinner), _record(wired, holder), ticks)
        if holder is not None and reason is not None:
            return Stuck(
                core=int(core["index"]),
                cycles=spun,
                iterations=int(core["spin_loads"]),
                lock=QUEUE_LOCK,
                spinning=_running(wired, spinner, int(core["pc"])),
                preempted=_sleeping(wired, holder),
                reason=reason,
            )
    return None


def _record(wired: Wired, task: UserTask) -> Record:
    return wired.guest.kernel.record("task_struct", task.task_struct)


def _preempted_holder(wired: Wired, spinner: UserTask) -> UserTask | None:
    """The task that holds a queue's lock, is runnable on the spinning task's core, and does not run."""
    kernel = wired.guest.kernel
    owners = {
        kernel.ram.get(lock.physical) & ~HAS_WAITERS for lock in wired.guest.locks if lock.sleeping and lock.name == QUEUE_LOCK
    }
    for task in wired.guest.tasks:
        record = _record(wired, task)
        if (
            task.pointer in owners
            and record["on_rq"] == ON_RQ_QUEUED
            and not record["on_cpu"]
            and _core(wired, task) == _core(wired, spinner)
        ):
            return task
    return None


def _core(wired: Wired, task: UserTask) -> int:
    return wired.guest.kernel.record("thread_info", task.stack)["cpu"]


def _keeps_the_core(spinner: Record, holder: Record, ticks: bool) -> str | None:
    """Why the scheduler never gives the spinning task's core to the other one, or None if it will."""
    if spinner["prio"] >= MAX_RT_PRIO:
        fair = holder["prio"] >= MAX_RT_PRIO
        return "No timer interrupt (see --tick) ends the spinning task's time slice" if fair and not ticks else None
    if spinner["prio"] <= holder["prio"]:
        return "A SCHED_FIFO task has no time slice, and gives its core to no task of a lower or of its own priority"
    return None


def _policy(task: Record) -> str:
    return f"SCHED_FIFO {task['rt_priority']}" if task["rt_priority"] else "SCHED_OTHER"


def _running(wired: Wired, task: UserTask, pc: int) -> Position:
    pc &= 2**64 - 1
    return Position(task.plan.name, _policy(_record(wired, task)), _place(wired, pc), _source(wired, pc))


def _sleeping(wired: Wired, task: UserTask) -> Position:
    """Where a task that does not run is in the message path, from the return addresses on its kernel stack."""
    record = _record(wired, task)
    calls = _calls(wired, record["thread_sp"] - record["stack"], task.stack)
    own = next((at for at, call in enumerate(calls) if "kernel_snippets" in wired.image.lines[call][0]), len(calls) - 1)
    inside = tuple(_routine(wired, call) for call in reversed(calls[:own]))
    place, source = (_place(wired, calls[own]), _source(wired, calls[own])) if calls else ("", "")
    return Position(task.plan.name, _policy(record), place, source, inside)


def _calls(wired: Wired, depth: int, stack: int) -> list[int]:
    """Addresses of the call instructions that a kernel stack goes back to from `depth` on, innermost first."""
    found = []
    for physical in range(stack + depth, stack + STACK_BYTES, 8):
        after = wired.guest.kernel.ram.get(physical)
        for size in CALL_BYTES:
            before = wired.text.decoded.get(after - size)
            if before is not None and before.next == after and before.mnemonic == "call" and wired.image.routine_at(after - 1):
                found.append(after - size)
    return found


def _routine(wired: Wired, address: int) -> str:
    found = wired.image.symbol_at(address)
    return found[0] if found is not None else f"{address:#x}"


def _place(wired: Wired, address: int) -> str:
    found = wired.image.symbol_at(address)
    return f"{found[0]}+{found[1]:#x}" if found is not None else f"{address:#x}"


def _source(wired: Wired, address: int) -> str:
    """File, from the guest's folder on, and line."""
    path, line = wired.image.lines.get(address, ("?", 0))
    return f"{'/'.join(path.split('/')[-3:])}:{line}"
