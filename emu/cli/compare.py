"""`emu compare A B`: two variants over several numbers of threads, in pairs over seeds."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import compare_kernels, expecting, options, running, terminal, together
from emu.errors import UserError
from emu.files import Output
from emu.report.figure import plot_file
from emu.runner.runner import Runner
from emu.subjects.ipc_msg.workload.plans import counted_as
from emu.whole import within

if TYPE_CHECKING:
    from emu.compare.paired import RowPlan
    from emu.run.experiment_spec import Experiment

SEEDS_MAX = 1000
SEEDS = 5
MESSAGES = 2000  # docs/compare.md, "How long a run must be"
SENSITIVITY_SEEDS = 3
SENSITIVITY_MESSAGES = 500
OF_VARIANTS = (
    "--threads", "--count", "--cores", "--workload", "--messages", "--placement", "--queues", "--types", "--stall", "--tick",
    "--set", "--sensitivity", "--plot", "--max-cycles",
)  # fmt: skip
OF_KERNELS = ("--to", "--per", "--symbols", "--cpus", "--max-instructions")
OF_BOTH = ("--machine", "--seeds", "--jobs", "--json")
CHECKS = ("--expect", "--junit")
LINES = ("--lines",)
NOT_OF_SHARDS = (*CHECKS, *LINES, "--plot", "--overwrite")


@together.declare(
    *running.rules(
        *OF_VARIANTS,
        "--from",
        *OF_KERNELS,
        *CHECKS,
        *LINES,
        "--machine",
        "--seeds",
        "--json",
        "--overwrite",
        ineffective=NOT_OF_SHARDS,
    ),
    together.Needs(("--overwrite",), "--plot", "no other file is written", unless=("--junit",)),
    together.Needs(("--junit",), "--expect", "its cases are what is expected"),
    together.Apart("--sensitivity", CHECKS, "it judges no figure: it says what each hangs on"),
    together.Needs(OF_KERNELS, "--from", "it is of the comparison of two kernels, whose region begins at a mark"),
    together.Apart("--sensitivity", LINES, "it runs variants for their rates alone"),
    together.Apart("--from", (*OF_VARIANTS, *LINES), "it compares two kernels, which run a program of yours"),
    together.Together((*CHECKS, "--overwrite"), "they say what is checked, and where the answer goes"),
    together.Together(
        tuple(each for each in OF_VARIANTS if each != "--sensitivity"),
        "any figure of any comparison can be expected, or drawn into a file that is there",
        (*CHECKS, "--overwrite"),
    ),
    together.Together(
        LINES,
        "the lines of any pair are looked at, beside all else",
        (*(each for each in OF_VARIANTS if each != "--sensitivity"), *OF_BOTH, *CHECKS, "--overwrite"),
    ),
    together.Together(("--sensitivity",), "its picture may take the place of another", ("--overwrite",)),
    together.Together(
        (*CHECKS, "--overwrite"),
        "any comparison is checked, and files are written, whatever else there is",
        (*OF_BOTH, "--from", *OF_KERNELS),
    ),
    together.Together(
        (*OF_VARIANTS, *OF_BOTH), "each is one figure of all the runs, how many there are, or one form of what they give"
    ),
    together.Together(("--from", *OF_KERNELS), "each says something else of the region, or of both machines"),
    together.Together(("--from", *OF_KERNELS), "any region on any machine runs over any seeds", OF_BOTH),
)
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The variant, or the kernel, to measure against, such as baseline.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The variant or the kernel to judge: wakeq, ./mine, ./after/vmlinux.")],
    program: Annotated[
        list[str] | None, typer.Argument(metavar="[-- PROGRAM ARGS...]", help="Of kernels: what they run, a static ELF file.")
    ] = None,
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
    lines: Annotated[
        bool, typer.Option("--lines", help="Also which lines moved out of the queue lock's section, of one pair of runs a row.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the comparison: a .png or .svg file.")] = None,
    expect: expecting.Expect = None,
    junit: options.Junit = None,
    overwrite: options.Overwrite = False,
    start: Annotated[str | None, typer.Option("--from", metavar="MARK", help="Compare two kernels, from this mark on.")] = None,
    stop: Annotated[str | None, typer.Option("--to", metavar="MARK", help="To there (work_end, if from work_begin).")] = None,
    per: Annotated[str | None, typer.Option(metavar="N", help="How many items the program does in the region.")] = None,
    symbols: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="A System.map; twice: of A, of B.")] = None,
    cpus: Annotated[str, typer.Option("--cpus", metavar="N", help="Cores of the machine that the kernels run on.")] = "4",
    max_instructions: Annotated[
        str | None, typer.Option(metavar="N", help="A region that has not ended after N instructions of all cores has failed.")
    ] = None,
    jobs: running.Jobs = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    shard: running.ShardOf = None,
    as_json: options.Json = False,
    max_cycles: options.MaxCycles = None,
) -> None:
    """Run two variants, or two real kernels, in pairs with the same seeds, and say what differs and where the cycles went.

    Rates, hold and wait of the queue lock, message spin and wakeup latency, each with a 95 % confidence interval over the
    seeds (docs/compare.md). Ctrl-C stops; the rows that were complete are printed.

    \b
    Examples:
      emu compare baseline wakeq                    2, 4 and 8 pairs of threads on 4 cores, 5 seeds
      emu compare baseline wakeq --count threads --threads 4,8
      emu compare baseline wakeq --plot table.png   beside the patch's own table
      emu compare baseline wakeq --threads 4 --expect "difference >= 50%"
      emu compare baseline wakeq --threads 4 --lines
                                                    and which lines moved out of the lock's section
      emu compare baseline wakeq --sensitivity      which latencies decide the answer
      emu compare baseline wakeq --set latencies.remote_line=400
      emu compare baseline wakeq --stall handoff_window:20000:10
      emu compare ./before/vmlinux ./after/vmlinux --from work_begin --per 1600 -- ./my-benchmark
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.compare import expectation

    where = running.Running(jobs, cluster, store, verify, shard)
    if start is not None:
        compare_kernels.run(
            (a, b),
            program or [],
            start=start,
            stop=stop,
            per=per,
            symbols=symbols or [],
            cpus=cpus,
            machine=machine,
            max_instructions=max_instructions,
            seeds=compare_kernels.SEEDS if seeds is None else within("seeds", options.whole("seeds", seeds), 1, SEEDS_MAX),
            where=where,
            as_json=as_json,
            expected=expecting.Expecting(expect, junit, expectation.OF_KERNELS, overwrite=overwrite),
        )
        return
    _refuse_kernels(a, b, program)
    numbers = options.whole_list("threads", threads)
    counts = counted_as(workload, counting)
    how_many = SENSITIVITY_SEEDS if sensitivity else SEEDS
    if seeds is not None:
        how_many = within("seeds", options.whole("seeds", seeds), 1, SEEDS_MAX)
    expected = expecting.Expecting(expect, junit, expectation.OF_VARIANTS, numbers, overwrite=overwrite)
    drawing = None if plot is None else plot_file(plot, overwrite=overwrite)

    def experiment(variant: str, tasks: int) -> "Experiment":
        return options.experiment(
            variant=variant,
            machine=machine,
            cores=cores,
            workload=workload,
            threads=str(tasks),
            messages=str(SENSITIVITY_MESSAGES if sensitivity else MESSAGES) if messages is None else messages,
            placement=placement,
            queues=queues,
            types=types,
            stalls=stall,
            tick=tick,
            overrides=overrides,
            max_cycles=max_cycles,
        )

    from emu.compare.paired import plan_rows

    plans = plan_rows(numbers, lambda tasks: (experiment(a, tasks), experiment(b, tasks)), seeds=how_many, counts=counts)
    measure = _sensitivity if sensitivity else partial(_comparison, expected=expected, lines=lines)
    with running.many(where, as_json=as_json) as runner:
        partly = measure(plans, runner, as_json, drawing)
    if partly:
        raise typer.Exit(terminal.INTERRUPTED)


