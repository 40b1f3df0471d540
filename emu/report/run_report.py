"""The report of one run: what a kernel engineer wants to see at a glance, from a `RunResult` alone."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.report.grid import Beside, Grid, grid
from emu.report.page import WIDTH, count, number, page, percent
from emu.report.states import states_grid
from emu.report.stuck_report import stuck_heading, stuck_tasks, stuck_words
from emu.run.result import RunResult
from emu.subjects.ipc_msg.workload.plans import SUMMARIES


def render_run(result: RunResult, *, width: int = WIDTH, colour: bool = False) -> str:
    """The whole report as text."""
    return page(run_parts(result), width=width, colour=colour)


def run_parts(result: RunResult) -> Iterator[RenderableType]:
    """The report, part by part."""
    yield from _headline(result)
    yield ""
    yield states_grid([core.to_dict() for core in result.cycles_by_core_and_state], result.cycles)
    yield ""
    yield _locks(result)
    yield Text("in cycles; wait: first failed attempt to acquisition, hold: acquisition to visible release", style="dim")
    yield ""
    yield Text.from_markup(f"[bold]Message spin[/]  {spin_words(result)}")
    yield _counts(result)
    yield from _footer(result)
    if result.stuck is not None:
        yield ""
        yield from stuck_tasks(result.stuck)


def _headline(result: RunResult) -> Iterator[RenderableType]:
    if result.stuck is not None:
        how_far = f"after {result.messages:,} of {result.messages_wanted:,} messages; every figure is of this part only"
        yield stuck_heading(result.stuck, how_far)
        yield from stuck_words(result.stuck)
        yield ""
    elif result.partial:
        yield Text.from_markup(
            f"[bold red]PARTIAL[/]  stopped after {result.messages:,} of {result.messages_wanted:,} messages; "
            "every figure is of this part only"
        )
    variant, machine = escape(result.variant), escape(result.machine)
    where = f"{variant} on {machine}, {cores_in_modules(result.cores, result.modules)}"
    yield Text.from_markup(f"[bold]{number(result.messages_per_second)} messages/s[/]  {where}")
    yield Text(f"{count(result.messages, 'message')} in {result.cycles:,} cycles ({_seconds(result.seconds)} simulated)")
    what = SUMMARIES[result.workload]
    yield Text(f"workload {result.workload}, {what}; {count(result.threads, 'thread')}, {result.reading}, seed {result.seed}")
    if result.preempt != "none":
        yield Text(f"kernel preemption: {result.preempt}")
    if result.tick_hz:
        yield Text(f"timer interrupt on: {result.tick_hz:,} a second on each core")
    for stall in result.stall_schedule:
        done = result.stalls.get(stall.point)
        what = f"{count(done.count, 'stall')}, {done.cycles:,} cycles" if done else "never reached"
        yield Text(f"stall at {stall.point}: {stall.cycles:,} cycles {stall.how_often}: {what}")


def cores_in_modules(cores: int, modules: int) -> str:
    """How many cores, and how they share caches."""
    return f"{count(cores, 'core')} in {count(modules, 'module')}"


def _locks(result: RunResult) -> Grid:
    columns = "acquired|in all", "acquired|contended", "", "wait|mean", "wait|max", "hold|mean", "hold|max", "spin|iterations"
    table = grid("lock", *columns, title="Locks")
    for name, use in result.locks.items():
        table.add_row(
            escape(name),
            f"{use.acquisitions:,}",
            f"{use.contended:,}",
            percent(use.contended, use.acquisitions),
            number(round(use.wait_cycles_mean)) if use.contended else "-",
            f"{use.wait_cycles_max:,}" if use.contended else "-",
            number(round(use.hold_cycles_mean)) if use.acquisitions else "-",
            f"{use.hold_cycles_max:,}" if use.acquisitions else "-",
            f"{use.spin_iterations:,}",
        )
    return table


def spin_words(result: RunResult) -> str:
    """The message spin in a sentence: it is near zero unless something holds the waker up, and that is no mistake."""
    spin = result.message_spin
    if spin.iterations == 0:
        text = "none: no receiver found r_msg NULL after waking."
        if result.undisturbed:
            return (
                f"{text} Undisturbed, that is to be expected with or without the busy loop: the waker is done with "
                "r_msg long before the receiver gets there. To hold the waker up: --stall handoff_window:20000:10"
            )
        return f"{text} Although cores were held up or interrupted on the way."
    whole = result.cycles_by_state.total
    text = (
        f"receivers spun on a NULL r_msg {count(spin.entries, 'time')} in {count(result.messages, 'message')}: "
        f"{count(spin.iterations, 'iteration')}, {spin.cycles:,} cycles ({percent(spin.cycles, whole)} of all)."
    )
    if result.undisturbed and result.stuck is None:
        return f"{text} Undisturbed, it is near zero: the loop bites when something holds the waker up (see --stall)."
    return text


def _counts(result: RunResult) -> Beside:
    """Counts of a run, each also per message; indented rows are parts, which sum to the row above them."""
    woken, lines, came = result.wakeups, result.coherence, result.outcomes
    switches = [
        ("wakeups", woken.total),
        ("  under the queue lock", woken.under_queue_lock),
        ("  not under it", woken.after_unlock),
        ("wakeups, by what they found", woken.total),
        ("  an idle core", woken.to_idle),
        ("  a running core", woken.to_running),
        ("  the task awake", woken.found_awake),
        *([("  (stopped on the way)", woken.under_way)] if woken.under_way else []),
        ("interprocessor interrupts", result.interprocessor_interrupts),
        ("context switches", result.context_switches),
    ]
    transactions = [
        ("transfers within a module", lines.transfers_within_module),
        ("transfers across modules", lines.transfers_across_modules),
        *([("  of near ones", lines.transfers_near)] if lines.transfers_near else []),
        *([("lines from an L3", lines.l3_hits)] if lines.l3_hits else []),
        ("upgrades to ownership", lines.upgrades),
        ("reads from memory", lines.memory_reads),
        ("messages sent", came.get("enqueued", 0) + came.get("handed_over", 0)),
        ("  enqueued", came.get("enqueued", 0)),
        ("  handed over", came.get("handed_over", 0)),
        ("messages delivered", came.get("delivered", 0)),
        *([("messages on their way", came["under_way"])] if came.get("under_way") else []),
        *((f"calls that returned {name}", count) for name, count in came.items() if name.startswith("E")),
    ]
    return Beside(_count_grid("wakeups and switches", switches, result), _count_grid("lines and messages", transactions, result))


def _count_grid(heading: str, rows: Iterable[tuple[str, int]], result: RunResult) -> Grid:
    table = grid(heading, "count", "a message")
    for name, value in rows:
        table.add_row(escape(name), f"{value:,}", f"{value / result.messages:.2f}" if result.messages else "-")
    return table


def _footer(result: RunResult) -> Iterator[RenderableType]:
    yield Text(
        f"{result.instructions:,} instructions in {result.host_seconds:.1f} s on this host ({result.mips:.1f} MIPS); "
        f"the first {result.boot_cycles:,} cycles were boot",
        style="dim",
    )
    yield Text(f"digest {result.trace_digest}", style="dim")


def _seconds(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"
