"""`emu annotate`: what each instruction of a routine cost."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.cli.run import execute
from emu.cli.views import Views

OF_RUNS = ("--variant", "--machine", "--cores", "--workload", "--messages", "--stall", "--seed")


@together.declare(
    together.Apart("--read", OF_RUNS, "what is in a trace is not run again"),
    together.Together((*OF_RUNS, "--json"), "each is one figure of the run, or the form of what it gives"),
    together.Together(("--read", "--json"), "its form is free"),
)
def annotate(
    routine: Annotated[str, typer.Argument(metavar="ROUTINE", help="Such as do_msgsnd.")],
    read: Annotated[Path | None, typer.Option(metavar="FILE", help="Take it from a trace, instead of a run.")] = None,
    variant: options.Variant = options.DEFAULT_VARIANT,
    machine: options.Machine = options.DEFAULT_MACHINE,
    cores: options.Cores = None,
    workload: options.Workload = options.DEFAULT_WORKLOAD,
    messages: options.Messages = None,
    stall: options.Stalls = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Of the run, as for `emu run`.")] = "1",
    as_json: options.Json = False,
) -> None:
    """Show the assembly of a routine with what each instruction cost: times, cycles, waits, lines from other cores.

    As perf annotate does; all instructions are counted, none sampled (docs/exports.md).

    \b
    Examples:
      emu annotate do_msgsnd --variant baseline --messages 200
      emu annotate queued_spin_lock_slowpath --read t.trace      of emu run, emu bench or emu boot --from
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    if read is not None:
        _show(read, routine, as_json=as_json)
        return
    with Views(None, lines=True).trace(None) as trace:
        assert trace is not None
        spec = options.experiment(
            variant=variant,
            machine=machine,
            cores=cores,
            workload=workload,
            messages=messages,
            stalls=stall,
            seed=seed,
            trace=trace,
        )
        result = execute(spec, title=f"{variant}, {spec.cores} cores")
        _show(trace, routine, as_json=as_json)
    if result.stuck is not None:
        raise result.stuck.error
    if result.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _show(trace: Path, routine: str, *, as_json: bool) -> None:
    from emu.export.annotation import annotate as annotated
    from emu.report.annotate_report import annotation_json, render_annotation
    from emu.trace.file import TraceFile

    file = TraceFile(trace)
    with terminal.progress_bar("annotate", "records") as progress:
        found = annotated(file, routine, progress)
    if as_json:
        terminal.show(json.dumps(annotation_json(found, file.header), indent=2))
    else:
        terminal.show_page(partial(render_annotation, found, file.header))
