"""One task of a script on the host: a process that does one system call at a time, as it is told by a pipe."""

import marshal
import os
import signal
import traceback
from pathlib import Path

from bench.oracle import host_calls
from emu.errors import EmuError

_PIPE = 65536


class Stuck(EmuError):
    """Occurs when a script does not come to an end: a task is gone, or the machine is not at rest in time."""


class Child:
    """One task."""

    def __init__(self, others: list["Child"], user: int = 0) -> None:
        self.user = user
        commands, self._commands = os.pipe()
        self.answers, answers = os.pipe()
        driver = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            for other in others:
                other.close()
            os.close(self._commands)
            os.close(self.answers)
            _serve(commands, answers, driver, user)
        os.close(commands)
        os.close(answers)
        if not os.read(self.answers, 1):  # until it is the user it shall be, others could signal it
            raise Stuck(f"process {self.pid} has ended before its first command")
        self._status = os.open(f"/proc/{self.pid}/status", os.O_RDONLY)

    def issue(self, command: tuple[object, ...]) -> None:
        try:
            os.write(self._commands, marshal.dumps(command))
        except BrokenPipeError:
            raise Stuck(f"process {self.pid} has ended unasked") from None

    def answer(self) -> tuple[int, int, object] | None:
        """Give what its call gave; nothing if the task has died."""
        data = os.read(self.answers, _PIPE)
        if not data:
            self.bury()
            return None
        return marshal.loads(data)

    def asleep(self) -> bytes:
        """Give the counts of its context switches if it sleeps, else nothing."""
        try:
            text = os.pread(self._status, 8192, 0)
        except ProcessLookupError:
            return b""
        state = text.index(b"\nState:\t") + 8
        return text[text.index(b"\nvoluntary_ctxt_switches:") :] if text[state : state + 1] == b"S" else b""

    def close(self) -> None:
        for file in (self._commands, self.answers, self._status):
            os.close(file)

    def bury(self) -> None:
        os.waitpid(self.pid, 0)
        self.close()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.bury()

    def position(self) -> str:
        """Say for a report where it is."""
        try:
            place = Path("/proc") / str(self.pid)
            return f"in {(place / 'wchan').read_text()}, system call {(place / 'syscall').read_text().split()[0]}"
        except OSError as problem:
            return str(problem)


def _serve(commands: int, answers: int, driver: int, user: int) -> None:
    """What a task does all its life; user 0 is whoever runs the driver."""
    status = 1
    try:
        if user:
            host_calls.become(user)
        host_calls.die_with_parent()  # not before: who changes its user is forgotten
        if os.getppid() != driver:
            os._exit(1)
        host_calls.drop_capabilities()
        caller = host_calls.Caller()
        calls = {
            "get": caller.get,
            "send": caller.send,
            "receive": caller.receive,
            "status": caller.status,
            "information": caller.information,
            "control": caller.control,
            "set": caller.set,
            "remove": caller.remove,
            "kill": caller.kill,
            "nothing": lambda: (0, 0, None),
        }
        os.write(answers, b"\0")
        while command := os.read(commands, _PIPE):
            name, *arguments = marshal.loads(command)
            if name == "exit":
                break
            os.write(answers, marshal.dumps(calls[name](*arguments)))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
