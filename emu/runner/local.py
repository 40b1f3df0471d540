"""Calls carried out on this host: in this process, or in several new ones beside it.

Each process has one call at a time, so that it is known which call a process was at that has died.
"""

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from emu.processes import POLL_SECONDS, without_interrupts
from emu.runner.executor import parted
from emu.runner.outcome import C, Function, Outcome, R, ShouldStop, Stopped, WorkerLost, never, outcome_of
from emu.runner.worker import serve
from emu.whole import within

JOBS_MAX = 1024
TRIES = 3  # processes that a call may end before it is given up


class Local:
    """Up to `jobs` processes; one call, or one at a time, needs none beside this one."""

    elsewhere = False

    def __init__(self, jobs: int) -> None:
        """Begin no process before there is something to do."""
        self.width = within("jobs", jobs, 1, JOBS_MAX)
        self._idle: list[_Worker] = []

    def run(
        self, function: Function[C, R], calls: Sequence[C], should_stop: ShouldStop = never, waves: Sequence[int] = ()
    ) -> Iterator[tuple[int, Outcome[R]]]:
        """See `Executor`."""
        if min(self.width, len(calls)) < 2:
            yield from _in_turn(function, calls, should_stop)
            return
        for numbers in parted(len(calls), waves):
            yield from self._in_processes(function, calls, numbers, should_stop)

    def close(self) -> None:
        """End the processes."""
        while self._idle:
            self._idle.pop().end()

    def _in_processes(
        self, function: Function[C, R], calls: Sequence[C], numbers: Sequence[int], should_stop: ShouldStop
    ) -> Iterator[tuple[int, Outcome[R]]]:
        waiting, deaths = deque(numbers), Counter[int]()
        busy: dict[Connection, tuple[_Worker, int]] = {}
        try:
            while waiting or busy:
                while waiting and len(busy) < self.width:
                    worker = self._idle.pop() if self._idle else _Worker()
                    busy[worker.connection] = worker, waiting.popleft()
                    worker.ask(function, calls[busy[worker.connection][1]])
                for connection in wait(list(busy), POLL_SECONDS):
                    assert isinstance(connection, Connection)
                    worker, number = busy.pop(connection)
                    outcome = worker.answer()
                    if outcome is not None:
                        self._idle.append(worker)
                    else:
                        deaths[number] += 1
                        if deaths[number] < TRIES:
                            waiting.appendleft(number)
                            continue
                        outcome = Outcome(error=WorkerLost(f"its process has died {TRIES} times, of {worker.ended_by()}"))
                    yield number, outcome
                if should_stop():
                    raise Stopped
        finally:
            for worker, _ in busy.values():
                worker.kill()


def _in_turn(function: Function[C, R], calls: Sequence[C], should_stop: ShouldStop) -> Iterator[tuple[int, Outcome[R]]]:
    for number, call in enumerate(calls):
        if should_stop():
            raise Stopped
        yield number, outcome_of(function, call, should_stop)


class _Worker:
    """A new process that carries calls out; a copy of this one, with its threads, might hang."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there,))
        resource_tracker.ensure_running()  # begun by now: what begins it lets signals in again
        with without_interrupts():
            self._process.start()
        there.close()

    def ask(self, function: Function[C, R], call: C) -> None:
        """Hand a call over; that a process has died shows when it is to answer."""
        try:
            self.connection.send((function, call))
        except (BrokenPipeError, ConnectionResetError):
            return

    def answer(self) -> Outcome[Any] | None:
        """What came of it; None: the process has died."""
        try:
            outcome: Outcome[Any] = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return None
        return outcome

    def ended_by(self) -> str:
        """What it died of."""
        code = self._process.exitcode or 0
        if code >= 0:
            return f"itself, with exit status {code}"
        return signal.Signals(-code).name + (": too little memory for as many --jobs?" if -code == signal.SIGKILL else "")

    def end(self) -> None:
        """Let it end in order: it finds that nobody asks any more."""
        self.connection.close()
        self._process.join()

    def kill(self) -> None:
        """End it at once, whatever it is doing; it heeds no milder signal."""
        self._process.kill()
        self.connection.close()
        self._process.join()
