"""Tasks as a region's events show them: switches and wakeups, with the task of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emu.boot.full.measured import TaskFigures


@dataclass(slots=True)
class _Task:
    """What is known of one so far."""

    run_cycles: int = 0
    switches: int = 0
    migrations: int = 0
    wakeups: int = 0
    queue_wait_cycles: int = 0
    queue_wait_cycles_max: int = 0
    core: int | None = None  # that it ran on last
    woken_at: int | None = None  # and has not run since
    left_at: int | None = None  # since when it does not run


class TaskLog:
    """Follows switches and wakeups, one after the other. Times are cycles."""

    def __init__(self, cores: int) -> None:
        """Nothing has happened, and it is not known who runs."""
        self._tasks: dict[int, _Task] = {}
        self._running: list[tuple[int, int] | None] = [None] * cores  # the task of each core, and since when

    def begin(self, running: Sequence[int | None]) -> None:
        """Who runs on each core at the beginning, as far as that is known: who is not is seen at the first switch from it."""
        for core, address in enumerate(running):
            if address is not None:
                self._tasks.setdefault(address, _Task()).core = core
                self._running[core] = (address, 0)

    def running(self, core: int) -> int | None:
        """The task that a core runs, None if nobody knows."""
        running = self._running[core]
        return None if running is None else running[0]

    def wake(self, cycle: int, address: int) -> None:
        """A task is woken."""
        task = self._tasks.setdefault(address, _Task())
        task.wakeups += 1
        if task.woken_at is None and address not in (each[0] for each in self._running if each is not None):
            task.woken_at = cycle

    def switch(self, cycle: int, address: int, core: int) -> None:
        """A core goes on with a task."""
        self._stop(cycle, core)
        task = self._tasks.setdefault(address, _Task())
        task.switches += 1
        task.migrations += task.core not in (None, core)
        task.core = core
        runnable_at = task.left_at if task.woken_at is None else task.woken_at  # nobody has woken it: it had not gone to sleep
        if runnable_at is not None:
            waited = max(cycle - runnable_at, 0)
            task.queue_wait_cycles += waited
            task.queue_wait_cycles_max = max(task.queue_wait_cycles_max, waited)
            task.woken_at = None
        self._running[core] = (address, cycle)

    def _stop(self, cycle: int, core: int) -> None:
        running = self._running[core]
        if running is not None:
            task = self._tasks[running[0]]
            task.run_cycles += cycle - running[1]
            task.left_at = cycle

    def figures(self, end: int) -> Iterator[TaskFigures]:
        """Of every task that was woken or switched to, up to the end of the region; names are for others to find."""
        for core, running in enumerate(self._running):
            self._stop(end, core)
            self._running[core] = None if running is None else (running[0], end)
        for address, task in sorted(self._tasks.items()):
            yield TaskFigures(
                address=address,
                comm="",
                pid=None,
                run_cycles=task.run_cycles,
                switches=task.switches,
                migrations=task.migrations,
                wakeups=task.wakeups,
                queue_wait_cycles=task.queue_wait_cycles,
                queue_wait_cycles_max=task.queue_wait_cycles_max,
            )
