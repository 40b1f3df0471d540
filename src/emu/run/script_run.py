"""Runs a script on the emulated machine: each task is told its next call when everything is at rest.

Calls are handed to the tasks from outside, in memory that their user program polls (`firmware/user/script_task.S`): so the order
of calls is the script's, while everything between a call and its return is the guest's own.
"""

import errno

from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Options
from emu.errors import GuestFault, LimitReached, UserError
from emu.guest import script as s
from emu.guest.tasks import USER_DATA_BASE, USER_DATA_STRIDE
from emu.guest.workload import plan_script
from emu.native import NEVER
from emu.run.faults import describe_fault, what_cores_do
from emu.run.wiring import Wired, wire

MSGSND, MSGRCV = 69, 70
SLICE_CYCLES = 1000
STEP_CYCLES_MAX = 20_000_000
NOWHERE = 0x10000  # no memory of any task
NEVER_MINE = 0xEE  # what a buffer holds before a call


class ScriptRun:
    """One script on one machine; `run` may be called once."""

    def __init__(self, script: s.Script, variant: str, machine: str) -> None:
        """Boot the guest with a task for each of the script's."""
        self.script = script
        description = load_machine(machine)
        plan = plan_script(tasks=script.tasks, cores_per_module=description.topology.cores_per_module)
        options = Options(slice_cycles=SLICE_CYCLES, done_wanted=script.tasks + 1)
        self.wired: Wired = wire(description, variant, plan, options)
        self._pages = [self.wired.guest.kernel.record("script_page", task.page) for task in self.wired.guest.tasks]
        self._calls: dict[int, s.Operation] = {}  # by task: what it is in
        self._until_rest()

    def run(self) -> s.Results:
        """Issue every operation; what came of it, and who came back because of it."""
        return tuple(self._step(step) for step in self.script.steps)

    def _step(self, step: s.Step) -> s.StepResult:
        if step.task in self._calls:
            raise UserError(f"{self.script.name}:{step.line}: t{step.task} sleeps in an earlier call and cannot begin another")
        self._issue(step.task, step.operation)
        self._until_rest()
        came_back = [task for task in sorted(self._calls) if self._has_returned(task)]
        outcomes = {task: self._outcome(task, self._calls.pop(task)) for task in came_back}
        outcome = outcomes.pop(step.task, s.BLOCKS)
        return s.StepResult(outcome, tuple(outcomes.items()))

    def _issue(self, task: int, operation: s.Operation) -> None:
        page, base = self._pages[task - 1], USER_DATA_BASE + (task - 1) * USER_DATA_STRIDE
        match operation:
            case s.Send():
                pointer = self._place_message(task, operation, base)
                arguments: tuple[int, ...] = (operation.queue - 1, pointer, operation.size, operation.flags)
                number = MSGSND
            case s.Recv():
                page_offset = self.wired.guest.kernel.offset("script_page", "receive_buffer")
                self._fill(page.physical + page_offset, bytes([NEVER_MINE]) * (s.TYPE_LENGTH + s.MESSAGE_MAX))
                pointer = self._bad(operation.bad, base) or base + page_offset
                arguments = (operation.queue - 1, pointer, operation.size, operation.type, operation.flags)
                number = MSGRCV
            case _:
                raise UserError(f"{self.script.name}: the emulated machine has no {type(operation).__name__.lower()} yet")
        page["call.number"] = number
        for place, value in enumerate(arguments):
            page[f"call.argument_{place}"] = value
        page["call.issued"] = page["call.issued"] + 1
        self._calls[task] = operation

    def _place_message(self, task: int, operation: s.Send, base: int) -> int:
        page = self._pages[task - 1]
        offset = self.wired.guest.kernel.offset("script_page", "send_buffer")
        data = (operation.type & 2**64 - 1).to_bytes(s.TYPE_LENGTH, "little") + operation.payload
        if operation.bad == "text":
            page["last_bytes"] = operation.type
        self._fill(page.physical + offset, data)
        return self._bad(operation.bad, base) or base + offset

    def _bad(self, bad: str, base: int) -> int:
        """A pointer to no memory, or to memory that ends behind the type; 0 if it is to be a good one."""
        return {"": 0, "pointer": NOWHERE, "text": base + self.wired.guest.kernel.offset("script_page", "last_bytes")}[bad]

    def _fill(self, physical: int, data: bytes) -> None:
        self.wired.bus.ram[physical : physical + len(data)] = bytearray(data)

    def _until_rest(self) -> None:
        """Let the machine run until every task waits for its next call or sleeps in one."""
        machine = self.wired.machine
        machine.record["max_cycles"] = machine.cycles + STEP_CYCLES_MAX
        while True:
            outcome = machine.run()
            if outcome == rec.FAULT:
                raise GuestFault(describe_fault(self.wired))
            if outcome == rec.LIMIT:
                raise LimitReached(f"{self.script.name}: not at rest after {STEP_CYCLES_MAX} cycles: {what_cores_do(self.wired)}")
            if outcome == rec.DEADLOCK or all(self._rests(index) for index in range(machine.count)):
                return

    def _rests(self, index: int) -> bool:
        """A core rests when it is halted with no interrupt on its way, or when its task polls for a call."""
        core = self.wired.machine.cores[index]
        if core["status"] == rec.HALTED:
            return int(core["irq_at"]) >= NEVER
        if core["status"] != rec.RUNNING:
            return False
        user = self.wired.text
        in_user = user.user_base <= int(core["pc"]) < user.user_base + user.user_bytes
        return in_user and self._has_returned(index + 1)

    def _has_returned(self, task: int) -> bool:
        page = self._pages[task - 1]
        return page["call.returned"] == page["call.issued"]

    def _outcome(self, task: int, operation: s.Operation) -> s.Outcome:
        page = self._pages[task - 1]
        result = page["call.result"]
        result -= (result >> 63) << 64
        if result < 0:
            return s.Outcome(errno.errorcode.get(-result, str(result)))
        if isinstance(operation, s.Recv):
            offset = self.wired.guest.kernel.offset("script_page", "receive_buffer")
            data = self.wired.bus.ram[page.physical + offset :][: s.TYPE_LENGTH + result].tobytes()
            return s.received(result, int.from_bytes(data[: s.TYPE_LENGTH], "little", signed=True), data[s.TYPE_LENGTH :])
        return s.Outcome(str(result))


def run_script(script: s.Script, variant: str, machine: str) -> s.Results:
    """Run a script on a machine of its own."""
    return ScriptRun(script, variant, machine).run()
