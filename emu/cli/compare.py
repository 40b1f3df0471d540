"""`emu compare A B`: two variants over several numbers of threads, in pairs over seeds."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import options, terminal, together
from emu.files import Output
from emu.processes import host_cores
from emu.report.figure import plot_file
from emu.subjects.ipc_msg.workload.plans import counted_as
from emu.whole import within

if TYPE_CHECKING:
    from emu.compare.paired import RowPlan

SEEDS_MAX = 1000
SEEDS = 5
MESSAGES = 2000  # docs/compare.md, "How long a run must be"
SENSITIVITY_SEEDS = 3
SENSITIVITY_MESSAGES = 500


@together.declare(
    together.Needs(("--overwrite",), "--plot", "no other file is written"),
    together.Together(
        (
            "--threads", "--count", "--cores", "--machine", "--workload", "--messages", "--seeds", "--placement", "--queues",
            "--types", "--stall", "--tick", "--set", "--sensitivity", "--plot", "--overwrite", "--jobs", "--json", "--max-cycles",
        ),
        "each is one figure of all the runs, how many there are, or one form of what they give",
    ),
)  # fmt: skip
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The variant to measure against, such as baseline, or a folder.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The variant to judge, such as wakeq, or a folder: ./mine.")],
    threads: Annotated[
        str, typer.Option(metavar="N,N,...", help="One row for each number, of user tasks or of pairs of them (--count).")
    ] = "2,4,8",
    counting: Annotated[
        str | None,
        typer.Option(
            "--count",
            metavar="WHAT",
            help="What the numbers of --threads count: pairs (default for pmsg-shared, as its own argument does: "
            "docs/pmsg-shared.md) or threads.",
        ),
    ] = None,
    cores: options.Cores = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    workload: options.Workload = options.DEFAULT_WORKLOAD,
    messages: Annotated[
        str | None,
        typer.Option(metavar="N", help=f"Messages of a run (default {MESSAGES}, with --sensitivity {SENSITIVITY_MESSAGES})."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N", help=f"Run each with seeds 1 to N (default {SEEDS}, with --sensitivity {SENSITIVITY_SEEDS})."),
    ] = None,
    placement: options.Placement = None,
    queues: options.Queues = None,
    types: options.Types = None,
    stall: options.Stalls = None,
    tick: options.Tick = "0",
    overrides: options.Overrides = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Vary each figure of the machine file by -50 % and +50 %, one at a time.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the comparison: a .png or .svg file.")] = None,
    overwrite: options.Overwrite = False,
    jobs: Annotated[
        str | None, typer.Option(metavar="N", help="Runs side by side (default: the cores of this host); changes no result.")
    ] = None,
    as_json: options.Json = False,
    max_cycles: options.MaxCycles = None,
) -> None:
    """Run two variants in pairs, with the same threads and seeds, and say what differs and where the cycles went.

    Rates, hold and wait of the queue lock, message spin and wakeup latency, each with a 95 % confidence interval over the
    seeds (docs/compare.md). Ctrl-C stops; the rows that were complete are printed.

    \b
    Examples:
      emu compare baseline wakeq                    2, 4 and 8 pairs of threads on 4 cores, 5 seeds
      emu compare baseline wakeq --count threads --threads 4,8
      emu compare baseline wakeq --plot table.png   beside the patch's own table
      emu compare baseline wakeq --sensitivity      which latencies decide the answer
      emu compare baseline wakeq --set latencies.remote_line=400
      emu compare baseline wakeq --stall handoff_window:20000:10
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    numbers = options.whole_list("threads", threads)
    counts = counted_as(workload, counting)
    how_many = SENSITIVITY_SEEDS if sensitivity else SEEDS
    if seeds is not None:
        how_many = within("seeds", options.whole("seeds", seeds), 1, SEEDS_MAX)
    drawing = None if plot is None else plot_file(plot, overwrite=overwrite)
    processes = host_cores() if jobs is None else options.whole("jobs", jobs)
    templates = {
        (number, variant): options.experiment(
            variant=variant,
            machine=machine,
            cores=cores,
            workload=workload,
            threads=str(2 * number if counts == "pairs" else number),
            messages=str(SENSITIVITY_MESSAGES if sensitivity else MESSAGES) if messages is None else messages,
            placement=placement,
            queues=queues,
            types=types,
            stalls=stall,
            tick=tick,
            overrides=overrides,
            max_cycles=max_cycles,
        )
        for number in numbers
        for variant in (a, b)
    }
    from emu.compare.paired import RowPlan

    plans = [
        RowPlan(
            number,
            tuple(
                (replace(templates[number, a], seed=seed), replace(templates[number, b], seed=seed))
                for seed in range(1, how_many + 1)
            ),
            counts,
        )
        for number in numbers
    ]
    measure = _sensitivity if sensitivity else _comparison
    if measure(plans, processes, as_json, drawing):
        raise typer.Exit(terminal.INTERRUPTED)


@contextmanager
def _side_by_side(title: str) -> Iterator[tuple[terminal.Progress, Callable[[], bool]]]:
    """Progress over all runs, and Ctrl-C as a request to keep what is complete."""
    with terminal.interruptible() as interrupt, terminal.progress_bar(title, "runs") as bar:
        interrupt.begin()
        yield bar, interrupt.should_stop


def _comparison(plans: "list[RowPlan]", jobs: int, as_json: bool, plot: Output | None) -> bool:
    """Compare, print and draw; returns whether it was stopped early."""
    from emu.compare.paired import compare_pairs
    from emu.report.compare_plot import plot_comparison
    from emu.report.compare_report import render_comparison

    with _side_by_side("compare") as (progress, should_stop):
        comparison = compare_pairs(plans, jobs=jobs, progress=progress, should_stop=should_stop)
    if comparison is None:
        raise terminal.Interrupted("the first pair of runs was complete")
    _show(comparison, render_comparison, plot_comparison, as_json=as_json, plot=plot)
    return comparison.partial


def _sensitivity(plans: "list[RowPlan]", jobs: int, as_json: bool, plot: Output | None) -> bool:
    """The same for the comparison with each figure changed."""
    from emu.compare.sensitivity import vary_figures
    from emu.report.sensitivity_plot import plot_sensitivity
    from emu.report.sensitivity_report import render_sensitivity

    with _side_by_side("sensitivity") as (progress, should_stop):
        found = vary_figures(plans, jobs=jobs, progress=progress, should_stop=should_stop)
    if found is None:
        raise terminal.Interrupted("the comparison to measure against was complete")
    _show(found, render_sensitivity, plot_sensitivity, as_json=as_json, plot=plot)
    return found.partial


def _show(
    found: Any, render: Callable[..., str], draw: Callable[[Any, Output], None], *, as_json: bool, plot: Output | None
) -> None:
    """Draw a result if that was asked for, and print it: each even if the other cannot be, and if a run has failed."""

    def show() -> None:
        if as_json:
            terminal.show(json.dumps(found.to_dict(), indent=2))
        else:
            terminal.show_page(partial(render, found))

    def judge() -> None:
        if found.failed is not None:
            raise found.failed

    terminal.each_of(judge, lambda: None if plot is None else draw(found, plot), show)
