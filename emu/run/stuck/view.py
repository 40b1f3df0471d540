"""A machine that has come to a halt, looked at from outside: what each task and each core is doing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emu.engine import records as rec
from emu.guest.record import Record
from emu.guest.tasks import ON_RQ_QUEUED, STACK_BYTES, TASK_DEAD, TASK_INTERRUPTIBLE, UserTask
from emu.native import MASK64
from emu.run.stuck.facts import CoreFacts, TaskFacts
from emu.run.stuck.places import Frame, call_at, place, source, stack_frames, task_name
from emu.run.stuck.waiting import Waiting, waiting_of
from emu.run.trace_setup import trace_header
from emu.run.wiring import Wired
from emu.trace.header import TraceHeader
from emu.trace.record import Kind
from emu.trace.words import event_words

STATES = {
    TASK_INTERRUPTIBLE: "TASK_INTERRUPTIBLE",
    2: "TASK_UNINTERRUPTIBLE",
    TASK_DEAD: "dead",
    0x100: "TASK_WAKING",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one task stands, and what it waits for."""

    task: UserTask
    record: Record
    running: np.void | None  # the core that it is on
    calls: tuple[int, ...]  # innermost first, beginning with the instruction that it is at
    waiting: Waiting
    in_kernel: bool

    @property
    def asleep(self) -> bool:
        """Whether it has left its run queue and somebody must wake it."""
        return self.running is None and not self.record["on_rq"] and self.record["state"] not in (0, TASK_DEAD)

    @property
    def dead(self) -> bool:
        """Whether it has ended."""
        return bool(self.record["state"] == TASK_DEAD)


