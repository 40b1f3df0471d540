"""One task's side of a script: an operation becomes a system call in the task's memory, what the call gave an outcome."""

import errno

from emu.errors import InternalError
from emu.guest.paging import USER_DATA_BASE, USER_DATA_STRIDE
from emu.guest.record import Kernel, Record
from emu.guest.signal_numbers import SIGKILL, SIGUSR1, SIGUSR2
from emu.guest.tasks import UserTask
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.queues import Queues

NOWHERE = 0x10000  # no memory of any task
NEVER_MINE = 0xEE  # what a buffer holds before a call
PERMISSIONS = 0o777
IDENTITIES = ("uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid")  # of struct cred


class Caller:
    """Issues calls for one task."""

    def __init__(self, kernel: Kernel, tasks: tuple[UserTask, ...], index: int) -> None:
        """Look at the pages of task `index`, which runs `script_task`; what the wall clock shows now is its beginning."""
        self._kernel = kernel
        self._tasks = tasks
        self._page: Record = kernel.record("script_page", tasks[index].page)
        self._base = USER_DATA_BASE + index * USER_DATA_STRIDE
        self._cred = kernel.at("cred", kernel.record("task_struct", tasks[index].task_struct)["cred"])
        self._began = self._clock["xtime_sec"]

    def be(self, user: int) -> None:
        """The task is a process of this user, and of the group of that number."""
        for name in IDENTITIES:
            self._cred[name] = user

    def issue(self, operation: s.Operation, queues: Queues) -> None:
        """Tell the task to make the call; what is none of a task's is done from outside."""
        match operation:
            case s.Sleep():
                self._clock["xtime_sec"] = self._clock["xtime_sec"] + 1
            case s.NextId(id):
                self._kernel.global_record("ipc_namespace", "init_ipc_ns")["msg_ids_next_id"] = id
                queues.named = True
            case _:
                self.call(*self._arguments(operation, queues))

    @property
    def _clock(self) -> Record:
        return self._kernel.global_record("timekeeper", "tk_core")

    def call(self, number: int, *arguments: int) -> None:
        """Tell the task to make a system call of this number."""
        self._page["call.number"] = number
        for place, value in enumerate(arguments):
            self._page[f"call.argument_{place}"] = value
        self._page["call.issued"] = self._page["call.issued"] + 1

    @property
    def told(self) -> tuple[int, int]:
        """Physical addresses of the words that say how many calls were issued, and how many have come back."""
        return self._page.physical_of("call.issued"), self._page.physical_of("call.returned")

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
        if isinstance(operation, s.Sleep | s.NextId):
            return s.DONE
        result = self.result
        if result < 0:
            return s.Outcome(errno.errorcode.get(-result, str(result)))
        match operation:
            case s.Msgget():
                return queues.created(result)
            case s.Recv():
                data = self._page.read("last_bytes" if operation.bad == "text" else "receive_buffer", s.TYPE_LENGTH + result)
                return s.received(result, int.from_bytes(data[: s.TYPE_LENGTH], "little", signed=True), data[s.TYPE_LENGTH :])
            case s.Stat():
                return self._status().outcome()
            case s.MsgStat():
                return self._status().outcome(f"q{queues.number_of(result)}")
            case s.IpcInfo() | s.MsgInfo():
                return self._information(queues.at(result))
            case s.Rmid(queue):
                queues.removed.add(queue)
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
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_STAT, self._control(operation.bad)
            case s.MsgStat():
                return sc.MSGCTL, queues.index_of(operation), sc.MSG_STAT, self._control(operation.bad)
            case s.IpcInfo() | s.MsgInfo():
                command = sc.IPC_INFO if isinstance(operation, s.IpcInfo) else sc.MSG_INFO
                return sc.MSGCTL, 0, command, self._control(operation.bad)
            case s.Msgctl(command):
                return sc.MSGCTL, queues.id_of(operation.queue), command, self._control(False)
            case s.Set():
                self._settings(operation)
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_SET, self._control(operation.bad)
            case s.Rmid():
                return sc.MSGCTL, queues.id_of(operation.queue), sc.IPC_RMID, 0
            case s.Signal(target, ignored):
                return self._signal(target, SIGUSR2 if ignored else SIGUSR1)
            case s.Kill(target):
                return self._signal(target, SIGKILL)
            case s.Exit():
                return sc.EXIT, 0
            case s.Sleep() | s.NextId():
                raise InternalError(f"{operation} is no system call")

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
        control["msg_perm.uid"], control["msg_perm.gid"] = operation.uid, operation.gid
        control["msg_perm.mode"] = operation.mode
        control["msg_qbytes"] = operation.qbytes

    def _status(self) -> s.Status:
        control = self._page.inner("control", "msqid64_ds")
        pids = {self._kernel.record("task_struct", task.task_struct)["pid"]: task.plan.index + 1 for task in self._tasks}
        return s.Status(
            **{name: control[f"msg_{name}"] for name in ("qnum", "cbytes", "qbytes")},
            mode=control["msg_perm.mode"] & PERMISSIONS,
            **{name: pids.get(control[f"msg_{name}"], 0) for name in ("lspid", "lrpid")},
            stime=self._slept(control["msg_stime"]),
            rtime=self._slept(control["msg_rtime"]),
            ctime=self._slept(control["msg_ctime"]),
            **{name: control[f"msg_perm.{name}"] for name in ("uid", "gid", "cuid", "cgid")},
        )

    def _slept(self, time: int) -> int | None:
        """Seconds that the script had slept at a time; None for a time that was never set."""
        return time - self._began if time else None

    def _information(self, word: str) -> s.Outcome:
        info = self._page.inner("control", "msginfo")
        values = {name: info["tail"] & 0xFFFF if name == "msgseg" else info[name] for name in s.INFO_FIELDS}
        return s.information(word, values.values())

    def _control(self, bad: bool) -> int:
        """Address of the buffer that msgctl reads or fills."""
        return self._pointer("pointer" if bad else "", "control")

    def _pointer(self, bad: str, buffer: str) -> int:
        """Address of a buffer; or of no memory at all, or of memory that ends behind a message's type."""
        if bad == "pointer":
            return NOWHERE
        return self._base + self._kernel.offset("script_page", "last_bytes" if bad == "text" else buffer)
