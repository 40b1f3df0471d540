"""The report of a region of a real kernel in full detail, from a `DetailResult` alone."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.report.grid import Beside, Grid, grid
from emu.report.page import WIDTH, count, number, page, percent
from emu.report.states import states_grid
from emu.subjects.kernel.lock_names import LockUse, NamedLock
from emu.subjects.kernel.result import DetailResult
from emu.subjects.kernel.roles import base_name
from emu.subjects.kernel.saved_region import SavedLock

LOCKS_MAX, SITES_MAX, LINES_MAX, TASKS_MAX, CAUSES_MAX = 12, 3, 10, 8, 6  # rows; --json has all
WORKING = ("user", "kernel", "scheduler", "interrupt")  # the states whose cycles have a cause


def render_kernel(result: DetailResult, *, width: int = WIDTH, colour: bool = False) -> str:
    """The whole report as text."""
    return page(_parts(result), width=width, colour=colour)


def _parts(result: DetailResult) -> Iterator[RenderableType]:
    measured = result.measured
    yield from _headline(result)
    yield ""
    cores = [
        {state: cycles for state, cycles in core.items() if measured.cycles_by_state[state]} for core in measured.cycles_by_core
    ]
    yield states_grid(cores, measured.cycles)
    yield from _causes(result)
    yield ""
    yield locks_grid(result.locks, LOCKS_MAX)
    yield from _more_locks(result)
    yield Text("in cycles; wait: first failed attempt to acquisition, hold: acquisition to visible release", style="dim")
    if any(lock.owners for lock in result.locks[:LOCKS_MAX]):
        yield Text("held by: the task and place that had a lock most often when another one began to wait for it", style="dim")
    yield ""
    yield _counts(result)
    if result.lines:
        yield ""
        yield _lines(result)
    if result.tasks:
        yield ""
        yield _tasks(result)
    yield from _footer(result)


def _headline(result: DetailResult) -> Iterator[RenderableType]:
    measured = result.measured
    if result.items is not None and result.items_per_second is not None:
        yield Text.from_markup(f"[bold]{number(round(result.items_per_second))} items/s[/]  {count(result.items, 'item')}")
    where = f"{count(measured.cores, 'core')}, {measured.cycles:,} cycles each ({result.seconds * 1e3:.3f} ms simulated)"
    yield Text(f"{where}, {measured.instructions:,} instructions")
    for line in result.unrecognised:
        yield Text.from_markup(f"[bold]note[/]  {escape(line)}")


def _causes(result: DetailResult) -> Iterator[RenderableType]:
    """What the cores that worked waited for, in a line."""
    causes = {name: cycles for name, cycles in result.measured.cycles_by_cause.items() if cycles and name != "none"}
    working = sum(result.measured.cycles_by_state.get(state, 0) for state in WORKING)
    most = sorted(causes, key=lambda name: -causes[name])[:CAUSES_MAX]
    if most:
        words = ", ".join(f"{name.replace('_', ' ')} {percent(causes[name], working)}" for name in most)
        yield Text(f"of the cycles in which cores worked: {words}", style="dim")


def locks_grid(locks: Sequence[NamedLock | SavedLock], most: int) -> Grid:
    """Locks of every kind, so many of them."""
    columns = ("<kind", "acquired", "contended", "wait|mean", "+wait|max", "hold|mean", "+hold|max")
    table = grid("lock, and where it was taken", *columns, title="Locks", keys=2)
    for lock in locks[:most]:
        words = f" ({lock.instances} of them)" if lock.instances > 1 else ""
        table.add_row(f"[bold]{escape(lock.name)}[/]{words}", lock.kind, *_use(lock.use))
        for site in lock.sites[:SITES_MAX]:
            table.add_row(f"  {escape(_without_suffix(site.site))}", "", *_use(site.use), style="dim")
        if (left := len(lock.sites) - SITES_MAX) > 0:
            rest = sum(site.use.acquisitions for site in lock.sites[SITES_MAX:])
            table.add_row(f"  {count(left, 'more place')}", "", f"{rest:,}", *[""] * (len(columns) - 2), style="dim")
        if lock.owners:
            owner = lock.owners[0]
            held = f"  held by {_task_words(owner.task, owner.pid)}, {_without_suffix(owner.site)}"
            table.add_row(escape(held), "", "", f"{owner.contended:,}", *[""] * (len(columns) - 3), style="dim")
    return table


def _task_words(name: str, pid: int | None) -> str:
    return f"{name or 'a task that is over'}{'' if pid is None else f' ({pid})'}"


def _without_suffix(site: str) -> str:
    """A place without what the compiler put behind its function's name."""
    function, plus, offset = site.partition("+")
    return f"{base_name(function)}{plus}{offset}"


