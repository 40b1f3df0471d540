"""`emu run`: one run, a report."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.cli.views import VIEWS, Lines, Locks, views
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult

# What a script says itself, or leaves to nobody.
NOT_OF_SCRIPTS = (
    "--cores", "--workload", "--preempt", "--threads", "--messages", "--placement", "--queues", "--types", "--seed", "--stall",
    "--tick", "--set", "--trace", "--overwrite", "--trace-limit", *VIEWS,
)  # fmt: skip
OF_SCRIPTS = ("--variant", "--machine", "--json", "--max-cycles")


@together.declare(
    together.Apart("--script", NOT_OF_SCRIPTS, "the script says which tasks there are and what they do"),
    together.Needs(("--trace-limit",), "--trace", "it bounds the records of a trace", unless=VIEWS),
    together.Apart("--json", VIEWS, "a view is text: --trace FILE, and `emu trace locks` or `lines` FILE --json"),
    together.Needs(("--overwrite",), "--trace", "no other file is written"),
    together.Together(
        (*OF_SCRIPTS, *(each for each in NOT_OF_SCRIPTS if each not in VIEWS)),
        "each is one figure of the experiment, or one form of what it gives",
    ),
    together.Together(
        VIEWS, "a view is of any run", tuple(each for each in (*OF_SCRIPTS, *NOT_OF_SCRIPTS) if each not in (*VIEWS, "--json"))
    ),
    together.Together(VIEWS, "one is shown after the other"),
    together.Together(("--script",), "a script runs in any variant, on any machine, up to any bound; its form is free", OF_SCRIPTS),
)
def run(
    cores: options.Cores = None,
    variant: options.Variant = options.DEFAULT_VARIANT,
    machine: options.Machine = options.DEFAULT_MACHINE,
    workload: options.Workload = options.DEFAULT_WORKLOAD,
    preempt: options.Preempt = None,
    threads: Annotated[str | None, typer.Option(metavar="N", help="User tasks (default: one a core).")] = None,
    messages: options.Messages = None,
    placement: options.Placement = None,
    queues: options.Queues = None,
    types: options.Types = None,
    seed: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Varies when and, unpinned, where each task starts, and the timer's phase; the same seed, the same digest.",
        ),
    ] = "1",
    stall: options.Stalls = None,
    tick: options.Tick = "0",
    overrides: options.Overrides = None,
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an instruction trace: see `emu trace --help`.")] = None,
    overwrite: options.Overwrite = False,
    script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Run a script of queue operations instead: see docs/scripts.md.")
    ] = None,
    locks: Locks = None,
    lines: Lines = False,
    as_json: options.Json = False,
    max_cycles: options.MaxCycles = None,
    trace_limit: Annotated[
        str, typer.Option(metavar="N", help="Stop a run whose trace would have more records.")
    ] = options.TRACE_LIMIT_DEFAULT,
) -> None:
    """Run one variant and report where every cycle went.

    The default workload is pmsg-shared, a reconstruction: threads in pairs on one message queue play ping-pong.
    Ctrl-C stops the run and reports what was measured so far, marked as partial.

    \b
    Examples:
      emu run --cores 4 --variant wakeq             after the patch, four cores
      emu run --variant baseline                    before it
      emu run --variant baseline --stall handoff_window:20000:10
                                                    hold the waker up: the receivers spin
      emu run --workload full-queue                 many senders block on a small queue
      emu run --workload rt-livelock --variant baseline
                                                    a preemptible kernel (--preempt rt): the receiver spins for ever
      emu run --messages 20 --trace t.trace         and look: emu trace show t.trace --hand-off 5
      emu run --locks lock_stat                     the locks as /proc/lock_stat has them; --lines: who takes which line
      emu run --json | jq .locks                    for a script
      emu run --script docs/hand-over.script        operations of tasks, line by line, and what they give
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    if script is not None:
        from emu.cli.script import run_file

        run_file(script, variant, machine, as_json, max_cycles)
        return
    shown = views(locks, lines)
    with shown.trace(trace) as file:
        spec = options.experiment(
            variant=variant,
            machine=machine,
            cores=cores,
            workload=workload,
            preempt=preempt,
            threads=threads,
            messages=messages,
            seed=seed,
            placement=placement,
            queues=queues,
            types=types,
            stalls=stall,
            tick=tick,
            overrides=overrides,
            trace=file,
            overwrite=overwrite,
            max_cycles=max_cycles,
            trace_limit=trace_limit,
        )
        result = execute(spec, title=f"{variant}, {spec.cores} cores")

        def show() -> None:
            if shown and file is not None:
                shown.show(file)
            else:
                _show(result, as_json)

        terminal.each_of(show, lambda: _judge(result))
    if result.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _show(result: RunResult, as_json: bool) -> None:
    if as_json:
        terminal.show(json.dumps(result.to_dict(), indent=2))
    else:
        from emu.report.run_report import render_run

        terminal.show_page(partial(render_run, result))


def _judge(result: RunResult) -> None:
    """A run that did not come to its end is the guest's fault, or that of a bound."""
    if result.stuck is not None:
        raise result.stuck.error


def execute(spec: Experiment, *, title: str) -> RunResult:
    """Run with a progress bar; Ctrl-C makes the result a partial one."""
    with terminal.interruptible() as interrupt, terminal.progress_bar(title) as bar:
        from emu.run.experiment import run as run_experiment

        def progress(done: int, total: int) -> None:
            interrupt.begin()
            bar(done, total)

        return run_experiment(spec, progress, interrupt.should_stop)
