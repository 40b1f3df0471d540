"""Runs scripts on this host's kernel, in a process of its own: a script in, its results out, both as text.

Started by `host_queue.HostQueue`. One child process is a task; an operation goes to it by a pipe, its answer comes back by
another. Before the next operation is issued, every task whose call has not returned is asleep in it, for good:

- /proc/PID/status says S. A task that somebody has woken and that has not run yet shows as R, so what an operation woke
  does not pass for asleep, nor does a task that has just been given its command (both are woken before the call returns).
- Twice, with the same counts of context switches, each task once a round: none of them ran between the rounds, so at the
  instant between the rounds all slept, and with nobody running nobody can wake anybody.
- No answer is waiting in a pipe. A task writes its answer before it sleeps for its next command.

No fixed time is slept. A script's `sleep` ends when the kernel's own wall clock, the one that queues are stamped with, shows
the next second; so what was stamped before and what behind it can be told apart. What an administrator does, the driver does.
The queues are in a private IPC namespace where that is permitted; otherwise a guardian process, which no signal to the group
ends, removes them when the driver and its tasks are gone, however they went.
"""

import errno
import gc
import os
import select
import signal
import sys
import time
from bisect import bisect_right
from itertools import count

from bench.oracle import host_calls
from bench.oracle.host_task import Child, Stuck
from emu.errors import EmuError, UserError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.queues import Queues
from emu.subjects.ipc_msg.script.text import dump, parse, with_results

END = b"\0\n"
CLOCK_REALTIME_COARSE = 5
_OWN_IDS = {"uid": os.getuid(), "gid": os.getgid(), "cuid": os.getuid(), "cgid": os.getgid()}
_PRIVATE_KEYS = 0x8000  # keys of a script are below, those of its private queues in a shared namespace from there on


