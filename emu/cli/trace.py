"""`emu trace show`, `diff` and `export`: read instruction traces."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, terminal, together, views
from emu.errors import UserError
from emu.whole import within

if TYPE_CHECKING:
    from emu.trace.file import TraceFile
    from emu.trace.select import Selection

app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Read the traces that `emu run --trace FILE` and `emu boot --from MARK --trace FILE` write.",
)


@app.callback()
def top(context: typer.Context) -> None:
    """Without a subcommand: the help."""
    if context.invoked_subcommand is None:
        terminal.show(context.get_help())


Task = Annotated[list[str] | None, typer.Option(metavar="TASK", help="Only this task: its name, its number, or idle.")]
Core = Annotated[list[str] | None, typer.Option(metavar="N", help="Only this core.")]
Symbol = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Only in this routine (of events: also in what it calls); * and ? stand for anything."),
]
Cycles = Annotated[str | None, typer.Option(metavar="FROM:TO", help="Only these cycles; either end may be left out.")]
HandOff = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Only the N-th hand-off, from 1: from the sender's entry into msgsnd to the receiver's return.",
    ),
]


FILTERS = ("--core", "--task", "--symbol", "--cycles", "--hand-off")


@app.command(cls=together.Command)
@together.declare(
    together.Apart("--event", ("--outline",), "an outline is of instructions, and only events are shown"),
    together.Together(FILTERS, "filters add up"),
    together.Apart("--json", ("--width",), "JSON has no width"),
    together.Together(FILTERS, "what is left is shown in one form or another", ("--event", "--outline", "--width", "--json")),
    together.Together(("--event", "--outline"), "records or visits are shown, as lines or as JSON", ("--width", "--json")),
)
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace.")],
    core: Core = None,
    task: Task = None,
    symbol: Symbol = None,
    cycles: Cycles = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EVENT",
            help="Only events, and only these: lock, spin, transfer, ipi, interrupt, halt, stall, store, access, mark, "
            "the name of a mark such as wakeup, or all.",
        ),
    ] = None,
    hand_off: HandOff = None,
    outline: Annotated[
        bool, typer.Option("--outline", help="One line a visit to a routine instead of one an instruction.")
    ] = False,
    width: Annotated[
        str | None,
        typer.Option(metavar="N", help="Columns (default: the terminal's, or 100); what does not fit has a line of its own."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print a trace as text that fits a mail: a line an instruction or event.

    Filters add up: a record must pass all of them; an option given twice takes either.

    \b
    Examples:
      emu trace show t.trace --hand-off 5 --outline       the path of one message
      emu trace show t.trace --hand-off 5                 the same, every instruction
      emu trace show t.trace --event lock --core 1        who held which lock for how long
      emu trace show t.trace --event lock --symbol do_msgsnd
                                                          the locks that it, and what it calls, take and let go
      emu trace show t.trace --symbol 'do_msg*' --cycles 120000:130000
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.report.trace_json import json_lines
    from emu.report.trace_text import WIDTH_MAX, WIDTH_MIN, outline_lines, trace_lines
    from emu.trace.file import TraceFile

    columns = terminal.page_width() if width is None else within("width", options.whole("width", width), WIDTH_MIN, WIDTH_MAX)
    trace = TraceFile(file)
    chosen = _select(trace, core, task, symbol, cycles, event, hand_off)
    if as_json:
        lines = json_lines(trace, chosen, outlined=outline)
    else:
        lines = (outline_lines if outline else trace_lines)(trace, chosen, width=columns)
    for line in lines:
        terminal.show_line(line)


@app.command(cls=together.Command)
@together.declare(
    together.Apart("--json", ("--lines",), "JSON has no side-by-side part"),
    together.Together((*FILTERS, "--by"), "filters add up; what is left is followed"),
    together.Together(("--lines", "--json"), "the answer is one page or one object, whatever it is of", (*FILTERS, "--by")),
    together.Together(("--exit-code",), "the answer is judged whatever is printed of it", (*FILTERS, "--by", "--lines", "--json")),
)
def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A trace.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The trace to compare with it.")],
    core: Core = None,
    task: Task = None,
    symbol: Symbol = None,
    cycles: Cycles = None,
    hand_off: HandOff = None,
    by: Annotated[str, typer.Option(metavar="task|core", help="What to follow through the trace.")] = "task",
    lines: Annotated[str, typer.Option(metavar="N", help="Lines of the side-by-side part, for each task.")] = "40",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when they differ.")] = False,
    as_json: options.Json = False,
) -> None:
    """Align two traces by the routines each task goes through, and show where they part.

    Addresses and times are not compared, so the traces may be of two variants. Marks: `~` the same routine by
    another way, `<` only in A, `>` only in B, `|` one in place of the other; `--` a lock taken (cycles waited for it) or
    let go (cycles held).

    \b
    Examples:
      emu trace diff before.trace after.trace --hand-off 5      one message, before and after
      emu trace diff a.trace b.trace --exit-code                are two runs the same?
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.report.trace_diff import diff_lines
    from emu.trace.diff import diff_traces
    from emu.trace.file import TraceFile

    if by not in ("task", "core"):
        raise UserError(f"--by must be task or core, not {by!r}")
    lines_max = options.whole("lines", lines)
    if lines_max < 1:
        raise UserError(f"lines must be 1 or more, not {lines_max}")
    traces = TraceFile(a), TraceFile(b)
    chosen = [_select(trace, core, task, symbol, cycles, None, hand_off) for trace in traces]
    difference = diff_traces(*traces, *chosen, by=by)
    if as_json:
        terminal.show(json.dumps(difference.to_dict(), indent=2))
    else:
        for line in diff_lines(difference, lines_max=lines_max, width=terminal.page_width()):
            terminal.show_line(line)
    if exit_code and not (difference.same_path and difference.same_times):
        raise typer.Exit(1)


