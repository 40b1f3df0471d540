"""One task's side of a script: an operation becomes a system call in the task's memory, what the call gave an outcome."""

import errno
from dataclasses import dataclass

from emu.guest.paging import USER_DATA_BASE, USER_DATA_STRIDE
from emu.guest.record import Kernel, Record
from emu.guest.signals import SIGKILL, SIGUSR1, SIGUSR2
from emu.guest.tasks import UserTask
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.script import script as s

NOWHERE = 0x10000  # no memory of any task
NEVER_MINE = 0xEE  # what a buffer holds before a call
PERMISSIONS = 0o777


@dataclass(slots=True)
class Queues:
    """Ids of the queues of a script, in the order in which they were first seen."""

    ids: list[int]

    def id_of(self, number: int) -> int:
        """What a task passes for a queue; -1 for one that nobody has seen."""
        return self.ids[number - 1] if 1 <= number <= len(self.ids) else -1

    def number_of(self, queue: int) -> int:
        """The script's number of a queue, a new one if need be."""
        if queue not in self.ids:
            self.ids.append(queue)
        return self.ids.index(queue) + 1


class Caller:
    """Issues calls for one task."""

    def __init__(self, kernel: Kernel, tasks: tuple[UserTask, ...], index: int) -> None:
        """Look at the pages of task `index`, which runs `script_task`."""
        self._kernel = kernel
        self._tasks = tasks
        self._page: Record = kernel.record("script_page", tasks[index].page)
        self._base = USER_DATA_BASE + index * USER_DATA_STRIDE

    def issue(self, operation: s.Operation, queues: Queues) -> None:
        """Tell the task to make the call."""
        self.call(*self._arguments(operation, queues))

    def call(self, number: int, *arguments: int) -> None:
        """Tell the task to make a system call of this number."""
        self._page["call.number"] = number
        for place, value in enumerate(arguments):
            self._page[f"call.argument_{place}"] = value
        self._page["call.issued"] = self._page["call.issued"] + 1

    @property
    def returned(self) -> bool:
        """Whether the last call has come back."""
        return self._page["call.returned"] == self._page["call.issued"]

    @property
    def result(self) -> int:
        """What the last call gave."""
        result = self._page["call.result"]
        return result - ((result >> 63) << 64)

    def outcome(self, operation: s.Operation, queues: Queues) -> s.Outcome:
        """What the last call gave, in the script's words."""
        result = self.result
        if result < 0:
            return s.Outcome(errno.errorcode.get(-result, str(result)))
        match operation:
            case s.Msgget():
                return s.Outcome(f"q{queues.number_of(result)}")
            case s.Recv():
                data = self._page.read("last_bytes" if operation.bad == "text" else "receive_buffer", s.TYPE_LENGTH + result)
                return s.received(result, int.from_bytes(data[: s.TYPE_LENGTH], "little", signed=True), data[s.TYPE_LENGTH :])
            case s.Stat():
                return self._statistics()
        return s.Outcome(str(result))

    def _arguments(self, operation: s.Operation, queues: Queues) -> tuple[int, ...]:
        match operation:
            case s.Msgget(key=key):
                return sc.MSGGET, key, operation.flags
            case s.Send():
                return sc.MSGSND, queues.id_of(operation.queue), self._message(operation), operation.size, operation.flags
            case s.Recv():
                self._page.write("receive_buffer", bytes([NEVER_MINE]) * (s.TYPE_LENGTH + s.MESSAGE_MAX))
                buffer = self._pointer(operation.bad, "receive_buffer")
                return sc.MSGRCV, queues.id_of(operation.queue), buffer, operation.size, operation.type, operation.flags
            case s.Stat():
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_STAT, self._pointer("pointer" * operation.bad, "control")
            case s.Set():
                self._settings(operation)
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_SET, self._pointer("pointer" * operation.bad, "control")
            case s.Rmid():
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_RMID, 0
            case s.Signal(target, ignored):
                return self._signal(target, SIGUSR2 if ignored else SIGUSR1)
            case s.Kill(target):
                return self._signal(target, SIGKILL)
            case s.Exit():
                return sc.EXIT, 0

    def _signal(self, target: int, number: int) -> tuple[int, ...]:
        task = self._kernel.record("task_struct", self._tasks[target - 1].task_struct)
        return sc.TGKILL, task["tgid"], task["pid"], number

    def _message(self, operation: s.Send) -> int:
        self._page.write("send_buffer", (operation.type & 2**64 - 1).to_bytes(s.TYPE_LENGTH, "little") + operation.payload)
        if operation.bad == "text":
            self._page["last_bytes"] = operation.type
        return self._pointer(operation.bad, "send_buffer")

    def _settings(self, operation: s.Set) -> None:
        control = self._page.inner("control", "msqid64_ds")
        cred = self._kernel.record("task_struct", self._tasks[0].task_struct)["cred"]
        owner = self._kernel.at("cred", cred)
        control["msg_perm.uid"], control["msg_perm.gid"] = owner["euid"], owner["egid"]
        control["msg_perm.mode"] = operation.mode
        control["msg_qbytes"] = operation.qbytes

    def _statistics(self) -> s.Outcome:
        control = self._page.inner("control", "msqid64_ds")
        pids = {self._kernel.record("task_struct", task.task_struct)["pid"]: task.plan.index + 1 for task in self._tasks}
        return s.statistics(
            qnum=control["msg_qnum"],
            cbytes=control["msg_cbytes"],
            qbytes=control["msg_qbytes"],
            mode=control["msg_perm.mode"] & PERMISSIONS,
            lspid=pids.get(control["msg_lspid"], 0),
            lrpid=pids.get(control["msg_lrpid"], 0),
        )

    def _pointer(self, bad: str, buffer: str) -> int:
        """Address of a buffer; or of no memory at all, or of memory that ends behind a message's type."""
        if bad == "pointer":
            return NOWHERE
        return self._base + self._kernel.offset("script_page", "last_bytes" if bad == "text" else buffer)
