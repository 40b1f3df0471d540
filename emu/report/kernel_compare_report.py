"""Two kernels side by side as text: the rates, where the cycles of an item went, the locks, and that in three sentences."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.boot.full.measured import SPIN_LOCK
from emu.compare.bootstrap import CONFIDENCE_PERCENT, Estimate
from emu.compare.kernel_comparison import SEED_VARIES, KernelComparison
from emu.compare.lock_rows import LockMeans, LockRow
from emu.report.compare_words import changed, moved
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, number, page
from emu.report.waterfall import waterfall_table

LOCKS_MAX = 10  # rows; --json has all


def render_kernel_comparison(comparison: KernelComparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """The comparison as text."""
    return page(_parts(comparison), width=width, colour=colour)


def _parts(comparison: KernelComparison) -> Iterator[RenderableType]:
    yield from _headline(comparison)
    yield ""
    yield _rates(comparison)
    yield waterfall_table("Cycles an item by state, all cores", comparison.names, comparison.waterfall())
    if comparison.locks:
        yield _locks(comparison)
        more = len(comparison.locks) - LOCKS_MAX
        if more > 0:
            yield Text(f"{count(more, 'more place')}, of less waiting and holding (--json has all)", style="dim")
            yield ""
    yield Text("In short", style="bold")
    yield from (Text(sentence) for sentence in kernel_conclusions(comparison))


def _headline(comparison: KernelComparison) -> Iterator[RenderableType]:
    if comparison.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  stopped early: the pairs of runs that were done")
    name_a, name_b = (escape(name) for name in comparison.names)
    where = f"on {escape(comparison.machine)}, {count(comparison.cores, 'core')}"
    yield Text.from_markup(f"[bold]{name_a} and {name_b}[/] {where}: {escape(comparison.program)}")
    yield Text(f"from {comparison.marks[0]} to {comparison.marks[1]}, {count(comparison.items, 'item')}")
    if len(comparison.seeds) == 1:
        yield Text(f"seed {comparison.seeds[0]} only: no intervals")
        return
    yield Text(f"means over {count(len(comparison.seeds), 'seed')} in pairs; a seed varies {SEED_VARIES}")
    yield Text(f"beside each mean its {CONFIDENCE_PERCENT} % confidence interval, bootstrap over the seeds (docs/compare.md)")


def _rates(comparison: KernelComparison) -> Grid:
    table = grid("", "items/s", "<", "instructions|an item", "wakeups|an item", "context switches|an item")
    for side in (comparison.a, comparison.b):
        table.add_row(
            escape(side.name),
            number(round(side.rate.mean)),
            _interval(side.rate, "{:,.0f}", "\u2013"),
            number(round(side.instructions)),
            f"{side.wakeups:.2f}",
            f"{side.context_switches:.2f}",
        )
    table.add_row("change", f"{comparison.difference.mean:+.1f} %", _interval(comparison.difference, "{:+.1f}", " to "), "", "", "")
    return table


def _interval(estimate: Estimate, form: str, between: str) -> str:
    """The interval, nothing where there is none."""
    if estimate.interval is None:
        return ""
    low, high = (form.format(bound + 0.0) for bound in estimate.interval)
    return f"{low}{between}{high}"


def _locks(comparison: KernelComparison) -> Grid:
    """Two rows a place, one a kernel."""
    title = "Locks by the functions that take them: those that are waited for and held longest"
    table = grid(
        "~taken by",
        "~",
        "acquired|an item",
        "contended",
        "cycles|wait",
        "cycles|hold",
        "wakeups under|an item",
        title=title,
        keys=2,
    )
    for row in comparison.locks[:LOCKS_MAX]:
        words = row.function if row.function in row.lock else f"{row.function}: {row.lock}"
        words += "" if row.kind == SPIN_LOCK else f" ({row.kind})"  # a function may take locks of several kinds
        for label, name, means in zip((words, ""), comparison.names, (row.a, row.b), strict=True):
            table.add_row(escape(label), escape(name), *_cells(means), end_section=not label)
    return table


def _cells(means: LockMeans | None) -> tuple[str, ...]:
    if means is None:
        return ("-",) * 5
    return (
        f"{means.acquisitions:.2f}",
        f"{100 * means.contended_share:.1f} %",
        number(round(means.wait_cycles)),
        number(round(means.hold_cycles)),
        f"{means.wakeups:.2f}" if means.wakeups else "0",
    )


def kernel_conclusions(comparison: KernelComparison) -> tuple[str, ...]:
    """What left the section under a lock, what that did to the lock, and who gained; only the last, if there are no locks."""
    row = _principal(comparison)
    return (_gain(comparison),) if row is None else (_section(comparison, row), _hold_and_wait(comparison, row), _gain(comparison))


def _principal(comparison: KernelComparison) -> LockRow | None:
    """Where most wakeups came or went, if more than one in a hundred items did; else where the most time is spent."""
    if not comparison.locks:
        return None
    most = max(comparison.locks, key=lambda row: row.wakeups_moved)
    return most if most.wakeups_moved > 0.01 else comparison.locks[0]


def _place(row: LockRow) -> str:
    return f"the {row.kind} that {row.function} takes" + ("" if row.lock.startswith("lock ") else f" ({row.lock})")


def _section(comparison: KernelComparison, row: LockRow) -> str:
    (name_a, name_b), sides = comparison.names, (comparison.a, comparison.b)
    under_a, under_b = (means.wakeups if means is not None else 0.0 for means in (row.a, row.b))
    if not (under_a or under_b):
        return f"Neither makes a wakeup under {_place(row)}."
    of_a, of_b = (f"{under:.2f} of {side.wakeups:.2f}" for under, side in zip((under_a, under_b), sides, strict=True))
    return (
        f"Under {_place(row)} {name_a} makes {of_a} wakeups an item, {name_b} {of_b}: "
        f"the wakeup {moved(under_a, under_b)} the section."
    )


def _hold_and_wait(comparison: KernelComparison, row: LockRow) -> str:
    name_a, name_b = comparison.names
    if row.a is None or row.b is None:
        return f"Only {name_b if row.a is None else name_a} takes it there."
    hold = f"With {name_b} a hold from there takes {changed(row.a.hold_cycles, row.b.hold_cycles)}"
    if not (row.a.contended_share or row.b.contended_share):
        return f"{hold}; nobody had to wait for the lock."
    share_a, share_b = (f"{100 * means.contended_share:.1f} %" for means in (row.a, row.b))
    shares = f"{share_a} of the acquisitions had to wait with {name_a}, {share_b} with {name_b}"
    return f"{hold}, a contended wait {changed(row.a.wait_cycles, row.b.wait_cycles)}; {shares}."


def _gain(comparison: KernelComparison) -> str:
    (name_a, name_b), change = comparison.names, comparison.difference
    interval = change.interval
    if interval is not None and interval[0] <= 0 <= interval[1]:
        who = f"nobody gains ({change.mean:+.1f} %), as its interval has 0 in it"
    else:
        who = f"{name_b if change.mean > 0 else name_a} gains ({change.mean:+.1f} %)" + (
            ", of one seed" if interval is None else ""
        )
    return f"In items a second {name_b} against {name_a}: {who}."
