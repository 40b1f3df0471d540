"""The log of a region, taken apart: switches and wakeups for the accounts of tasks, routines and waits for those of locks."""

from collections import Counter
from collections.abc import Callable, Sequence

from emu.block import Array
from emu.boot.full.lock_log import LockLog
from emu.boot.full.lock_routine import READ_WRITE, READERS, WRITERS, LockRoutine
from emu.boot.full.machine import SWITCHES, WAKEUPS
from emu.boot.full.task_log import TaskLog
from emu.engine.log import READER_LEFT, READER_WAITED, WAIT, WRITER_LEFT
from emu.native import MASK64

LEFT = {READER_LEFT: READ_WRITE + READERS, WRITER_LEFT: READ_WRITE + WRITERS}  # kinds


class RegionLog:
    """Follows a log part by part, in the order of time."""

    def __init__(
        self, cores: int, events: Sequence[str], routines: Sequence[LockRoutine], physical: Callable[[int], int | None]
    ) -> None:
        """Marks are the events, and behind them the routines."""
        self._events = tuple(events)
        self.tasks = TaskLog(cores)
        self.locks = LockLog(dict(enumerate(routines, len(events))), physical)
        self.spin_owners: dict[int, Counter[tuple[int, int]]] = {}  # by the engine's number of a lock: task and site

    def follow(self, log: Array) -> None:
        """The next records of LOGGED; those of one core are in order."""
        events, tasks, locks = len(self._events), self.tasks, self.locks
        for cycle, value, mark, core, lock, site in log[log["cycle"].argsort(kind="stable")].tolist():
            if mark >= events:
                locks.follow(cycle, core, self._task(core), mark, value, lock, site)
            elif mark in LEFT:
                locks.release(cycle, self._task(core), LEFT[mark], lock)
            elif mark == READER_WAITED:
                locks.spin(cycle - value, lock, site)
            elif mark == WAIT:
                self.spin_owners.setdefault(lock, Counter())[self._task(value), site] += 1
            elif self._events[mark] == SWITCHES:
                tasks.switch(cycle, value & MASK64, core)
            elif self._events[mark] == WAKEUPS:
                tasks.wake(cycle, value & MASK64)
                locks.wake(self._task(core))

    def _task(self, core: int) -> int:
        """Who runs on a core; a number of its own while nobody knows."""
        running = self.tasks.running(core)
        return -1 - core if running is None else running
