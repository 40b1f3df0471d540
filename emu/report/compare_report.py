"""Two variants side by side as text: rates and their difference, what the queue lock and the spin cost, what moved."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.compare.bootstrap import CONFIDENCE_PERCENT, Estimate
from emu.compare.comparison import HOLD, RATE, SPIN, WAIT, WAKEUP, Comparison
from emu.report.compare_lines import moved_line_parts
from emu.report.compare_words import conclusions
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, number, page
from emu.report.waterfall import waterfall_table
from emu.run.experiment_spec import Stall
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.workload.plans import SUMMARIES

EN_DASH = "\u2013"
QUANTITY_NAMES = {
    HOLD: "lock hold",
    WAIT: "lock wait",
    SPIN: "message spin",
    WAKEUP: "wakeup",
}


def render_comparison(comparison: Comparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """The comparison as text."""
    return page(_parts(comparison), width=width, colour=colour)


def _parts(comparison: Comparison) -> Iterator[RenderableType]:
    yield from _headline(comparison)
    yield ""
    yield _rates(comparison)
    yield from _published_note(comparison)
    yield _quantities(comparison)
    if not any(row.differences[WAKEUP] for row in comparison.rows):
        yield Text("wakeup latency: not counted by these runs", style="dim")
        yield ""
    yield _lock_counts(comparison)
    for row in comparison.rows:
        for account in ("state", "cause"):
            steps = row.waterfall(account)
            if steps:
                yield waterfall_table(
                    f"{count(row.threads, comparison.unit)}: cycles a message by {account}", comparison.variants, steps
                )
    yield from moved_line_parts(comparison)
    spins = any(side.message_spin_iterations for row in comparison.rows for side in (row.a, row.b))
    if comparison.undisturbed and not spins:
        yield Text("No message spin on either side: undisturbed, it is near zero. To see it: --stall handoff_window:20000:10")
        yield ""
    yield Text("In short", style="bold")
    yield from (Text(sentence) for sentence in conclusions(comparison))


def _headline(comparison: Comparison) -> Iterator[RenderableType]:
    name_a, name_b = (escape(name) for name in comparison.variants)
    if comparison.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  stopped early: the rows that were done")
    where = f"on {escape(comparison.machine)}, {count(comparison.cores, 'core')}, {comparison.reading}"
    yield Text.from_markup(f"[bold]{name_a} and {name_b}[/] {where}")
    yield from settings_of(comparison.overrides, comparison.stall_schedule, comparison.tick_hz)
    yield Text(f"workload {comparison.workload}, {SUMMARIES[comparison.workload]}; {count(comparison.messages, 'message')} a run")
    if comparison.counts == "pairs":
        yield Text("the rows count pairs of threads, as the benchmark's own argument does (docs/pmsg-shared.md; --count threads)")
    if len(comparison.seeds) == 1:
        yield Text(f"seed {comparison.seeds[0]} only: no intervals")
        return
    yield Text(f"means over {len(comparison.seeds)} seeds in pairs; a seed varies {comparison.seed_varies}")
    yield Text(f"beside each mean its {CONFIDENCE_PERCENT} % confidence interval, bootstrap over the seeds (docs/compare.md)")


def settings_of(overrides: Mapping[str, float], stalls: Sequence[Stall], tick_hz: int) -> Iterator[Text]:
    """What is not as it is without a word."""
    for key, value in overrides.items():
        yield Text(f"with {key} set to {value:,}")
    for stall in stalls:
        yield Text(f"with a stall at {stall.point}: {stall.cycles:,} cycles, {stall.how_often}")
    if tick_hz:
        yield Text(f"timer interrupt on: {tick_hz:,} a second on each core")


def _rates(comparison: Comparison) -> Grid:
    name_a, name_b = comparison.variants
    table = grid(comparison.counts, "~", name_a, "<", name_b, "<", "change", "<", title="Messages a second", keys=2)
    for row in comparison.rows:
        a, b = row.a.estimates[RATE], row.b.estimates[RATE]
        table.add_row(
            str(row.threads),
            "predicted" if row.published else "",
            number(round(row.a.messages_per_second)),
            _interval(a),
            number(round(row.b.messages_per_second)),
            _interval(b),
            f"{row.difference_percent:+.1f} %",
            _interval(row.difference, "{:+.1f}", " to "),
        )
        if row.published:
            of_a, of_b = row.published.messages_per_second
            said = f"{row.published.difference_percent:+.1f} %"
            table.add_row("", "published", number(round(of_a)), "", number(round(of_b)), "", said, "", style="dim")
    return table


def _published_note(comparison: Comparison) -> Iterator[RenderableType]:
    if any(row.published for row in comparison.rows):
        yield Text(f"published: {comparison.published_source}", style="dim")
        yield ""
    if comparison.another_experiment:
        words = "; ".join(comparison.another_experiment)
        yield Text(f"figures were published of another experiment, and do not stand here: {words}", style="dim")
        yield ""


def _quantities(comparison: Comparison) -> Grid:
    """Hold, wait, spin and wakeup latency in cycles: both sides and what changed."""
    name_a, name_b = comparison.variants
    title = f"Cycles of a hold of {QUEUE_LOCK}, of a contended wait for it, of message spin a message, of a wakeup"
    table = grid(comparison.counts, "~", name_a, "<", name_b, "<", "change", "<", title=title, keys=2)
    for row in comparison.rows:
        label = str(row.threads)
        for name, words in QUANTITY_NAMES.items():
            change = row.differences[name]
            if change is not None and (row.a.mean(name) or row.b.mean(name)):
                a, b = row.a.estimates[name], row.b.estimates[name]
                cells = [_rounded(a), _interval(a), _rounded(b), _interval(b), _rounded(change, "{:+,.0f}")]
                table.add_row(label, words, *cells, _interval(change, "{:+,.0f}", " to "))
                label = ""
    return table


def _rounded(estimate: Estimate | None, form: str = "{:,.0f}") -> str:
    return form.format(estimate.mean + 0.0) if estimate is not None else "-"


def _interval(estimate: Estimate | None, form: str = "{:,.0f}", between: str = EN_DASH) -> str:
    """The interval, nothing where there is none."""
    if estimate is None or estimate.interval is None:
        return ""
    low, high = (form.format(bound + 0.0) for bound in estimate.interval)
    return f"{low}{between}{high}"


def _lock_counts(comparison: Comparison) -> Grid:
    title = f"{QUEUE_LOCK} and message spin, counts of a run"
    table = grid(
        comparison.counts, "~", "hold|max", "contended", "spin|iterations", "wakeups|under it", "message spin|iterations",
        title=title, keys=2,
    )  # fmt: skip
    for row in comparison.rows:
        for label, name, side in zip((str(row.threads), ""), comparison.variants, (row.a, row.b), strict=True):
            table.add_row(
                label,
                escape(name),
                number(side.hold_cycles_max),
                f"{100 * side.contended_share:.1f} %",
                number(round(side.lock_spin_iterations)),
                number(round(side.wakeups_under_queue_lock)),
                number(round(side.message_spin_iterations)),
            )
    return table
