"""Tasks as a region's events show them: switches and wakeups, with the task of each, in the order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emu.block import Array
from emu.boot.full.machine import SWITCHES, WAKEUPS
from emu.boot.full.measured import TaskFigures
from emu.native import MASK64


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


class TaskLog:
    """Follows a log of events, part by part. Times are cycles; who runs at the beginning is seen at the first switch from it."""

    def __init__(self, cores: int, events: Sequence[str]) -> None:
        """Nothing has happened."""
        self._names = tuple(events)
        self._tasks: dict[int, _Task] = {}
        self._running: list[tuple[int, int] | None] = [None] * cores  # the task of each core, and since when

    def follow(self, log: Array) -> None:
        """The next events: records of LOGGED; those of one core are in order."""
        for cycle, value, mark, core in log[log["cycle"].argsort(kind="stable")].tolist():
            if self._names[mark] == SWITCHES:
                self._switch(cycle, value & MASK64, core)
            elif self._names[mark] == WAKEUPS:
                self._wake(cycle, value & MASK64)

    def _wake(self, cycle: int, address: int) -> None:
        task = self._tasks.setdefault(address, _Task())
        task.wakeups += 1
        if task.woken_at is None and address not in (each[0] for each in self._running if each is not None):
            task.woken_at = cycle

    def _switch(self, cycle: int, address: int, core: int) -> None:
        self._stop(cycle, core)
        task = self._tasks.setdefault(address, _Task())
        task.switches += 1
        task.migrations += task.core not in (None, core)
        task.core = core
        if task.woken_at is not None:
            waited = max(cycle - task.woken_at, 0)
            task.queue_wait_cycles += waited
            task.queue_wait_cycles_max = max(task.queue_wait_cycles_max, waited)
            task.woken_at = None
        self._running[core] = (address, cycle)

    def _stop(self, cycle: int, core: int) -> None:
        running = self._running[core]
        if running is not None:
            self._tasks[running[0]].run_cycles += cycle - running[1]

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