@app.command(cls=together.Command)
@together.declare(
    together.Together(("--format", "--out", "--overwrite"), "each says one thing of the file that is written"),
    together.Together(("--clock",), "what has times has them in one unit", ("--format", "--out", "--overwrite")),
    together.Together(("--weight",), "what has call stacks has one weight", ("--format", "--out", "--overwrite")),
    together.Apart("--clock", ("--weight",), "a format has times or weights"),
)
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace.")],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="perfetto, chrome, ftrace, folded or speedscope.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to.")],
    clock: Annotated[
        str | None,
        typer.Option(metavar="cycles|ns", help="What a nanosecond of the file is: a cycle (exact; default), or simulated time."),
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="Of call stacks: cycles (default), transfers of lines, or wait for locks."),
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Write a trace in the format of another program: see docs/exports.md.

    \b
    Examples:
      emu trace export t.trace --format perfetto -o t.pftrace     and open it in ui.perfetto.dev
      emu trace export t.trace --format chrome -o t.json          for chrome://tracing and its kin
      emu trace export t.trace --format ftrace -o t.txt           the kernel's own lines: sched_switch, contention_begin
      emu trace export t.trace --format folded --weight wait -o t.folded
                                                                  and flamegraph.pl t.folded > t.svg
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.export.clock import Clock
    from emu.export.formats import FORMATS, Asked
    from emu.export.formats import export as write
    from emu.export.stacks import Weight
    from emu.files import Output
    from emu.trace.file import TraceFile

    _one_of("format", form, FORMATS)
    for option, given in (("--clock", clock), ("--weight", weight)):
        if given is not None and option not in FORMATS[form].options:
            raise UserError(f"{option} has no meaning with --format {form}: {FORMATS[form].why}; remove {option}")
    asked = Asked(
        Clock(_one_of("clock", clock or Clock.CYCLES.value, [each.value for each in Clock])),
        Weight(_one_of("weight", weight or Weight.CYCLES.value, [each.value for each in Weight])),
    )
    output = Output(out, "export", overwrite=overwrite)
    with terminal.progress_bar("export", "records") as progress:
        write(TraceFile(file), form, output, asked, progress)


@app.command(cls=together.Command)
@together.declare(together.Apart("--json", ("--form",), "an object has everything"))
def locks(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace.")],
    form: Annotated[str, typer.Option(metavar="FORM", help=f"{views.FORMS}.")] = views.LOCK_FORMS[0],
    as_json: options.Json = False,
) -> None:
    """Show what every lock was waited for and held: see docs/exports.md.

    \b
    Examples:
      emu trace locks t.trace                     p50, p90, p99 and max of wait and hold, by lock and place
      emu trace locks t.trace --form lock_stat    as /proc/lock_stat
      emu trace locks t.trace --form perf-o       as perf lock contention -o
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    views.show_locks(file, views.lock_form(form), as_json=as_json)


@app.command(cls=together.Command)
def lines(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace.")],
    as_json: options.Json = False,
) -> None:
    """Show which lines cores take from each other: who touches which field from where, under which lock (docs/exports.md).

    The shape is that of perf c2c; it is a census of all accesses, not samples.

    \b
    Examples:
      emu trace lines t.trace
      emu trace lines t.trace --json | jq '.lines[] | select(.false_transfers > 0) | .object'
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    views.show_lines(file, as_json=as_json)


def _one_of(option: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise UserError(f"--{option} must be one of {', '.join(known)}, not {value!r}")
    return value


def _select(
    trace: "TraceFile",
    core: list[str] | None,
    task: list[str] | None,
    symbol: list[str] | None,
    cycles: str | None,
    event: list[str] | None,
    hand_off: str | None,
) -> "Selection":
    from emu.subjects.ipc_msg.hand_off import find_hand_off
    from emu.trace.select import select

    number = None if hand_off is None else options.whole("hand-off", hand_off)
    return select(
        trace.header,
        cores=[options.whole("core", text) for text in core or ()],
        tasks=task or (),
        symbols=symbol or (),
        cycles=cycles,
        events=event or (),
        cut=None if number is None else find_hand_off(trace, number),
    )