class Driver:
    """The tasks, kept from script to script, and the queues of the script that runs."""

    def __init__(self, private: bool, seconds: float) -> None:
        self._seconds = seconds  # for one operation to come to rest
        self._tasks: list[Child] = []
        self._key_base = 0 if private else key_base(os.getpid())
        self._private_keys = count(_PRIVATE_KEYS)
        self._queues = Queues()
        self._clock = Clock()
        self._pids: dict[int, int] = {}
        self._waiting: dict[int, s.Operation] = {}  # tasks that are in a call
        self._dead: set[int] = set()

    def run(self, script: s.Script) -> s.Results:
        """Run one script and leave no queue and no sleeper behind."""
        self._have_tasks(script)
        self._clock = Clock()
        self._pids = {self._tasks[task - 1].pid: task for task in range(1, script.tasks + 1)}
        results = []
        try:
            for _ in range(script.queues):
                self._queues.number_of(host_calls.create(*self._key(0, s.QUEUE_MODE)))
            results = [self._step(script, step) for step in script.steps]
        finally:
            self._clear()
        return tuple(results)

    def _have_tasks(self, script: s.Script) -> None:
        """Have a task of the right user at every place."""
        while len(self._tasks) < script.tasks:
            self._tasks.append(Child(self._tasks))
        for place in range(script.tasks):
            if self._tasks[place].user != (user := script.user_of(place + 1)):
                self._tasks[place].kill()
                self._tasks[place] = Child([child for child in self._tasks if child is not self._tasks[place]], user)

    def end(self) -> None:
        for child in self._tasks:
            child.kill()
        self._tasks = []

    def _step(self, script: s.Script, step: s.Step) -> s.StepResult:
        if step.task in self._waiting:
            raise UserError(f"{script.name}:{step.line}: t{step.task} still sleeps in an earlier operation")
        operation = step.operation
        match operation:
            case s.Sleep():
                self._clock.sleep()
            case s.NextId(id):
                host_calls.write_sysctl("msg_next_id", id)
                self._queues.named = True
        self._waiting[step.task] = operation
        self._tasks[step.task - 1].issue(self._command(operation))
        dying = {step.task} if isinstance(operation, s.Exit) else set()
        if isinstance(operation, s.Kill):
            dying.add(operation.target)
            self._waiting.setdefault(operation.target, operation)
        came = self._settle(step.task, dying)
        outcome = came.pop(step.task, s.BLOCKS)
        return s.StepResult(outcome, tuple(sorted(came.items())))

    def _command(self, op: s.Operation) -> tuple[object, ...]:
        match op:
            case s.Msgget():
                return ("get", *self._key(op.key, op.flags))
            case s.Send():
                return ("send", self._queues.id_of(op.queue), op.type, op.payload, op.size, op.flags, op.bad)
            case s.Recv():
                return ("receive", self._queues.id_of(op.queue), op.type, op.size, op.flags, op.bad)
            case s.Stat():
                return ("status", self._queues.id_of(op.queue), host_calls.IPC_STAT, op.bad)
            case s.MsgStat():
                return ("status", self._queues.index_of(op), host_calls.MSG_STAT, op.bad)
            case s.IpcInfo():
                return ("information", host_calls.IPC_INFO, op.bad)
            case s.MsgInfo():
                return ("information", host_calls.MSG_INFO, op.bad)
            case s.Msgctl(command):
                return ("control", self._queues.id_of(op.queue), command)
            case s.Set():
                owner = (op.uid or os.getuid(), op.gid or os.getgid())
                return ("set", self._queues.id_of(op.queue), op.qbytes, op.mode, *owner, op.bad)
            case s.Rmid():
                return ("remove", self._queues.id_of(op.queue))
            case s.Sleep() | s.NextId():
                return ("nothing",)
            case s.Signal() | s.Kill():
                number = signal.SIGKILL if isinstance(op, s.Kill) else signal.SIGUSR2 if op.ignored else signal.SIGUSR1
                return ("kill", self._tasks[op.target - 1].pid, int(number))
        return ("exit",)

    def _key(self, key: int, flags: int) -> tuple[int, int]:
        """Give key and flags; in a shared namespace a private queue has a key too, by which the guardian finds it."""
        if key or not self._key_base:
            return self._key_base + key if key else 0, flags
        key = next(self._private_keys) % _PRIVATE_KEYS + _PRIVATE_KEYS
        return self._key_base + key, flags | s.IPC_CREAT | s.IPC_EXCL

    def _settle(self, actor: int, dying: set[int]) -> dict[int, s.Outcome]:
        """Wait for the machine to be at rest; give what came back, by task."""
        came: dict[int, s.Outcome] = {}
        limit = time.monotonic() + self._seconds
        patience = 0.0
        actor_may_sleep = isinstance(self._waiting.get(actor), s.Send | s.Recv)
        while self._waiting:
            sure_to_come = dying & self._waiting.keys() or (actor in self._waiting and not actor_may_sleep)
            ready = self._ready(0.01 if sure_to_come else patience)
            for task in ready:
                operation = self._waiting.pop(task)
                answer = self._tasks[task - 1].answer()
                if answer is None:
                    self._dead.add(task)
                    if task not in dying:
                        raise Stuck(f"the process of t{task} has ended unasked")
                    came[task] = s.DIES
                else:
                    came[task] = self._outcome(operation, answer)
                    if isinstance(operation, s.Kill) and answer[0] < 0:
                        dying.discard(operation.target)
                        if self._waiting.get(operation.target) is operation:
                            del self._waiting[operation.target]
            if not ready and not sure_to_come and self._at_rest():
                break
            patience = 0.0 if ready else min(patience + 0.00002, 0.001)
            if time.monotonic() > limit:
                raise Stuck(self._report())
        return came

    def _ready(self, seconds: float) -> list[int]:
        files = {self._tasks[task - 1].answers: task for task in self._waiting}
        return [files[file] for file in select.select(list(files), [], [], seconds)[0]]

    def _at_rest(self) -> bool:
        """Say whether all that are in a call sleep there; see the head of this file."""
        children = [self._tasks[task - 1] for task in self._waiting]
        first = []
        for child in children:
            counts = child.asleep()
            if not counts:
                return False
            first.append(counts)
        if self._ready(0):
            return False
        return first == [child.asleep() for child in children]

    def _outcome(self, op: s.Operation, answer: tuple[int, int, object]) -> s.Outcome:
        value, error, came = answer
        if value < 0:
            return s.Outcome(errno.errorcode[error])
        match op:
            case s.Msgget():
                return self._queues.created(value)
            case s.Recv():
                return s.received(value, *came)
            case s.Stat():
                return self._status(came).outcome()
            case s.MsgStat():
                return self._status(came).outcome(f"q{self._queues.number_of(value)}")
            case s.Msgctl():  # MSG_STAT_ANY
                return s.Outcome(f"q{self._queues.number_of(value)}")
            case s.IpcInfo() | s.MsgInfo():
                return s.information(self._queues.at(value), came)
            case s.Rmid(queue):
                self._queues.removed.add(queue)
        return s.Outcome(str(value))

    def _status(self, came: dict[str, int]) -> s.Status:
        """What the kernel told, in the script's numbers."""
        pids = {name: self._pids[came[name]] if came[name] else 0 for name in ("lspid", "lrpid")}
        times = {name: self._clock.slept(came[name]) for name in ("stime", "rtime", "ctime")}
        owners = {name: 0 if came[name] == own else came[name] for name, own in _OWN_IDS.items()}
        return s.Status(**(came | pids | times | owners))

    def _report(self) -> str:
        places = (f"t{task} {self._tasks[task - 1].position()}" for task in self._waiting)
        return f"not at rest after {self._seconds:g} s: {'; '.join(places)}"

    def _clear(self) -> None:
        """Remove the queues, which wakes all that sleep; tasks that do not come back are replaced, and so are the dead."""
        for queue in self._queues.ids:
            host_calls.remove(queue)
        if self._queues.named:  # nobody took the id that was asked for
            host_calls.remove(host_calls.create(0, 0))
        self._queues = Queues()
        limit = time.monotonic() + self._seconds
        while self._waiting and time.monotonic() < limit:
            for task in self._ready(0.01):
                del self._waiting[task]
                if self._tasks[task - 1].answer() is None:
                    self._dead.add(task)
        for task in self._waiting:
            self._tasks[task - 1].kill()
            self._dead.add(task)
        self._waiting.clear()
        for task in sorted(self._dead):
            rest = [child for place, child in enumerate(self._tasks, 1) if place not in self._dead]
            self._tasks[task - 1] = Child(rest, self._tasks[task - 1].user)
            self._dead.discard(task)
        self._dead.clear()


