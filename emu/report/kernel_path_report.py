"""The path of a real kernel's system calls as text: calls, holds of locks, line transfers, functions; ours beside it."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.report.grid import Grid, grid
from emu.report.kernel_path_check import Beside, KernelPathReport
from emu.report.page import WIDTH, count, page
from emu.report.path_report import HEADINGS, SHOWN_LEAST, WHAT, rows_table
from emu.run.kernel_path import KernelPath
from emu.subjects.ipc_msg.path.beside import BOTH, Part
from emu.subjects.path.tally import Means, Measure
from emu.subjects.path.walk import IDLE, OTHER_CALL, USER

SECTIONS_MAX, FUNCTIONS_MAX, OBJECTS_MAX, ALONE_MAX = 16, 40, 12, 12  # rows of a table; --json has all
SHORT = (Measure.INSTRUCTIONS, Measure.LINES, Measure.TRANSFERS)  # for tables beside which there is more to say; --json has all
NAMES = {IDLE: "the idle task", USER: "the program", OTHER_CALL: "other calls"}


def render_kernel_path(report: KernelPathReport, *, width: int = WIDTH, colour: bool = False) -> str:
    """The whole report."""
    return page(_parts(report), width=width, colour=colour)


def _parts(report: KernelPathReport) -> Iterator[RenderableType]:
    found = report.found
    yield from _headline(found)
    yield ""
    yield _contexts(found)
    yield _sections(found)
    yield _transfers(found)
    beside = report.beside()
    if beside:
        yield from _beside(report, beside)
        return
    for call in found.lengths.counts:
        yield _functions(call, found.lengths.functions[call])


def _headline(found: KernelPath) -> Iterator[RenderableType]:
    yield Text.from_markup(f"[bold]The path of {escape(found.release or found.kernel.name)}[/] on {escape(found.machine)}")
    if found.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  the region was not over: the calls that had been looked at")
    counts = " and ".join(count(number, f"call of {name}", f"calls of {name}") for name, number in found.lengths.counts.items())
    yield Text(f"{found.kernel.name}, {count(found.cores, 'core')}, {found.program}; means over {counts}")


def _contexts(found: KernelPath) -> Grid:
    first = next(iter(found.lengths.counts))
    table = grid("", *HEADINGS.values(), title=f"System calls, and what else a {first} costs")
    for name, means in found.lengths.contexts.items():
        known = NAMES.get(name, f"interrupt: {name.replace('_', ' ')}")
        table.add_row(escape(name if name in found.lengths.counts else known), *_cells(means, Measure))
    return table


def _sections(found: KernelPath) -> Grid:
    """Each call's holds, the longest in sum first."""
    table = grid("", "~lock", "~it", "a call", *(HEADINGS[each] for each in SHORT), title="Under locks")
    sections, counts = found.lengths.sections, found.lengths.counts
    for each in sections[:SECTIONS_MAX]:
        held = f"{each.holds / counts[each.call]:.2f}"
        table.add_row(escape(each.call), escape(each.lock), each.outcome.value, held, *_cells(each.means, SHORT))
    if len(sections) > SECTIONS_MAX:
        table.caption = f"{len(sections) - SECTIONS_MAX} more: --json has all"
    return table


def _transfers(found: KernelPath) -> Grid:
    lengths = found.lengths
    first = next(iter(lengths.counts))
    table = grid("", "events", title=f"Line transfers a {first}, by kind and by object")
    for name, rate in lengths.transfers.items():
        table.add_row(name.replace("_", " "), f"{rate:.1f}")
    table.add_row("all", f"{sum(lengths.transfers.values()):.1f}", end_section=True)
    shown = [(name, rate) for name, rate in lengths.objects.items() if rate >= 0.05]
    for name, rate in shown[:OBJECTS_MAX]:
        table.add_row(escape(name), f"{rate:.1f}")
    return table


def _functions(call: str, functions: Mapping[str, Means]) -> Grid:
    table = grid("", *HEADINGS.values(), title=f"Functions of {escape(call)}")
    shown = [(name, means) for name, means in functions.items() if means.instructions >= SHOWN_LEAST]
    for name, means in shown[:FUNCTIONS_MAX]:
        table.add_row(escape(name), *_cells(means, Measure))
    if len(shown) > FUNCTIONS_MAX:
        table.caption = f"{len(shown) - FUNCTIONS_MAX} more: --json has all"
    return table


def _beside(report: KernelPathReport, beside: list[Beside]) -> Iterator[RenderableType]:
    found = report.found
    yield Text(f"ours/this kernel's: ours is {found.variant}, of Linux 4.8.15; off: of the instructions; bar: docs/path.md")
    yield ""
    reasons, alone = dict[str, str](), dict[str, dict[str, float]]()
    for each in beside:
        yield rows_table(WHAT[each.context], [each.whole, *(row for _, row in each.parts)], SHORT)
        for part, _ in each.parts:
            if part.reason:
                reasons[part.name] = part.reason
            elif part.name != BOTH:
                alone.setdefault(part.name, {}).update(_lengths(part))
    for each in beside:
        if each.context in found.lengths.counts:
            rows = [row for row in each.functions if row.ours.instructions >= SHOWN_LEAST]
            yield rows_table(f"The same functions of {each.context}", rows, SHORT)
    yield Text("Where the code differs, and why", style="bold")
    yield ""
    for name, reason in reasons.items():
        yield Text.from_markup(f"[bold]{escape(name)}[/]: {escape(reason)}")
    for name, lengths in alone.items():
        longest = sorted(lengths, key=lambda each: (-lengths[each], each))
        more = f", and {len(longest) - ALONE_MAX} more" if len(longest) > ALONE_MAX else ""
        named = ", ".join(f"{each} {lengths[each]:.0f}" for each in longest[:ALONE_MAX])
        yield Text.from_markup(f"[bold]{escape(name)}[/], for no known reason: {escape(named)}{more}")
    yield ""
    outside = report.outside()
    if outside:
        yield Text(f"{count(len(outside), 'figure')} of the same functions outside the bar: {'; '.join(outside)}", style="bold red")
    else:
        yield Text("everything that is the same code is within its bar")


def _lengths(part: Part) -> dict[str, float]:
    """Instructions of the functions of a part that one side has."""
    return {name: means.instructions for functions in (part.ours, part.kernel) for name, means in functions.items()}


def _cells(means: Means, measures: Iterable[Measure]) -> list[str]:
    return [f"{means[measure]:,.{1 if measure in (Measure.LOCKED, Measure.TRANSFERS) else 0}f}" for measure in measures]
