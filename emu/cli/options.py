"""From what was typed to values: every refusal says what was wanted and what was got.

Options arrive as text, so that one sentence in one place refuses `--cores four`, whatever the version of Typer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from emu.errors import UserError
from emu.files import Output
from emu.run.experiment_spec import (
    DEFAULT_MACHINE,
    DEFAULT_VARIANT,
    TRACE_RECORDS_DEFAULT,
    Experiment,
    Limits,
    Stall,
)
from emu.subjects.ipc_msg.workload.plans import SUMMARIES
from emu.subjects.ipc_msg.workload.pmsg_shared import NAME as DEFAULT_WORKLOAD
from emu.subjects.ipc_msg.workload.workload import CORES_MAX
from emu.whole import whole, within

Cores = Annotated[str | None, typer.Option(metavar="N", help="Cores, 1 to 64 (default: as many as the machine has).")]
Machine = Annotated[str, typer.Option(metavar="NAME|FILE", help="A machine (`emu machines`) or the path of a machine file.")]
Variant = Annotated[
    str, typer.Option(metavar="NAME|FOLDER", help="Which kernel path (`emu variants`), or the folder of your own, such as ./mine.")
]
Messages = Annotated[str | None, typer.Option(metavar="N", help="Messages to deliver before the run ends.")]
Placement = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Where the two of a pair run: cross-module (default), same-module (default if there is but one), same-core, "
        "unpinned, or pingpong (as sem-pingpong.cpp pins them: docs/pmsg-shared.md).",
    ),
]
Queues = Annotated[
    str | None, typer.Option(metavar="HOW", help="One message queue for all pairs: shared (default); or pair: one each.")
]
Types = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Each thread receives a message type of its own: own (default); or the pairs have two types in common: common.",
    ),
]
Workload = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="What the tasks do: " + "; ".join(f"{name}: {what}" for name, what in SUMMARIES.items()) + "."
    ),
]
Preempt = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="Preemption in the kernel: none, or rt (PREEMPT_RT: the queue's lock sleeps, with priority inheritance). "
        "Default: the workload's own, rt for rt-livelock and none for the others.",
    ),
]
Stalls = Annotated[
    list[str] | None,
    typer.Option(
        "--stall",
        metavar="POINT:CYCLES[:EVERY]",
        help="Hold a core that reaches POINT for CYCLES, each EVERY-th time (1): an interrupt, an SMI or a preempted "
        "virtual CPU. May be given once a point; `emu variants show NAME` lists the points.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a figure of the machine file for this run, such as latencies.remote_line=400. May be given once a key.",
    ),
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write what was checked as JUnit XML, for a CI server.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")]
Tick = Annotated[str, typer.Option(metavar="HZ", help="Timer interrupts a second on each core, 0 for none.")]
MaxCycles = Annotated[
    str | None,
    typer.Option(metavar="N", help="Stop a guest that has not ended after N cycles (default: by the messages)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]

SECONDS_MAX = 10**9
SCHEDULES_MAX = 10**12

TRACE_LIMIT_DEFAULT = str(TRACE_RECORDS_DEFAULT)

__all__ = [
    "DEFAULT_MACHINE",
    "DEFAULT_VARIANT",
    "DEFAULT_WORKLOAD",
    "TRACE_LIMIT_DEFAULT",
    "Cores",
    "Json",
    "Junit",
    "Machine",
    "MaxCycles",
    "Messages",
    "Overrides",
    "Overwrite",
    "Placement",
    "Preempt",
    "Queues",
    "Stalls",
    "Tick",
    "Types",
    "Variant",
    "Workload",
    "budget",
    "experiment",
    "figures",
    "junit_output",
    "whole",
    "whole_list",
]  # fmt: skip


def budget(typed: str | None) -> tuple[float | None, int | None]:
    """`60s` is a time, `10000` a number of schedules."""
    if typed is None:
        return None, None
    number = typed.removesuffix("s")
    if not number.isdecimal():
        raise UserError(f"--budget must be seconds, such as 60s, or a number of schedules, not {typed!r}")
    if number == typed:
        return None, within("--budget", whole("--budget", number), 1, SCHEDULES_MAX)
    return float(within("--budget in seconds", whole("--budget in seconds", number), 1, SECONDS_MAX)), None


def junit_output(path: Path, *, overwrite: bool) -> Output:
    """Where JUnit's XML goes, or a `UserError` before anything is run."""
    return Output(path, "JUnit report", overwrite=overwrite)


