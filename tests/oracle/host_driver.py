"""Runs scripts on this host's kernel, in a process of its own: a script in, its results out, both as text.

Started by `host_queue.HostQueue`. One child process is a task; an operation goes to it by a pipe, its answer comes back by
another. Before the next operation is issued, every task whose call has not returned is asleep in it, for good:

- /proc/PID/status says S. A task that somebody has woken and that has not run yet shows as R, so what an operation woke
  does not pass for asleep, nor does a task that has just been given its command (both are woken before the call returns).
- Twice, with the same counts of context switches, each task once a round: none of them ran between the rounds, so at the
  instant between the rounds all slept, and with nobody running nobody can wake anybody.
- No answer is waiting in a pipe. A task writes its answer before it sleeps for its next command.

No fixed time is slept. The queues are in a private IPC namespace where that is permitted; otherwise a guardian process,
which no signal to the group ends, removes them when the driver and its tasks are gone, however they went.
"""

import errno
import gc
import os
import select
import signal
import sys
import time
from itertools import count
from pathlib import Path

import host_calls
from host_task import Child, Stuck

from emu.errors import EmuError, UserError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.text import dump, parse, with_results

END = b"\0\n"
_PRIVATE_KEYS = 0x8000  # keys of a script are below, those of its private queues in a shared namespace from there on


class Driver:
    """The tasks, kept from script to script, and the queues of the script that runs."""

    def __init__(self, private: bool, seconds: float) -> None:
        self._seconds = seconds  # for one operation to come to rest
        self._tasks: list[Child] = []
        self._key_base = 0 if private else key_base(os.getpid())
        self._private_keys = count(_PRIVATE_KEYS)
        self._queues: list[int] = []
        self._pids: dict[int, int] = {}
        self._waiting: dict[int, s.Operation] = {}  # tasks that are in a call
        self._dead: set[int] = set()

    def run(self, script: s.Script) -> s.Results:
        """Run one script and leave no queue and no sleeper behind."""
        while len(self._tasks) < script.tasks:
            self._tasks.append(Child(self._tasks))
        self._pids = {self._tasks[task - 1].pid: task for task in range(1, script.tasks + 1)}
        results = []
        try:
            for _ in range(script.queues):
                self._note(host_calls.create(*self._key(0, s.QUEUE_MODE)))
            results = [self._step(script, step) for step in script.steps]
        finally:
            self._clear()
        return tuple(results)

    def end(self) -> None:
        for child in self._tasks:
            child.kill()
        self._tasks = []

    def _step(self, script: s.Script, step: s.Step) -> s.StepResult:
        if step.task in self._waiting:
            raise UserError(f"{script.name}:{step.line}: t{step.task} still sleeps in an earlier operation")
        operation = step.operation
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
                return ("send", self._id(op.queue), op.type, op.payload, op.size, op.flags, op.bad)
            case s.Recv():
                return ("receive", self._id(op.queue), op.type, op.size, op.flags, op.bad)
            case s.Stat():
                return ("status", self._id(op.queue), op.bad)
            case s.Set():
                return ("set", self._id(op.queue), op.qbytes, op.mode, op.bad)
            case s.Rmid():
                return ("remove", self._id(op.queue))
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

    def _id(self, queue: int) -> int:
        return self._queues[queue - 1] if 1 <= queue <= len(self._queues) else -1

    def _note(self, queue: int) -> int:
        if queue not in self._queues:
            self._queues.append(queue)
        return self._queues.index(queue) + 1

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
                return s.Outcome(f"q{self._note(value)}")
            case s.Recv():
                return s.received(value, *came)
            case s.Stat():
                qnum, cbytes, qbytes, mode, *pids = came
                lspid, lrpid = (self._pids[pid] if pid else 0 for pid in pids)
                return s.statistics(qnum=qnum, cbytes=cbytes, qbytes=qbytes, mode=mode, lspid=lspid, lrpid=lrpid)
        return s.Outcome(str(value))

    def _report(self) -> str:
        places = (f"t{task} {self._tasks[task - 1].position()}" for task in self._waiting)
        return f"not at rest after {self._seconds:g} s: {'; '.join(places)}"

    def _clear(self) -> None:
        """Remove the queues, which wakes all that sleep; tasks that do not come back are replaced, and so are the dead."""
        for queue in self._queues:
            host_calls.remove(queue)
        self._queues = []
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
            self._tasks[task - 1] = Child(rest)
            self._dead.discard(task)
        self._dead.clear()


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


def main(share_namespace: bool, seconds: float) -> None:
    """Greet with what the host is, then answer scripts until the input ends."""
    reason = host_calls.why_not()
    if reason:
        print("unusable", reason, flush=True)
        return
    private = not share_namespace and host_calls.enter_private_namespace()
    if not private:
        _start_guardian()
    limits = [Path(f"/proc/sys/kernel/{name}").read_text().strip() for name in ("msgmax", "msgmnb")]
    copies = "copies" if host_calls.copies() else "no-copies"
    print("ready", "private" if private else "shared", *limits, copies, flush=True)
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
