"""Runs a script on the emulated machine: each task is told its next call when everything is at rest.

Calls are handed to the tasks from outside, in memory that their user program polls (`firmware/user/script_task.S`): so the order
of calls is the script's, while everything between a call and its return is the guest's own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Options
from emu.errors import CheckFailed, EmuError, InternalError, UserError
from emu.guest.held import Held
from emu.guest.tasks import TASK_DEAD
from emu.image import PREEMPT_DEFAULT
from emu.native import NEVER
from emu.run.script_call import Caller
from emu.run.script_moment import holding, is_there
from emu.run.snapshot import Snapshot
from emu.run.stuck.diagnose import diagnose
from emu.run.wiring import Wired, wire
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.invariants import check_at_rest
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.memory import held_by
from emu.subjects.ipc_msg.script.queues import Queues
from emu.subjects.ipc_msg.workload.workload import plan_script

SLICE_CYCLES = 1000
STEP_CYCLES_MAX = 20_000_000


class StepStuck(EmuError):
    """Occurs when a step of a script does not come to rest: `stuck` says what every task was doing."""

    def __init__(self, where: str, wired: Wired, outcome: int, bound: str) -> None:
        """Say why."""
        stuck = diagnose(wired, outcome, f"not at rest {bound}", ticks=False)
        assert stuck is not None
        self.stuck = stuck
        super().__init__(f"{where}: {stuck.summary}")


class _AskedToStop(Exception):
    """Occurs inside a step when the run shall end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a script ends before its last step."""

    cycles: int | None = None  # of the machine since it was switched on
    should_stop: Callable[[], bool] = lambda: False  # asked every thousand cycles


UNBOUNDED = Bounds()
UnderWay = tuple[dict[int, s.Operation], frozenset[int]]
NOTHING_UNDER_WAY: UnderWay = ({}, frozenset())


class ScriptMachine:
    """A machine that has booted with so many tasks; each `run` starts from there."""

    def __init__(
        self,
        tasks: int,
        variant: str,
        machine: str,
        *,
        cores: Mapping[int, int] = MappingProxyType({}),
        priorities: Mapping[int, int] = MappingProxyType({}),
        held: tuple[Held, ...] = (),
        record_branches: bool = False,
        preempt: str = PREEMPT_DEFAULT,
    ) -> None:
        """Boot a guest with memory for what is `held`; `record_branches`: note which ways its branches go, over all runs.

        `cores` are those of tasks that have none of their own, `priorities` those of real-time tasks; tasks are counted from 1.
        """
        description = load_machine(machine)
        self._core_of = [cores.get(task, task - 1) for task in range(1, tasks + 1)]
        plan = plan_script(cores=self._core_of, priorities=[priorities.get(task, 0) for task in range(1, tasks + 1)], held=held)
        options = Options(slice_cycles=SLICE_CYCLES, done_wanted=tasks + 1)
        self.wired: Wired = wire(description, variant, plan, options, preempt=preempt)
        if record_branches:
            self.wired.machine.record_branches()
        kernel, users = self.wired.guest.kernel, self.wired.guest.tasks
        self.callers = [Caller(kernel, users, index) for index in range(tasks)]
        self._structs = [kernel.record("task_struct", task.task_struct) for task in users]
        self._calls: dict[int, s.Operation] = {}  # by task: what it is in
        self._dead: set[int] = set()
        self._bounds = UNBOUNDED
        self._until_rest("boot")
        self._booted = Snapshot(self.wired)

    @classmethod
    def of(
        cls, script: s.Script, variant: str, machine: str, *, record_branches: bool = False, preempt: str = PREEMPT_DEFAULT
    ) -> "ScriptMachine":
        """Boot a guest with memory for all that this script can have allocated at once."""
        return cls(
            script.tasks,
            variant,
            machine,
            cores=dict(script.cores),
            priorities=dict(script.priorities),
            held=held_by(script),
            record_branches=record_branches,
            preempt=preempt,
        )

    def run(self, script: s.Script) -> s.Results:
        """Issue every operation on a freshly booted guest; what came of it, and who came back because of it."""
        return tuple(self.steps(script))

    def steps(self, script: s.Script, bounds: Bounds = UNBOUNDED) -> Iterator[s.StepResult]:
        """Issue one operation after the other; what each gave is there at once, and an end before the last one loses none.

        After each step the guest's objects are checked (`emu.subjects.ipc_msg.invariants`): what is wrong there is a
        `CheckFailed`. Who is asked to stop has no further results.
        """
        if script.tasks != len(self.callers):
            raise InternalError(f"a machine of {len(self.callers)} tasks cannot run {script.name}, which has {script.tasks}")
        self._booted.restore()
        self._bounds = bounds
        self.resume(NOTHING_UNDER_WAY)
        try:
            queues = self._set_up(script)
            for group in script.groups():
                yield from self.issue(script, group, queues)
        except _AskedToStop:
            return

    def _create(self, script: s.Script) -> int:
        """A queue that is there before the first step."""
        caller = self.callers[0]
        caller.call(sc.MSGGET, 0, s.QUEUE_MODE)
        self._until_rest(script.name)
        if not caller.returned or caller.result < 0:
            raise InternalError(f"the guest cannot create a queue: {caller.result}")
        return caller.result

    def stage(self, script: s.Script) -> Queues:
        """Run a whole script for what it leaves behind, and be there; its queues."""
        self._booted.restore()
        self.resume(NOTHING_UNDER_WAY)
        queues = self._set_up(script)
        for group in script.groups():
            for _ in self.issue(script, group, queues):
                pass
        return queues

    def under_way(self) -> UnderWay:
        """Which tasks are in which call, and which are dead."""
        return dict(self._calls), frozenset(self._dead)

    def resume(self, under_way: UnderWay) -> None:
        """Be where that was so; the machine is the caller's to bring there."""
        self._calls, self._dead = dict(under_way[0]), set(under_way[1])

    def is_free(self, task: int) -> bool:
        """Whether a task is in no call, and alive."""
        return task not in self._calls and task not in self._dead

    def _set_up(self, script: s.Script) -> Queues:
        queues = Queues([self._create(script) for _ in range(script.queues)])
        for task, user in script.users:
            self.callers[task - 1].be(user)
        return queues

    def issue(self, script: s.Script, group: tuple[s.Step, ...], queues: Queues) -> Iterator[s.StepResult]:
        """Issue operations at once; who came back beside those who made them, did so because of the last."""
        self.begin(script, group, queues)
        self._until_rest(f"{script.name}:{group[-1].line}")
        outcomes = self.came_back(queues)
        self.check()
        made = [outcomes.pop(step.task, s.BLOCKS) for step in group]
        for outcome in made[:-1]:
            yield s.StepResult(outcome)
        yield s.StepResult(made[-1], tuple(outcomes.items()))

    def begin(self, script: s.Script, group: tuple[s.Step, ...], queues: Queues) -> None:
        """Tell tasks to make their calls; none has begun one yet but those that another one is made while they are somewhere."""
        for step in group:
            where = f"{script.name}:{step.line}"
            if step.during:
                self._come_to(step.during, where)
            if step.task in self._dead:
                raise UserError(f"{where}: t{step.task} is dead and cannot do anything")
            if step.task in self._calls:
                raise UserError(f"{where}: t{step.task} sleeps in an earlier call and cannot begin another")
            if other := self._in_the_way(step.task):
                raise UserError(f"{where}: t{step.task} cannot run: t{other} waits for its next call on the same core")
            self.callers[step.task - 1].issue(step.operation, queues)
            self._calls[step.task] = step.operation

    def _in_the_way(self, task: int) -> int | None:
        """Another task that runs on a task's core: in no call, it waits there for its next one, and never gives the core away."""
        other = int(self.wired.machine.cores[self._core_of[task - 1]]["task"]) + 1
        return other if other != task and other <= len(self._core_of) and self.is_free(other) else None

    def check(self) -> None:
        """What must hold of the guest's objects at rest, or `CheckFailed`."""
        tasks = range(1, len(self.callers) + 1)
        preempted = {task for task in tasks if self._structs[task - 1]["state"] == 0 and self._in_the_way(task) is not None}
        asleep = {task: call for task, call in self._calls.items() if task not in preempted}
        check_at_rest(self.wired.guest, asleep=asleep, dead=self._dead, preempted=preempted)

    def came_back(self, queues: Queues) -> dict[int, s.Outcome]:
        """What each task that is in no call any more got, by task; who has died is told once."""
        outcomes = {}
        for index, (caller, task) in enumerate(zip(self.callers, self._structs, strict=True), 1):
            if index in self._dead:
                continue
            if task["state"] == TASK_DEAD:
                self._dead.add(index)
                self._calls.pop(index, None)
                outcomes[index] = s.DIES
            elif index in self._calls and caller.returned:
                outcomes[index] = caller.outcome(self._calls.pop(index), queues)
        return outcomes

    def _come_to(self, moment: s.Moment, where: str) -> None:
        """Let the machine run until a task is at a point; it is held there."""
        core = self._core_of[moment.task - 1]
        with holding(self.wired, moment, where):
            self._until_rest(where, lambda: is_there(self.wired, moment, core))
        if not is_there(self.wired, moment, core):
            raise CheckFailed(f"{where}: t{moment.task} does not come to {moment.point}: nothing can be done while it is there")

    def _until_rest(self, where: str, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let the machine run until every task waits for its next call, sleeps in one or is dead, or until it `is_over`."""
        machine, bounds = self.wired.machine, self._bounds
        step_end = machine.cycles + STEP_CYCLES_MAX
        machine.record["max_cycles"] = step_end if bounds.cycles is None else min(step_end, bounds.cycles)
        while True:
            if bounds.should_stop():
                raise _AskedToStop
            outcome = machine.run()
            if outcome in (rec.FAULT, rec.LIMIT):
                own = bounds.cycles is not None and bounds.cycles <= step_end
                raise StepStuck(
                    where, self.wired, outcome, f"at cycle {bounds.cycles:,}" if own else f"after {STEP_CYCLES_MAX:,} cycles"
                )
            if outcome == rec.DEADLOCK or is_over() or all(self._rests(index) for index in range(machine.count)):
                return

    def _rests(self, index: int) -> bool:
        """A core rests when it is halted, or its task polls for a call; with no interrupt on its way."""
        core = self.wired.machine.cores[index]
        if int(core["irq"]["at"]) < NEVER or self.wired.bus.arrays["buffers"][index]["count"]:
            return False
        if core["status"] == rec.HALTED:
            return True
        if core["status"] != rec.RUNNING:
            return False
        user = self.wired.text
        in_user = user.user_base <= int(core["pc"]) < user.user_base + user.user_bytes
        return in_user and self.callers[int(core["task"])].returned
