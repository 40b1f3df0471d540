"""What a stress test of the memory layer did, and the reduced case of a violation, as text."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, page
from emu.stress.rounds import Result
from emu.stress.text import render


def render_stress(result: Result, *, width: int = WIDTH, colour: bool = False) -> str:
    """The counts, and the reduced case if there is one."""
    return page(_parts(result), width=width, colour=colour)


def _parts(result: Result) -> Iterator[RenderableType]:
    yield _counts(result)
    if result.failure is not None:
        yield Text(render(result.failure.case, result.failure.violation).rstrip())
    else:
        yield Text("stopped before the end, no violation so far" if result.partial else "no violation")


def _counts(result: Result) -> Grid:
    plan, counts = result.plan, result.counts
    cores = "2 to 16 cores" if plan.cores is None else f"{plan.cores} cores"
    transfers = counts["transfers_within_module"] + counts["transfers_across_modules"]
    across, near = f"{counts['transfers_across_modules']:,}", f"{counts['transfers_near']:,}"
    rows = [
        ("operations", counts["operations"], f"{result.rounds} rounds, {cores}, machine {plan.machine}, seed {plan.seed}"),
        ("loads", counts["loads"], f"{counts['forwards']:,} forwarded from the own buffer"),
        ("stores", counts["stores"], f"{counts['full_stalls']:,} met a full buffer"),
        ("atomics", counts["atomics"], f"{counts['swapped']:,} were a compare-and-exchange that exchanged"),
        ("page walks", counts["walks"], f"{counts['marks']:,} set a bit of their entry"),
        ("fetches of code", counts["fetches"], f"{counts['code_stores']:,} stores to such code"),
        ("line crossings", counts["crossings"], ""),
        ("drains", counts["drains"], f"{counts['releases']:,} of unlocking stores, {counts['forced_drains']:,} before their time"),
        ("transfers", transfers, f"{across} between modules, {near} of them near"),
        ("from an L3", counts["l3_hits"], ""),
        ("upgrades", counts["upgrades"], ""),
        ("memory reads", counts["memory_reads"], ""),
        ("evictions", counts["write_backs"], "of modified lines, written back"),
        ("rate", round(counts["operations"] / max(result.seconds, 1e-9)), "operations/s, with all checks"),
    ]
    table = grid("memory layer", "count", "~")
    for name, count, remark in rows:
        table.add_row(name, f"{int(count):,}", Text(remark))
    return table
