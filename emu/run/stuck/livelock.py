"""Livelock: a receiver spins on r_msg, and who has to store it is preempted behind it, on its core.

The spinning task sleeps on no lock, so nobody inherits its priority; and the lock that the other one holds keeps all others from
the queue. So the run is stuck as soon as the scheduler never takes the core from the spinning task.
"""

from emu.guest.record import Record
from emu.guest.tasks import MAX_RT_PRIO, ON_RQ_QUEUED
from emu.run.stuck.facts import LIVELOCK, Stuck, TaskFacts
from emu.run.stuck.view import Standing, View
from emu.run.stuck.waiting import HAS_WAITERS
from emu.subjects.ipc_msg import QUEUE_LOCK

SPIN_CYCLES = 20_000_000  # some 6 ms: longer than any hand-off that is only held up


def find_livelock(view: View, spin_cycles: int = SPIN_CYCLES) -> Stuck | None:
    """Whether a receiver spins for ever."""
    for core in view.wired.machine.cores:
        spun = view.wired.machine.cycles - int(core["spin"]["start"])  # as the run counts it, should it end here
        if core["spin"]["probe"] < 0 or spun < spin_cycles or int(core["task"]) < 0:
            continue
        spinner = view.standings[int(core["task"])]
        holder = _preempted_holder(view, spinner)
        reason = None if holder is None else _keeps_the_core(spinner.record, holder.record, view.ticks)
        if holder is not None and reason is not None:
            return _describe(view, view.facts(spinner), view.facts(holder), spun, int(core["spin"]["loads"]), reason)
    return None


def _describe(view: View, spinning: TaskFacts, preempted: TaskFacts, cycles: int, iterations: int, reason: str) -> Stuck:
    spot, behind = spinning.calls[spinning.own], preempted.calls[preempted.own]
    calls = [call.routine for call in preempted.calls[preempted.own + 1 :]]
    inside = f" in {' > '.join(calls)}" if calls else ""
    return Stuck(
        kind=LIVELOCK,
        summary=(
            f"stuck: {spinning.task} spins on r_msg on core {spinning.core} at {spot.source}, and {preempted.task}, "
            f"which has to store it, is preempted on the same core at {behind.source}"
        ),
        words=(
            f"{spinning.task} ({spinning.policy}) has spun on a NULL r_msg on core {spinning.core} for {cycles:,} cycles, "
            f"{iterations:,} iterations: {spot.place}, {spot.source}",
            f"{preempted.task} ({preempted.policy}) has to store r_msg. It holds {QUEUE_LOCK} and was preempted on the same core "
            f"right behind its wakeup: {behind.place}, {behind.source},{inside}",
            f"{reason}. The spinning task waits for no lock, so {preempted.task} does not inherit its priority; "
            f"it keeps {QUEUE_LOCK}, and nobody else gets at the queue.",
        ),
        tasks=view.tasks,
        cores=view.cores,
        details={
            "core": spinning.core,
            "spin_cycles": cycles,
            "spin_iterations": iterations,
            "lock": QUEUE_LOCK,
            "spinning": _position(spinning),
            "preempted": _position(preempted),
        },
    )


def _position(task: TaskFacts) -> dict[str, object]:
    spot = task.calls[task.own]
    inside = [call.routine for call in task.calls[task.own + 1 :]]
    return {"task": task.task, "policy": task.policy, **spot.to_dict(), "inside": inside}


def _preempted_holder(view: View, spinner: Standing) -> Standing | None:
    """The task that holds a queue's lock, is runnable on the spinning task's core, and does not run."""
    guest = view.wired.guest
    owners = {
        guest.kernel.ram.get(lock.physical) & ~HAS_WAITERS for lock in guest.locks if lock.sleeping and lock.name == QUEUE_LOCK
    }
    for each in view.standings:
        queued = each.running is None and each.record["on_rq"] == ON_RQ_QUEUED and not each.record["on_cpu"]
        if queued and each.task.pointer in owners and view.core_of(each) == view.core_of(spinner):
            return each
    return None


def _keeps_the_core(spinner: Record, holder: Record, ticks: bool) -> str | None:
    """Why the scheduler never gives the spinning task's core to the other one, or None if it will."""
    if spinner["prio"] >= MAX_RT_PRIO:
        fair = holder["prio"] >= MAX_RT_PRIO
        return "No timer interrupt (see --tick) ends the spinning task's time slice" if fair and not ticks else None
    if spinner["prio"] <= holder["prio"]:
        return "A SCHED_FIFO task has no time slice, and gives its core to no task of a lower or of its own priority"
    return None