class Clock:
    """The wall clock that the kernel stamps queues with, in seconds slept since a script began."""

    def __init__(self) -> None:
        self._began = self._now()
        self._ends: list[int] = []  # the second that began when each sleep ended

    def sleep(self) -> None:
        """Wait for the next second."""
        before = self._now()
        while self._now() == before:
            time.sleep(0.005)
        self._ends.append(self._now())

    def slept(self, stamp: int) -> int | None:
        """Give how often the script had slept when a queue was stamped; nothing for a stamp that was never made."""
        if not stamp:
            return None
        if not self._began <= stamp <= self._now():
            raise AssertionError(f"the kernel has stamped a queue with {stamp}, and the script began at {self._began}")
        return bisect_right(self._ends, stamp)

    @staticmethod
    def _now() -> int:
        return int(time.clock_gettime(CLOCK_REALTIME_COARSE))


def key_base(pid: int) -> int:
    """Keep the keys of a driver apart from everybody else's."""
    return pid % 0x7FFF + 1 << 16


def _start_guardian() -> None:
    """Start the process that removes what a dead driver left.

    The driver and its tasks hold the other end of its pipe, and never write: when it ends, all of them are gone.
    """
    base = key_base(os.getpid())
    listen, hold = os.pipe()
    if os.fork():
        os.close(listen)
        return
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for file in range(3):
        os.dup2(null, file)
    os.close(hold)
    os.read(listen, 1)
    for key in range(base, base + 2 * _PRIVATE_KEYS):
        host_calls.remove_by_key(key)
    os._exit(0)


def _can_ask_for_ids() -> bool:
    """Say whether we may set kernel.msg_next_id; a queue takes what the attempt has asked for."""
    if not host_calls.write_sysctl("msg_next_id", 100):
        return False
    queue = host_calls.create(0, 0)
    host_calls.remove(queue)
    return queue == 100


def main(share_namespace: bool, seconds: float) -> None:
    """Greet with what the host is, then answer scripts until the input ends."""
    reason = host_calls.why_not()
    if reason:
        print("unusable", reason, flush=True)
        return
    private, users = (False, False) if share_namespace else host_calls.enter_private_namespace()
    if not private:
        _start_guardian()
    abilities = {
        "private": private,
        "copies": host_calls.copies(),
        "users": users,
        "queues": private and host_calls.write_sysctl("msgmni", s.QUEUES_MAX),
        "ids": private and _can_ask_for_ids(),
    }
    limits = [host_calls.read_sysctl(name) for name in ("msgmax", "msgmnb")]
    print("ready", *limits, *(name for name, there in abilities.items() if there), flush=True)
    signal.signal(signal.SIGUSR1, lambda *_: None)  # inherited by the tasks, so that no signal finds one without
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of the input ends us
    gc.freeze()
    gc.disable()
    driver = Driver(private, seconds)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    pending: list[bytes] = []
    try:
        for line in source:
            if line != END:
                pending.append(line)
                continue
            script = parse(b"".join(pending).decode())
            pending = []
            try:
                answer = dump(with_results(script, driver.run(script)))
            except EmuError as problem:
                answer = f"problem {problem}\n"
            sink.write(answer.encode() + END)
            sink.flush()
    finally:
        driver.end()


if __name__ == "__main__":
    main("--share-namespace" in sys.argv, float(sys.argv[1]))