def figures(overrides: Sequence[str] | None) -> tuple[tuple[str, float], ...]:
    """What `--set KEY=VALUE` was given, one for each time."""
    return tuple(_override(text) for text in overrides or ())


def whole_list(name: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, each once."""
    numbers = tuple(whole(name, part) for part in text.split(","))
    if len(set(numbers)) < len(numbers):
        raise UserError(f"{name} must name each number once, not {text!r}")
    return numbers


def experiment(
    *,
    variant: str,
    machine: str,
    cores: str | None = None,
    workload: str = DEFAULT_WORKLOAD,
    threads: str | None = None,
    messages: str | None = None,
    seed: str = "1",
    placement: str | None = None,
    queues: str | None = None,
    types: str | None = None,
    preempt: str | None = None,
    stalls: Sequence[str] | None = None,
    tick: str = "0",
    overrides: Sequence[str] | None = None,
    trace: Path | None = None,
    overwrite: bool = False,
    max_cycles: str | None = None,
    trace_limit: str = TRACE_LIMIT_DEFAULT,
) -> Experiment:
    """One run as typed; everything that can be is refused here, before a guest is built."""
    given: dict[str, int | str] = {}
    if cores is not None:
        given["cores"] = _cores(cores)
    if threads is not None:
        given["threads"] = _threads(threads)
    if messages is not None:
        given["messages"] = whole("messages", messages)
    for name, text in (("placement", placement), ("queues", queues), ("types", types), ("preempt", preempt)):
        if text is not None:
            given[name] = text
    if preempt is not None:
        _known_preemption(preempt)
    spec = Experiment(
        variant=variant,
        machine=machine,
        workload=workload,
        seed=whole("seed", seed),
        stalls=tuple(Stall.parse(text) for text in stalls or ()),
        tick_hz=whole("tick", tick),
        overrides=figures(overrides),
        trace=trace,
        overwrite=overwrite,
        limits=Limits(
            cycles=None if max_cycles is None else whole("max-cycles", max_cycles),
            trace_records=whole("trace-limit", trace_limit),
        ),
        **given,  # type: ignore[arg-type]
    )
    _refuse_unknown(spec)
    return spec


def _cores(text: str) -> int:
    return within("cores", whole("cores", text), 1, CORES_MAX)  # 0 means "the machine's" to Experiment, but nobody types that


def _threads(text: str) -> int:
    threads = whole("threads", text)
    if threads == 0:  # means "the default" to Experiment, but nobody types that
        raise UserError("threads must be 1 or more, for pmsg-shared an even number, not 0")
    return threads


def _known_preemption(kind: str) -> None:
    """An empty kind means "the workload's own" to Experiment, but nobody types that."""
    from emu.assembly.variants import overlays

    overlays(kind)


def _override(text: str) -> tuple[str, float]:
    from emu.run.overrides import parse_override

    return parse_override(text)


def _refuse_unknown(spec: Experiment) -> None:
    """Variant, machine, points and trace path: looked up before the slow parts are even imported."""
    from emu.assembly.variants import get_variant
    from emu.cli.catalogue import find_machine, points
    from emu.trace.file import trace_output

    get_variant(spec.variant)
    known = {point.name for point in points(spec.variant)} if spec.stalls else set()
    machine = find_machine(spec.machine)
    if spec.overrides:
        from emu.run.overrides import apply_overrides

        apply_overrides(machine, spec.overrides)
    for stall in spec.stalls:
        if stall.point not in known:
            names = ", ".join(sorted(known)) or "none"
            raise UserError(f"variant {spec.variant} has no point {stall.point!r} to stall at; it has {names}")
    if spec.trace is not None:
        trace_output(spec.trace, overwrite=spec.overwrite)
