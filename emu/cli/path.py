"""`emu path VARIANT`: the length of the path, beside that of the real kernel."""

import json
from functools import partial
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import CheckFailed

MESSAGES_DEFAULT = "300"


@together.declare(
    together.Together(("--machine", "--messages", "--seed", "--json"), "each is one figure of the run, or the form of the answer")
)
def path(
    variant: Annotated[str, typer.Argument(metavar="VARIANT", help="Which kernel path (`emu variants`), or a folder.")],
    machine: options.Machine = options.DEFAULT_MACHINE,
    messages: Annotated[str, typer.Option(metavar="N", help="Messages to trace.")] = MESSAGES_DEFAULT,
    seed: Annotated[str, typer.Option(metavar="N", help="Varies when each task starts.")] = "1",
    as_json: options.Json = False,
) -> None:
    """How long the path of a message is, function by function, beside the real kernel's.

    Instructions, loads, stores, locked instructions, lines and line transfers of each system call, of each hold of the
    queue's lock and of each function: means in steady state, with two threads on cores of different modules. For
    baseline and wakeq there are figures of real kernels to compare with; what is further from them than its bar makes
    the command fail. docs/path.md says what the columns mean.

    \b
    Examples:
      emu path wakeq
      emu path baseline --json | jq .sections
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
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