class View:
    """All tasks and cores of a machine between two slices."""

    def __init__(self, wired: Wired, *, ticks: bool) -> None:
        """Look at a machine; `ticks`: the timer interrupts its cores."""
        self.wired = wired
        self.ticks = ticks

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Every task."""
        return tuple(self._standing(task) for task in self.wired.guest.tasks)

    @cached_property
    def tasks(self) -> tuple[TaskFacts, ...]:
        """Every task in words."""
        return tuple(self.facts(each) for each in self.standings)

    @cached_property
    def cores(self) -> tuple[CoreFacts, ...]:
        """Every core in words."""
        return tuple(
            CoreFacts(int(core["index"]), task_name(self.wired, int(core["task"])), self._doing(core))
            for core in self.wired.machine.cores
        )

    @cached_property
    def _header(self) -> TraceHeader:
        """Names for what its events say."""
        return trace_header(self.wired)

    def facts(self, each: Standing) -> TaskFacts:
        """One task in words."""
        wired = self.wired
        return TaskFacts(
            task=each.task.plan.name,
            policy=policy(each.record),
            core=self.core_of(each),
            state=self._state(each),
            on_list=each.waiting.on_list,
            r_msg=each.waiting.r_msg,
            waits_for=self._waits_for(each),
            calls=tuple(call_at(wired, call) for call in reversed(each.calls)),
            events=tuple(self._event(event) for event in self._events(each.task)),
        )

    def core_of(self, each: Standing) -> int:
        """The core that a task is on, or was last."""
        if each.running is not None:
            return int(each.running["index"])
        return self.wired.guest.kernel.record("thread_info", each.task.stack)["cpu"]

    def lock_name(self, index: int) -> str:
        """A lock, and whose it is."""
        lock = self.wired.guest.locks[index]
        return f"{lock.name} of {lock.owner.name}"

    def holder(self, index: int) -> str:
        """The task that holds a spin lock; empty if nobody does."""
        lock = self.wired.machine.locks[index]
        return task_name(self.wired, int(lock["owner_task"])) if lock["owner"] >= 0 else ""

    def held_since(self, index: int) -> str:
        """Since when a spin lock is held, and where it was taken."""
        lock = self.wired.machine.locks[index]
        taken = int(lock["owner_pc"])
        return f"cycle {int(lock['acquired_at']):,} ({place(self.wired, taken)}, {source(self.wired, taken)})"

    def last_wakeup(self, task: UserTask) -> str:
        """Who called try_to_wake_up for a task last, as far as that is remembered; empty if nobody did."""
        found = [
            (int(event["cycle"]), waker.plan.name)
            for waker in self.wired.guest.tasks
            for event in self._events(waker)
            if self._is_mark(event, "wakeup") and event["value"] == task.pointer
        ]
        if not found:
            return ""
        cycle, waker = max(found)
        slept = [int(event["cycle"]) for event in self._events(task) if self._is_mark(event, "context_switch")]
        after = f"; it went to sleep after that, at cycle {slept[-1]:,}" if slept and slept[-1] > cycle else ""
        return f"{waker} woke it last, at cycle {cycle:,}{after}"

    def _events(self, task: UserTask) -> list[np.void]:
        """The last events of a task in the order of time: a release comes when its store is visible."""
        return sorted(self.wired.machine.last_events(task.plan.index), key=lambda event: int(event["cycle"]))

    def _is_mark(self, event: np.void, name: str) -> bool:
        return bool(event["kind"] == Kind.MARK and event["detail"] == self.wired.text.mark(name))

    def _standing(self, task: UserTask) -> Standing:
        wired, kernel = self.wired, self.wired.guest.kernel
        record = kernel.record("task_struct", task.task_struct)
        core = next((core for core in wired.machine.cores if int(core["task"]) == task.plan.index), None)
        if core is None:
            pc, pointer = kernel.symbol("__switch_to"), record["thread_sp"]
        else:
            pc, pointer = int(core["pc"]) & MASK64, wired.machine.unicorns[int(core["index"])].register("RSP")
        depth = pointer - record["stack"]
        elsewhere = [Frame(pc, 0, 0)]  # in user mode, or on the stack of interrupts
        frames = stack_frames(wired, task.stack, depth, pc) if 0 <= depth < STACK_BYTES else elsewhere
        calls = tuple(frame.pc for frame in (frames if core is not None else frames[1:]))
        return Standing(task, record, core, calls, waiting_of(wired, task, frames), pc >= wired.image.text.virtual)

    def _state(self, each: Standing) -> str:
        if each.running is not None:
            return "running"
        state = each.record["state"]
        if each.record["on_rq"] == ON_RQ_QUEUED:
            return "runnable, not running"
        return STATES.get(state, f"state {state:#x}") if state else "on its way to a run queue"

    def _waits_for(self, each: Standing) -> str:
        core = each.running
        if core is not None and core["wait"]["depth"]:
            index = int(core["wait"]["lock"][core["wait"]["depth"] - 1])
            holder = self.holder(index)
            return self.lock_name(index) + (f", which {holder} holds" if holder else "")
        if core is not None:
            return "r_msg, which it spins on" if core["spin"]["probe"] >= 0 else ""
        if each.dead:
            return ""
        if each.record["on_rq"] == ON_RQ_QUEUED:
            on = next(other for other in self.cores if other.core == self.core_of(each))
            return f"core {on.core}, where {on.task} is"
        return each.waiting.waits_for

    def _doing(self, core: np.void) -> str:
        if core["status"] == rec.WAITING_FOR_STARTUP:
            doing = "not started"
        elif core["status"] == rec.HALTED:
            doing = "halted"
        else:
            doing = f"in {place(self.wired, int(core['pc']))}"
        if core["wait"]["depth"]:
            doing += f", waiting for {self.wired.guest.locks[int(core['wait']['lock'][core['wait']['depth'] - 1])].name}"
        if core["spin"]["probe"] >= 0:
            doing += ", spinning on r_msg"
        return doing

    def _event(self, event: np.void) -> str:
        when = f"cycle {int(event['cycle']):,}, core {int(event['core'])}"
        words = event_words(event, self._header)
        if event["kind"] == Kind.LOCK_RELEASED:  # by a store that became visible later, wherever the core was by then
            return f"{when}: {words}"
        return f"{when}: {words} ({place(self.wired, int(event['pc']))})"


def policy(task: Record) -> str:
    """Scheduling policy and priority."""
    return f"SCHED_FIFO {task['rt_priority']}" if task["rt_priority"] else "SCHED_OTHER"