def _use(use: LockUse) -> Sequence[str]:
    waited, held = bool(use.contended), bool(use.hold_cycles)
    return (
        f"{use.acquisitions:,}",
        f"{use.contended:,}",
        number(round(use.wait_cycles_mean)) if waited else "-",
        f"{use.wait_cycles_max:,}" if waited else "-",
        number(round(use.hold_cycles_mean)) if held else "-",
        f"{use.hold_cycles_max:,}" if held else "-",
    )


def _more_locks(result: DetailResult) -> Iterator[RenderableType]:
    left = result.locks[LOCKS_MAX:]
    if left:
        waited = sum(lock.use.wait_cycles for lock in left)
        taken = sum(lock.use.acquisitions for lock in left)
        yield Text(f"{count(len(left), 'more lock')}: acquired {taken:,} times, waited for {waited:,} cycles (--json has all)")


def _counts(result: DetailResult) -> Beside:
    """Counts of the region, each also per item; indented rows are parts of the row above them."""
    coherence = result.measured.coherence
    under = sum(lock.use.wakeups > 0 for lock in result.locks)
    kernel = {
        "wakeups": result.wakeups,
        **({f"  under {name}": calls for name, calls in result.wakeups_under_locks.items()} if under else {"  under a lock": 0}),
        "context switches": result.context_switches,
        "interprocessor interrupts": sum(result.interprocessor_interrupts.values()),
        **{f"  {_words(kind)}": sent for kind, sent in result.interprocessor_interrupts.items()},
    }
    lines = {_words(kind): number for kind, number in coherence.items() if number}
    taken = {f"interrupt {_words(kind)}": times for kind, times in result.interrupts.items()}
    return Beside(
        _count_grid("wakeups and switches", kernel, result), _count_grid("lines and interrupts taken", lines | taken, result)
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _count_grid(heading: str, rows: Mapping[str, int], result: DetailResult) -> Grid:
    table = grid(heading, "count", *(["an item"] if result.items else []))
    for name, value in rows.items():
        table.add_row(escape(name), f"{value:,}", *([f"{value / result.items:.2f}"] if result.items else []))
    return table


def _lines(result: DetailResult) -> Grid:
    table = grid("what lies there", "moves", "lines", title="Lines that moved most between modules")
    for line in result.lines[:LINES_MAX]:
        held = [name for name in line.locks if name not in line.name]
        inside = f", with {', '.join(held)}" if held else ""
        table.add_row(escape(f"{line.name}{inside}"), f"{line.moves:,}", f"{line.lines:,}")
    return table


def _tasks(result: DetailResult) -> Grid:
    table = grid("task", "ran", "switches", "migrations", "waited for a CPU", title="Tasks that ran longest")
    for task in result.tasks[:TASKS_MAX]:
        figures = (task.run_cycles, task.switches, task.migrations, task.queue_wait_cycles)
        table.add_row(escape(_task_words(task.comm, task.pid)), *(f"{figure:,}" for figure in figures))
    table.caption = "in cycles; from being runnable to running"
    return table


def _footer(result: DetailResult) -> Iterator[RenderableType]:
    measured = result.measured
    share = percent(result.estimated_instructions, measured.instructions)
    if result.estimated_costs:
        first = ", ".join(f"{name or 'without a name'} {times:,}" for name, times in result.estimated_costs.items())
        yield Text(f"{share} of the instructions had no cost of their own and were given that of a class: {first}", style="dim")
    yield Text(
        f"{measured.instructions:,} instructions in {measured.host_seconds:.1f} s on this host ({result.mips:.1f} MIPS)",
        style="dim",
    )
    yield Text(f"digest {measured.digest}", style="dim")
