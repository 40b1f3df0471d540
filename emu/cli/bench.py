"""`emu bench`: a lock of the user's own, in one assembly file, on each number of cores."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, terminal, together
from emu.cli.views import VIEWS, Lines, Locks, Views, views
from emu.errors import CheckFailed, UserError
from emu.files import Output
from emu.report.figure import plot_file
from emu.subjects.bench.plan import Plan, parse_section

if TYPE_CHECKING:
    from emu.subjects.bench.result import BenchResult

OF_RUNS = ("--cores", "--machine", "--rounds", "--section", "--think", "--shared", "--seed", "--set", "--max-cycles")
OUTPUTS = ("--plot", "--trace", "--json", "--overwrite", "--trace-limit")


@together.declare(
    together.Needs(("--trace-limit",), "--trace", "it bounds the records of a trace", unless=VIEWS),
    together.Apart("--json", VIEWS, "a view is text: --trace FILE, and `emu trace locks` or `lines` FILE --json"),
    together.Together(
        (*VIEWS, "--plot", "--trace", "--overwrite", "--trace-limit"), "each is another thing that is shown or written"
    ),
    together.Together(VIEWS, "a view is of any rounds", OF_RUNS),
    together.Needs(("--overwrite",), "--plot", "no other file is written", unless=("--trace",)),
    together.Together((*OF_RUNS, *OUTPUTS), "each is one figure of the rounds, or one form of what they give"),
)
def bench(
    locks: Annotated[
        list[str],
        typer.Argument(metavar="LOCK...", help="Files such as ./my-lock.S, or tas, ttas, ticket, mcs, clh, qspinlock, rwlock."),
    ],
    cores: Annotated[str, typer.Option(metavar="N,...", help="On how many cores, one run each.")] = "1,2,4",
    machine: options.Machine = options.DEFAULT_MACHINE,
    rounds: Annotated[str, typer.Option(metavar="N", help="Rounds of a core, on average.")] = "1000",
    section: Annotated[
        str, typer.Option(metavar="LINESlines:WORK", help="The section: lines loaded and written, iterations of a loop.")
    ] = "1lines:20",
    think: Annotated[str, typer.Option(metavar="N", help="Iterations of a loop between two rounds, on average.")] = "500",
    shared: Annotated[str, typer.Option(metavar="PERCENT", help="Rounds in which a core only reads (acquire_shared).")] = "0",
    seed: Annotated[str, typer.Option(metavar="N", help="Varies how long each core thinks.")] = "1",
    overrides: options.Overrides = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw rounds a second over cores: .png or .svg.")] = None,
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an instruction trace (of one run).")] = None,
    trace_limit: Annotated[
        str, typer.Option(metavar="N", help="Stop a run whose trace would have more records.")
    ] = options.TRACE_LIMIT_DEFAULT,
    overwrite: options.Overwrite = False,
    lock_form: Locks = None,
    lines: Lines = False,
    as_json: options.Json = False,
    max_cycles: options.MaxCycles = None,
) -> None:
    """Measure a lock: throughput, fairness, wait and hold, line transfers a round.

    A lock is one assembly file with the labels acquire and release (docs/bench.md). All cores together do cores x rounds
    rounds: think, acquire, a critical section, release. A lock that lets two cores in, or never lets one in, is shown with
    the steps that led there. Exit code 1: it is wrong.

    \b
    Examples:
      emu bench qspinlock                              1, 2 and 4 cores of the A10-7800
      emu bench ./my-lock.S --section 4lines:100 --think 2000
      emu bench tas ttas ticket mcs --plot locks.png   side by side, over cores
      emu bench rwlock --shared 90 --cores 4
      emu bench mcs --cores 4 --rounds 5 --trace t.trace
      emu bench qspinlock --cores 4 --lines            who takes which line from whom
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    plans = [
        Plan(
            lock=lock,
            machine=machine,
            cores=count,
            rounds=options.whole("rounds", rounds),
            section=parse_section(section),
            think=options.whole("think", think),
            shared=options.whole("shared", shared),
            seed=options.whole("seed", seed),
            overrides=options.figures(overrides),
            max_cycles=None if max_cycles is None else options.whole("max-cycles", max_cycles),
        )
        for lock in dict.fromkeys(locks)
        for count in options.whole_list("cores", cores)
    ]
    shown = views(lock_form, lines)
    if shown.locks is not None:
        _refuse_unknown_words(plans)
    if (trace is not None or shown) and len(plans) > 1:
        raise UserError(f"a trace is of one run, and these are {len(plans)}: name one lock and one number of cores")
    drawing = None if plot is None else plot_file(plot, overwrite=overwrite)
    if trace is not None:
        Output(trace, "trace", overwrite=overwrite)
    limit = options.whole("trace-limit", trace_limit)
    with shown.trace(trace) as file:
        results = _measure(plans, file, limit, overwrite)
        _report(results, shown, file, drawing, as_json=as_json)
    if len(results) < len(plans) or any(each.partial for each in results):
        raise typer.Exit(terminal.INTERRUPTED)


