"""The command `emu`: its subcommands, and errors as one line on stderr.

Exit codes: 0; 1 for a guest fault, a failed check or a bound reached; 2 for what the user can mend; 130 for Ctrl-C, and
128 and its number for any other signal (141: the reader of a pipe has gone).
"""

import gc
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from emu import compiled
from emu.cli import catalogue, store, terminal, together, trace
from emu.cli.annotate import annotate
from emu.cli.bench import bench
from emu.cli.boot import boot
from emu.cli.calibrate import calibrate
from emu.cli.compare import compare
from emu.cli.coverage import coverage
from emu.cli.diy import diy
from emu.cli.explore import explore, replay
from emu.cli.litmus import litmus
from emu.cli.path import path
from emu.cli.report import report
from emu.cli.run import run
from emu.cli.stress import stress
from emu.cli.sweep import sweep
from emu.errors import EmuError, InternalError, place_of

# Typer brings its own Click or uses the installed one, by version: BadParameter is derived from its usage error.
USAGE_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")

COLLECT_AFTER = 50_000  # objects more: at 700, Python's own, looking for garbage is a tenth of the start of a run

HELP = """See what a kernel locking patch does on several cores, exactly and repeatably.

emu runs assembled kernel code, the SysV message queue before (baseline) and after (wakeq) "ipc/msg: implement lockless
pipelined wakeups", on an instruction-level model of a multicore x86-64 machine, and counts every cycle spent waiting
for locks, holding them and spinning.

\b
Begin with:
  emu run --cores 4 --variant wakeq            one run, a report
  emu compare baseline wakeq                   both variants side by side
  emu run --messages 20 --trace t.trace        a trace of every instruction
  emu trace show t.trace --hand-off 5 --outline
  emu bench mcs ticket --cores 1,2,4           a lock of your own, or one of ours, over cores
  emu boot ./vmlinux --cpus 4 -- ./program     a real kernel, to a program's exit status
  emu explore --variant wakeq-release          the schedule that breaks it
  emu path wakeq                               how long the path is, beside the real kernel's
  emu litmus SB.litmus                         every outcome of a litmus test on these cores
"""

app = typer.Typer(
    name="emu",
    help=HELP,
    no_args_is_help=False,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (run, compare, sweep, report, bench, boot, path, calibrate, litmus, explore, replay, stress, coverage, diy, annotate)
for command in COMMANDS:
    app.command(cls=together.Command)(command)
app.add_typer(trace.app, name="trace")
app.add_typer(store.app, name="store")
app.add_typer(catalogue.variants_app, name="variants")
app.add_typer(catalogue.machines_app, name="machines")


@app.callback()
def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """What happens before, or without, a subcommand."""
    if version:
        from importlib.metadata import version as version_of

        terminal.show(f"emu {version_of('emu')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        terminal.show(context.get_help())


top.__doc__ = HELP


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    if arguments is None:
        gc.set_threshold(COLLECT_AFTER)
        terminal.open_streams()
        terminal.end_in_order()
        compiled.listen(terminal.FirstRun())
    code = _run(None if arguments is None else list(arguments))
    try:
        sys.stdout.flush()
    except terminal.OutputLost as error:
        terminal.complain(error)
        return error.exit_code
    return code


def _run(arguments: list[str] | None) -> int:
    try:
        code = app(args=arguments, prog_name="emu", standalone_mode=False)
    except USAGE_ERROR as error:
        terminal.complain(_usage(error))
        return 2
    except InternalError as error:
        terminal.complain(f"internal error, please report it: {error}")
        return error.exit_code
    except EmuError as error:
        terminal.complain(error)
        return error.exit_code
    except OSError as error:
        terminal.complain(_host_refuses(error))
        return 2
    except MemoryError:
        terminal.complain("this host has not the memory for that; ask for fewer --jobs, cores or messages")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        code = terminal.INTERRUPTED
    except Exception as error:  # a fault of emu's own: its place is what a report needs, and a traceback would hide the rest
        terminal.complain(f"internal error, please report it: {type(error).__name__}: {error}, {place_of(error)}")
        return InternalError.exit_code
    if code == terminal.INTERRUPTED:
        stopped_by = terminal.Interrupt.signal
        terminal.complain("interrupted" if stopped_by == signal.SIGINT else f"ended by {stopped_by.name}")
        return 128 + stopped_by
    return code if isinstance(code, int) else 0


def _host_refuses(error: OSError) -> str:
    """What the system under emu did not do, such as printing a help page or starting a process, in one line."""
    what = f"{error.filename}: " if error.filename is not None else ""
    return f"{what}{error.strerror or error}"


def _usage(error: BaseException) -> str:
    """A wrong command line in one line, with the place to look."""
    message = str(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "emu"
    return f"{message[:1].lower()}{message[1:]}; see `{command} --help`"