def _refuse_kernels(a: str, b: str, program: list[str] | None) -> None:
    """Variants are folders or names, and run workloads: what is not so was meant for a comparison of kernels."""
    file = next((each for each in (a, b) if Path(each).is_file()), None)
    if file is not None:
        raise UserError(f"{file} is a file: to compare two kernels, say --from MARK, such as work_begin, and --per N")
    if program:
        raise UserError(f"{program[0]}: variants run a --workload; a program is for two kernels: say --from MARK")


@contextmanager
def _side_by_side(title: str) -> Iterator[tuple[terminal.Progress, Callable[[], bool]]]:
    """Progress over all runs, and Ctrl-C as a request to keep what is complete."""
    with terminal.interruptible() as interrupt, terminal.progress_bar(title, "runs") as bar:
        interrupt.begin()
        yield bar, interrupt.should_stop


def _comparison(
    plans: "list[RowPlan]", runner: Runner, as_json: bool, plot: Output | None, *, expected: expecting.Expecting, lines: bool
) -> bool:
    """Compare, print, draw and check; returns whether it was stopped early."""
    from emu.compare import expectation
    from emu.compare.line_runs import with_lines
    from emu.compare.paired import compare_pairs
    from emu.report.compare_plot import plot_comparison
    from emu.report.compare_report import render_comparison

    with _side_by_side("compare") as (progress, should_stop):
        comparison = compare_pairs(plans, runner, progress=progress, should_stop=should_stop)
    if comparison is None:
        raise terminal.Interrupted("the first pair of runs was complete")
    if lines and not comparison.partial:
        with _side_by_side("lines") as (progress, should_stop):
            comparison = with_lines(comparison, plans, runner, progress=progress, should_stop=should_stop)
    expected.judge(expectation.figures_of_rows(comparison))
    terminal.each_of(
        lambda: _show(comparison, render_comparison, plot_comparison, as_json=as_json, plot=plot, more=expected.json()),
        lambda: None if as_json else expected.show(),
        *expected.steps(" and ".join(comparison.variants), partial=comparison.partial, failed=comparison.failed),
    )
    return comparison.partial


def _sensitivity(plans: "list[RowPlan]", runner: Runner, as_json: bool, plot: Output | None) -> bool:
    """The same for the comparison with each figure changed."""
    from emu.compare.sensitivity import vary_figures
    from emu.report.sensitivity_plot import plot_sensitivity
    from emu.report.sensitivity_report import render_sensitivity

    with _side_by_side("sensitivity") as (progress, should_stop):
        found = vary_figures(plans, runner, progress=progress, should_stop=should_stop)
    if found is None:
        raise terminal.Interrupted("the comparison to measure against was complete")
    _show(found, render_sensitivity, plot_sensitivity, as_json=as_json, plot=plot)
    return found.partial


def _show(
    found: Any,
    render: Callable[..., str],
    draw: Callable[[Any, Output], None],
    *,
    as_json: bool,
    plot: Output | None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Draw a result if that was asked for, and print it: each even if the other cannot be, and if a run has failed."""

    def show() -> None:
        if as_json:
            terminal.show(json.dumps({**found.to_dict(), **(more or {})}, indent=2))
        else:
            terminal.show_page(partial(render, found))

    def judge() -> None:
        if found.failed is not None:
            raise found.failed

    terminal.each_of(judge, lambda: None if plot is None else draw(found, plot), show)