def _refuse_unknown_words(plans: list[Plan]) -> None:
    from emu.subjects.bench.lock_file import find_lock

    for name in dict.fromkeys(plan.lock for plan in plans):
        if find_lock(name).word is None:
            line = "// Lock word: KIND"
            raise UserError(
                f"{name}: its word is not known, so --locks has nothing to show; `{line}` in its file says it (docs/bench.md)"
            )


def _report(results: "list[BenchResult]", shown: Views, trace: Path | None, drawing: "Output | None", *, as_json: bool) -> None:
    """Show, draw, and say what is wrong."""

    def show() -> None:
        if shown and trace is not None:
            shown.show(trace)
        else:
            _show(results, as_json=as_json)

    def draw() -> None:
        if drawing is not None and results:
            from emu.report.bench_plot import plot_bench

            plot_bench(results, drawing)

    def judge() -> None:
        if wrong := [each for each in results if each.fault is not None]:
            raise CheckFailed(wrong[0].fault)
        if bounded := [each for each in results if each.bound is not None]:
            raise CheckFailed(bounded[0].bound)

    terminal.each_of(show, draw, judge)


def _measure(plans: list[Plan], trace: Path | None, trace_records: int, overwrite: bool) -> "list[BenchResult]":
    """One run after the other; Ctrl-C keeps what there is, and a lock that is wrong is not tried on more cores."""
    from emu.run.bench import run_bench
    from emu.subjects.bench.lock_file import find_lock

    files = {plan.lock: find_lock(plan.lock) for plan in plans}
    for plan in plans:
        if plan.shared and not files[plan.lock].shared:
            raise UserError(f"{plan.lock}: it has no acquire_shared, so no round can be shared; leave --shared out")
    results: list[BenchResult] = []
    wanted = sum(plan.rounds_wanted for plan in plans)
    with terminal.interruptible() as interrupt, terminal.progress_bar("bench", "rounds") as bar:
        for place, plan in enumerate(plans):
            before = sum(each.rounds_wanted for each in plans[:place])

            def progress(done: int, total: int, before: int = before) -> None:
                interrupt.begin()
                bar(before + done, wanted)

            if any(each.fault is not None and each.plan.lock == plan.lock for each in results):
                continue
            results.append(
                run_bench(
                    plan,
                    files[plan.lock],
                    progress=progress,
                    should_stop=interrupt.should_stop,
                    trace=trace,
                    trace_records=trace_records,
                    overwrite=overwrite,
                )
            )
            if interrupt.requested:
                break
    return results


def _show(results: "list[BenchResult]", *, as_json: bool) -> None:
    from emu.subjects.bench.result import SCHEMA

    if as_json:
        terminal.show(json.dumps({"schema": SCHEMA, "runs": [each.to_dict() for each in results]}, indent=2))
    else:
        from emu.report.bench_report import render_bench

        terminal.show_page(lambda **page: render_bench(results, **page))
