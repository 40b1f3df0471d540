"""Which figures of the machine file decide an answer, as text."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.compare.sensitivity import MOVED_POINTS, Effect, Sensitivity, told_apart
from emu.report.compare_report import settings_of
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, number, page

SHOWN_POINTS = 0.5  # figures that move nothing by as much are named in one line


def render_sensitivity(found: Sensitivity, *, width: int = WIDTH, colour: bool = False) -> str:
    """The whole report."""
    return page(_parts(found), width=width, colour=colour)


def _parts(found: Sensitivity) -> Iterator[RenderableType]:
    name_a, name_b = (escape(name) for name in found.variants)
    if found.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  stopped early: the figures that were done")
    yield Text.from_markup(f"[bold]How {name_b} against {name_a} depends on each figure[/] of {escape(found.machine)}")
    seeds = (
        f"seed {found.seeds[0]} only: what is chance is not told apart"
        if len(found.seeds) == 1
        else f"means over {len(found.seeds)} seeds"
    )
    yield Text(f"workload {found.workload}, {count(found.cores, 'core')}, {count(found.messages, 'message')} a run, {seeds}")
    yield from settings_of(found.overrides, found.stall_schedule, found.tick_hz)
    yield Text("each figure in turn at -50 % and +50 %, all others as in the file")
    yield ""
    for threads, outcome in found.reference.items():
        rates = "{:,.0f} and {:,.0f} messages a second".format(*outcome.means)
        yield Text(f"{count(threads, found.unit):>10}: {outcome.difference.mean:+.1f} % ({rates})")
    yield ""
    yield _effects(found)
    yield Text("!: it changes its sign; ~: no more than the seeds themselves make, its 95 % interval has 0 in it", style="dim")
    yield ""
    small = [effect.key for effect in found.effects if effect.moved_most < SHOWN_POINTS]
    if small:
        yield Text(f"less than {SHOWN_POINTS} points, or no more than the seeds make: {', '.join(small)}", style="dim")
        yield ""
    yield from _verdicts(found)


def _effects(found: Sensitivity) -> Grid:
    heads = [head for threads in found.reference for head in (f"at {threads}|-50 %", f"at {threads}|+50 %")]
    title = f"Points by which the difference moves at each number of {found.counts}, largest first"
    table = grid("figure", "value", *heads, "<confidence", title=title)
    for effect in found.effects:
        if effect.moved_most >= SHOWN_POINTS:
            cells = [cell for threads in found.reference for cell in _cells(effect, threads)]
            table.add_row(escape(effect.key), number(effect.figure.value), *cells, effect.figure.confidence)
    return table


def _cells(effect: Effect, threads: int) -> Iterator[str]:
    for shift in effect.shifts(threads):
        if shift is None:
            yield "-"
        else:
            mark = "!" if effect.turns(threads, shift) else "" if told_apart(shift) else "~"
            yield f"{mark}{shift.mean:+.1f}"


def _verdicts(found: Sensitivity) -> Iterator[RenderableType]:
    for threads in found.reference:
        signs = [effect.key for effect in found.effects if effect.changes_sign(threads)]
        moves = [effect.key for effect in found.effects if effect.moved(threads) > MOVED_POINTS]
        yield Text(f"{count(threads, found.unit)}: the sign of the difference is changed by {', '.join(signs) or 'none'}")
        yield Text(f"{'':>4}more than {MOVED_POINTS:.0f} points are moved by {', '.join(moves) or 'none'}")
