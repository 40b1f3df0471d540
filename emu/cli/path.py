"""`emu path VARIANT`: the length of the path, beside that of the real kernel."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, path_kernel, terminal, together
from emu.errors import CheckFailed, UserError

MESSAGES_DEFAULT, SEED_DEFAULT = "300", "1"
OF_KERNELS = ("--calls", "--cpus", "--symbols", "--from", "--to", "--max-instructions")
OF_BOTH = ("--machine", "--messages", "--seed", "--json")


@together.declare(
    together.Needs(OF_KERNELS, "--kernel", "it is of the path through a real kernel"),
    together.Together(("--kernel", *OF_KERNELS), "each says something else of the kernel's run, or of what is looked at there"),
    together.Together(OF_BOTH, "each is one figure of the run, or the form of the answer"),
    together.Together(("--kernel", *OF_KERNELS), "any run of a kernel is looked at", OF_BOTH),
)
def path(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VARIANT] [-- PROGRAM ARGS...]",
            help="Which kernel path of ours (`emu variants`), or a folder; of --kernel, also what runs there.",
        ),
    ] = None,
    kernel: Annotated[
        Path | None, typer.Option(metavar="KERNEL", help="Measure a real kernel: a vmlinux, a bzImage or a kernel tree.")
    ] = None,
    calls: Annotated[
        str | None, typer.Option(metavar="NAME,NAME,...", help="Which of its system calls (default: msgsnd,msgrcv).")
    ] = None,
    cpus: Annotated[str | None, typer.Option("--cpus", "-p", metavar="N", help="Cores of the kernel (two modules' worth).")] = None,
    symbols: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A System.map, for a kernel that has no symbols of its own.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="MARK", help="Where a program's region begins (work_begin).")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", metavar="MARK", help="Where it ends (work_end, if it begins at work_begin).")
    ] = None,
    max_instructions: Annotated[
        str | None, typer.Option(metavar="N", help="Look at no more of a region than N instructions (5,000,000).")
    ] = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    messages: Annotated[str | None, typer.Option(metavar="N", help="Messages to trace (300).")] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Varies when each task, or core, starts.")] = None,
    as_json: options.Json = False,
) -> None:
    """How long the path of a message is, function by function, beside the real kernel's.

    Instructions, loads, stores, locked instructions, lines and line transfers of each system call, of each hold of the
    queue's lock and of each function: means in steady state, with two threads on cores of different modules. For
    baseline and wakeq there are figures of real kernels to compare with; what is further from them than its bar makes
    the command fail. docs/path.md says what the columns mean.

    With --kernel the same of a real kernel, in full detail, as `emu boot --from` runs it: of messages, with our path beside
    it, or of any system calls that a program makes.

    \b
    Examples:
      emu path wakeq
      emu path baseline --json | jq .sections
      emu path --kernel ./vmlinux
      emu path --kernel ./vmlinux --calls futex,semop -- ./my-benchmark
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    if kernel is not None:
        path_kernel.run(
            kernel,
            words or [],
            calls=calls,
            cpus=cpus,
            symbols=symbols,
            start=start,
            stop=stop,
            max_instructions=max_instructions,
            machine=machine,
            messages=messages,
            seed=seed,
            as_json=as_json,
        )
        return
    if not words:
        raise UserError("missing argument 'VARIANT': name one (emu variants), or a real kernel (--kernel FILE), or both")
    if len(words) > 1:
        raise UserError(f"{words[1]!r} is more than a variant: a program runs in a real kernel, --kernel FILE")
    _variant(words[0], machine, messages or MESSAGES_DEFAULT, seed or SEED_DEFAULT, as_json=as_json)


def _variant(variant: str, machine: str, messages: str, seed: str, *, as_json: bool) -> None:
    """The path of ours, beside the figures that there are of a real one."""
    checked = options.experiment(variant=variant, machine=machine, messages=messages, seed=seed)
    from emu.report.path_check import PathComparison
    from emu.run.path_run import experiment, path_lengths
    from emu.subjects.ipc_msg.path.reference import reference_of

    spec = experiment(variant, machine, checked.messages, checked.seed)
    with terminal.interruptible() as interrupt, terminal.progress_bar(f"{variant}, 2 threads") as bar:

        def progress(done: int, total: int) -> None:
            interrupt.begin()
            bar(done, total)

        lengths = path_lengths(spec, progress, interrupt.should_stop)
    if lengths is None:
        raise terminal.Interrupted("a message in steady state had been looked at")
    comparison = PathComparison(variant, machine, lengths, reference_of(variant))
    if as_json:
        terminal.show(json.dumps(comparison.to_dict(), indent=2))
    else:
        from emu.report.path_report import render_path

        terminal.show_page(partial(render_path, comparison))
    if lengths.partial:
        raise typer.Exit(terminal.INTERRUPTED)
    outside = comparison.outside()
    if outside:
        raise CheckFailed(f"{variant} is not as long as the real path: {'; '.join(outside)}")
