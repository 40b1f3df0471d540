"""A run that did not come to its end: why not, and what every task was doing."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emu.report.page import WIDTH, page
from emu.run.stuck.facts import BOUND, FAILED_CHECK, FAULT, Stuck, TaskFacts

HEADINGS = {FAULT: "GUEST FAULT", FAILED_CHECK: "FAILED CHECK", BOUND: "NOT FINISHED"}
TASKS_MAX = 16  # in full; `--json` has all
EVENTS_MAX = 8


def render_stuck(stuck: Stuck, how_far: str, *, width: int = WIDTH, colour: bool = False) -> str:
    """All of it as text."""
    return page([stuck_heading(stuck, how_far), *stuck_words(stuck), "", *stuck_tasks(stuck)], width=width, colour=colour)


def stuck_heading(stuck: Stuck, how_far: str) -> Text:
    """What kind of end it was, and how far the run had come."""
    heading = HEADINGS.get(stuck.kind, "STUCK")
    kind = "" if stuck.kind in HEADINGS else stuck.kind
    return Text.assemble((heading, "bold red"), "  ", ", ".join(filter(None, (kind, how_far))))


def stuck_words(stuck: Stuck) -> Iterator[RenderableType]:
    """Why, in sentences."""
    yield from (Padding(Text(sentence), (0, 0, 0, 2)) for sentence in stuck.words)


def stuck_tasks(stuck: Stuck) -> Iterator[RenderableType]:
    """What each task was doing: those that live in full, the dead by name."""
    living = [task for task in stuck.tasks if task.state != "dead"]
    dead = [task.task for task in stuck.tasks if task.state == "dead"]
    yield Text("What every task was doing", style="bold")
    for task in living[:TASKS_MAX]:
        yield _headline(task)
        yield Padding(_table(task), (0, 0, 0, 2))
    if len(living) > TASKS_MAX:
        yield Padding(Text(f"and {len(living) - TASKS_MAX} more: --json lists them all"), (0, 0, 0, 2))
    if dead:
        yield Padding(Text(f"dead: {', '.join(dead)}"), (0, 0, 0, 2))


def _headline(task: TaskFacts) -> RenderableType:
    where = f"on {task.on_list}" if task.on_list else "on no list of waiters"
    words = [f"{task.state} on core {task.core}", where if task.state != "running" else "", task.r_msg and f"r_msg: {task.r_msg}"]
    return Padding(Text.assemble((task.task, "bold"), f" ({task.policy})  ", "; ".join(filter(None, words))), (0, 0, 0, 2))


def _table(task: TaskFacts) -> Table:
    """Rows of one task: a name, and lines that wrap beside it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if task.waits_for:
        grid.add_row("waits for", Text(task.waits_for))
    _add(grid, "calls", [f"{call.place}  {call.source}" for call in reversed(task.calls)])
    _add(grid, "events", task.events[-EVENTS_MAX:])
    return grid


def _add(grid: Table, name: str, lines: Sequence[str]) -> None:
    for place, line in enumerate(lines):
        grid.add_row("" if place else name, Text(line))
