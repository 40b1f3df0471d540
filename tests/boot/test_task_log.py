"""Tasks as a log of switches and wakeups shows them."""

import numpy as np

from emu.boot.full.measured import TaskFigures
from emu.boot.full.region_log import RegionLog
from emu.engine.records import LOGGED

WAKE, SWITCH = 0, 1
EVENTS = ("wakeups", "context_switches")
IDLE, A, B = 0x1000, -0x2000, 0x3000


def follow(
    *records: tuple[int, int, int, int], cores: int = 2, parts: int = 1, running: tuple[int | None, ...] = ()
) -> dict[int, TaskFigures]:
    log = RegionLog(cores, EVENTS, (), lambda address: None)
    log.tasks.begin(running)
    for part in np.array_split(np.array([(*record, 0, 0) for record in records], LOGGED), parts):
        log.follow(part)
    return {figures.address: figures for figures in log.tasks.figures(1000)}


def test_a_task_runs_from_the_switch_to_it_to_the_next_one() -> None:
    tasks = follow((100, A, SWITCH, 0), (400, IDLE, SWITCH, 0), (700, A, SWITCH, 0))
    assert tasks[A % 2**64].run_cycles == 300 + 300
    assert tasks[IDLE].run_cycles == 300
    assert (tasks[A % 2**64].switches, tasks[A % 2**64].migrations) == (2, 0)


def test_a_wakeup_waits_for_the_switch() -> None:
    tasks = follow((50, B, WAKE, 0), (90, B, SWITCH, 1), (200, IDLE, SWITCH, 1), (300, B, WAKE, 0), (310, B, SWITCH, 0))
    assert (tasks[B].wakeups, tasks[B].queue_wait_cycles, tasks[B].queue_wait_cycles_max) == (2, 50, 40)
    assert tasks[B].migrations == 1


def test_who_runs_does_not_wait() -> None:
    tasks = follow((10, A, SWITCH, 0), (20, A, WAKE, 1), (30, IDLE, SWITCH, 0))
    assert tasks[A % 2**64].queue_wait_cycles == 0


def test_who_goes_on_without_being_woken_has_waited_since_it_left() -> None:
    """Another task took its place, or it was woken as it was about to sleep."""
    tasks = follow(
        (10, A, SWITCH, 0), (30, B, SWITCH, 0), (50, A, SWITCH, 0), (60, A, WAKE, 1), (70, B, SWITCH, 0), (80, A, SWITCH, 1)
    )
    assert (tasks[A % 2**64].queue_wait_cycles, tasks[A % 2**64].queue_wait_cycles_max) == (20 + 10, 20)
    assert tasks[B].queue_wait_cycles == 70 - 50


def test_a_log_in_parts_is_the_same_log() -> None:
    records = ((50, B, WAKE, 0), (90, B, SWITCH, 1), (200, IDLE, SWITCH, 1), (300, B, WAKE, 0), (310, B, SWITCH, 0))
    assert follow(*records, parts=3) == follow(*records)


def test_who_runs_at_the_beginning_runs_from_there() -> None:
    tasks = follow((100, IDLE, SWITCH, 0), (200, B, SWITCH, 0), running=(B, None))
    assert (tasks[B].run_cycles, tasks[B].switches, tasks[B].migrations) == (100 + 800, 1, 0)
