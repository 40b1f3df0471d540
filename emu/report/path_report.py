"""The length of the path as text: system calls, holds of the queue's lock, functions, line transfers; ours beside the real."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, page
from emu.report.path_check import PathComparison, Row
from emu.subjects.ipc_msg.path.lengths import ROWS
from emu.subjects.ipc_msg.path.reference import OTHER_OBJECTS
from emu.subjects.path.tally import Measure
from emu.subjects.path.walk import USER

HEADINGS = {measure: measure.value for measure in Measure} | {Measure.INSTRUCTIONS: "instr.", Measure.TRANSFERS: "transf."}
WHAT = {
    "msgsnd": "msgsnd",
    "msgrcv": "msgrcv",
    "idle": "idle, a message",
    "irq_resched": "reschedule interrupt",
    "user": "the program, a message",
    "msgsnd_handoff_hold": "msgsnd hands over",
    "msgsnd_enqueue_hold": "msgsnd enqueues",
    "msgrcv_sleep_hold": "msgrcv goes to sleep",
}
SHOWN_LEAST = 0.5  # instructions: below, a function is only in JSON


def render_path(comparison: PathComparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """The comparison as text."""
    return page(_parts(comparison), width=width, colour=colour)


def _parts(comparison: PathComparison) -> Iterator[RenderableType]:
    lengths, reference = comparison.lengths, comparison.reference
    yield Text.from_markup(f"[bold]The path of {escape(comparison.variant)}[/] on {escape(comparison.machine)}")
    if lengths.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  stopped early: the messages that had been looked at")
    messages = count(lengths.messages, "message")
    yield Text(f"means over {messages} in steady state; 2 threads on cores of different modules, tick off")
    if reference is None:
        yield Text("no real kernel was measured for this variant: nothing to compare with")
    else:
        yield Text(f"ours/real: {reference.name}; off: of the instructions; bar: in or out, for what matters (docs/path.md)")
    yield ""
    yield rows_table("System calls, and what else a message costs", comparison.rows(), real=reference is not None)
    yield rows_table("Under q_perm.lock", comparison.sections(), real=reference is not None)
    yield _transfers(comparison)
    for context in ROWS:
        rows = [row for row in comparison.functions(context) if context != USER and _is_shown(row)]
        if rows:
            yield rows_table(f"Functions of {WHAT[context]}", rows, real=reference is not None)
    if reference is not None:
        yield _verdict(comparison)


def _is_shown(row: Row) -> bool:
    real = (row.real or {}).get(Measure.INSTRUCTIONS, 0.0)
    return max(row.ours.instructions, real) >= SHOWN_LEAST


def rows_table(title: str, rows: Iterable[Row], measures: Sequence[Measure] = tuple(Measure), *, real: bool = True) -> Grid:
    """Rows with ours, or ours beside the real one, how far off that is, and whether within its bar."""
    table = grid("", *(HEADINGS[each] for each in measures), *(("off", "<bar") if real else ()), title=title)
    for row in rows:
        cells = [_cell(row, measure) for measure in measures]
        table.add_row(WHAT.get(row.name, row.name), *cells, *((_off(row), _bar(row)) if real else ()))
    return table


def _cell(row: Row, measure: Measure) -> str:
    digits = 1 if measure in (Measure.LOCKED, Measure.TRANSFERS) else 0
    ours = f"{row.ours[measure]:,.{digits}f}"
    if row.real is None:
        return ours
    real = row.real.get(measure)
    return ours if real is None else f"{ours}/{real:,.{digits}f}"


def _off(row: Row) -> str:
    off = row.off(Measure.INSTRUCTIONS)
    return "" if off is None else f"{100 * off:+.0f} %"


def _bar(row: Row) -> Text:
    """In or out of its bars; a dash where there is none."""
    if not row.bars:
        return Text("-", style="dim")
    return Text("out", style="bold red") if row.outside else Text("in")


def _transfers(comparison: PathComparison) -> Grid:
    lengths, reference = comparison.lengths, comparison.reference
    table = grid("", "ours", *(("real",) if reference else ()), title="Line transfers a message, by kind and by object")
    for name, ours in lengths.transfers.items():
        table.add_row(name.replace("_", " "), f"{ours:.1f}", *((f"{reference.transfers[name]:.1f}",) if reference else ()))
    total = (f"{sum(reference.transfers.values()):.1f}",) if reference else ()
    table.add_row("all", f"{lengths.transfers_total:.1f}", *total, end_section=True)
    known = {} if reference is None else reference.objects
    rest = {} if reference is None else {OTHER_OBJECTS: sum(reference.transfers.values()) - sum(known.values())}
    for name in sorted({*known, *lengths.objects}, key=lambda name: (name == OTHER_OBJECTS, -lengths.objects.get(name, 0.0), name)):
        real = (f"{(known | rest).get(name, 0.0):.1f}",) if reference else ()
        table.add_row(name, f"{lengths.objects.get(name, 0.0):.1f}", *real)
    return table


def _verdict(comparison: PathComparison) -> RenderableType:
    outside = comparison.outside()
    if not outside:
        return Text("everything that matters is within its bar")
    return Text(f"{count(len(outside), 'figure')} outside the bar: {'; '.join(outside)}", style="bold red")
