"""Schedules of a real kernel: what was searched, and a find with the turns of its CPUs side by side."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emu.explore.strategy.records import STRATEGIES
from emu.report.page import WIDTH, page
from emu.subjects.kernel.explore.exploration import Find
from emu.subjects.kernel.explore.search import Searched
from emu.subjects.kernel.explore.turns import Row

CONSOLE_LINES = 12
INDENT = (0, 0, 0, 2)


def render_search(searched: Searched, *, width: int = WIDTH, colour: bool = False) -> str:
    """What a search has come to."""
    parts: list[RenderableType] = [_heading(searched), Padding(Text(" ".join(_sentences(searched))), INDENT)]
    if searched.find is not None:
        parts += ["", *_find(searched.find)]
    return page(parts, width=width, colour=colour) + ("" if searched.find is None else _again(searched.find))


def render_find(find: Find, *, width: int = WIDTH, colour: bool = False) -> str:
    """A find that was run again."""
    return page(_find(find), width=width, colour=colour) + _again(find)


def _again(find: Find) -> str:
    """The string in one line, however long: to be copied."""
    return f"emu replay {find.replay}\n"


def _heading(searched: Searched) -> Text:
    strategy = searched.spec.strategy
    name = STRATEGIES[strategy.kind] + (f", depth {strategy.depth}" if searched.chance is not None else "")
    found = "a failing one" if searched.find is not None else "none fails"
    return Text.assemble((f"{searched.schedules} schedules ({name}): {found}", "bold"))


def _sentences(searched: Searched) -> Iterator[str]:
    made = max(searched.schedules, 1)
    rate = searched.schedules / max(searched.seconds, 1e-9)
    yield (
        f"{len(searched.digests)} different orders of accesses, {len(searched.pairs)} ordered pairs of accesses by two CPUs; "
        f"{rate:.1f} schedules a second; on average {searched.instructions // made} instructions and "
        f"{searched.accesses // made} accesses to {searched.shared_words} words that the CPUs share."
    )
    if searched.chance is not None:
        yield (
            f"A bug of depth {searched.spec.strategy.depth} is hit with probability {searched.chance:.2g} by one schedule at least "
            f"({2 * searched.spec.boot.cpus} agents, {searched.events} events)."
        )
    if searched.fair:
        yield f"{searched.fair} of them did not end by the strategy alone, and went on by fair turns."
    if searched.bounded:
        yield "The time was over before all were made."


def _find(find: Find) -> Iterator[RenderableType]:
    failure = find.failure
    where = f" at {failure.where}" if failure.where else ""
    number = f"schedule {find.number}, " if find.number else ""
    yield Text.assemble(("FOUND", "bold red"), f"  {failure.checker}: {failure.summary}{where}")
    yield Padding(Text(f"{number}{find.switches} switches between CPUs, digest {find.digest}"), INDENT)
    yield ""
    yield _table(find.rows)
    lines = [line.rstrip() for line in find.console.splitlines() if line.strip()]
    if lines:
        yield ""
        yield Text("The console", style="bold")
        yield Padding(Text("\n".join(lines[:CONSOLE_LINES])), INDENT)
        if len(lines) > CONSOLE_LINES:
            yield Padding(Text(f"and {len(lines) - CONSOLE_LINES} lines more: --json has them all"), INDENT)
    yield ""
    yield Text("Run it again with")


def _table(rows: Sequence[Row]) -> Table:
    """A column for each CPU that does something."""
    cpus = sorted({row.cpu for row in rows if row.cpu >= 0})
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
    for cpu in cpus:
        table.add_column(f"CPU {cpu}", ratio=1, overflow="fold")
    before = None
    for row in rows:
        if row.cpu < 0:
            table.add_row(f"({row.skipped} accesses before)")
            continue
        if before is not None and before != row.cpu:
            table.add_row()
        table.add_row(*(_cell(row) if cpu == row.cpu else "" for cpu in cpus))
        before = row.cpu
    return table


def _cell(row: Row) -> str:
    if row.skipped:
        return f"... {row.skipped} more"
    value = f" = {row.value:#x}"
    return f"{row.where}: {row.action} {row.what}{value}" if row.where else f"{row.action} {row.what}{value}"
