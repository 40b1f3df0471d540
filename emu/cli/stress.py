"""`emu stress`: random operations against the memory layer, and an oracle that knows what x86-TSO allows."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import options, running, terminal, together
from emu.errors import CheckFailed, UserError
from emu.files import Output, free_name
from emu.runner.runner import Runner
from emu.stress.plan import OPERATIONS_DEFAULT, Plan

if TYPE_CHECKING:
    from emu.stress.rounds import Result

FAILURE_FILE = Path("emu-stress-failure.case")

SCHEMA, REPLAY_SCHEMA = "emu-stress/1", "emu-stress-replay/1"
OF_PLANS = ("--operations", "--cores", "--machine", "--lines", "--seed", "--jobs", "--failure", "--overwrite")


@together.declare(
    *running.rules(*(each for each in OF_PLANS if each != "--jobs"), "--json", shards=False),
    together.Apart("--replay", (*OF_PLANS, "--cluster", "--store", "--verify"), "the file says which operations run, and on what"),
    together.Needs(("--overwrite",), "--failure", "a file without a name given gets a new one"),
    together.Together((*OF_PLANS, "--json"), "each is one figure of the programs, or where a case or the counts go"),
    together.Together(("--replay",), "a replay is answered in either form", ("--json",)),
)
def stress(
    operations: Annotated[str, typer.Option(metavar="N", help="How many, over all rounds.")] = str(OPERATIONS_DEFAULT),
    cores: Annotated[str | None, typer.Option(metavar="N", help="Cores, 1 to 64 (default: 2 to 16 in turn).")] = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    lines: Annotated[str | None, typer.Option(metavar="N", help="Cache lines of a program (default: a few).")] = None,
    seed: Annotated[str, typer.Option(metavar="N", help="The same seed, the same programs.")] = "1",
    jobs: Annotated[str | None, typer.Option(metavar="N", help="Processes (default: 1); the result does not depend on it.")] = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    replay: Annotated[Path | None, typer.Option(metavar="FILE", help="Run a reduced case again, and nothing else.")] = None,
    failure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Where the reduced case of a failure goes (default: {FAILURE_FILE}, numbered)."),
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Test the memory layer: random loads, stores, atomics, page walks and fetches of code of several cores on few cache lines.

    Every value that a core sees must be the one that x86-TSO allows, lines have one writer, no update is lost. A failure
    is reduced to a few operations, printed and written to a file. Exit code 1 means: a violation was found.

    \b
    Examples:
      emu stress                                   a million operations, 2 to 16 cores
      emu stress --operations 100000000 --jobs 4   for longer
      emu stress --replay emu-stress-failure.case  is it mended?
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    if replay is not None:
        _replay(replay, as_json)
        return
    plan = Plan(
        machine=machine,
        operations=options.whole("operations", operations),
        cores=None if cores is None else options.whole("cores", cores),
        lines=None if lines is None else options.whole("lines", lines),
        seed=options.whole("seed", seed),
    )
    file = Output(free_name(FAILURE_FILE) if failure is None else failure, "case", overwrite=overwrite)
    with running.many(running.Running(jobs, cluster, store, verify, jobs_default=1), as_json=as_json) as runner:
        result = _execute(plan, runner)

    def show() -> None:
        if as_json:
            terminal.show(json.dumps(_plain(result), indent=2))
        else:
            from emu.report.stress_report import render_stress

            terminal.show_page(partial(render_stress, result))

    def judge() -> None:
        if result.failure is not None:
            raise CheckFailed(_complaint(result, file))

    terminal.each_of(judge, show)
    if result.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _execute(plan: Plan, runner: Runner) -> "Result":
    with terminal.interruptible() as interrupt:
        from emu.stress.rounds import run_plan

        def should_stop() -> bool:
            interrupt.begin()
            return interrupt.should_stop()

        return run_plan(plan, runner, should_stop)


def _replay(path: Path, as_json: bool) -> None:
    from emu.stress.text import read

    case = read(path)
    violation = case.run().violation
    words = None if violation is None else violation.words(case.operations)
    if as_json:
        terminal.show(json.dumps({"schema": REPLAY_SCHEMA, "operations": len(case.operations), "violation": words}, indent=2))
    elif violation is None:
        terminal.show(f"no violation: {len(case.operations)} operations of {case.cores} cores")
    if words is not None:
        raise CheckFailed(f"{path}: {words}")


def _case_text(result: "Result") -> str:
    from emu.stress.text import render

    assert result.failure is not None
    return render(result.failure.case, result.failure.violation)


def _plain(result: "Result") -> dict[str, Any]:
    plan, failure = result.plan, result.failure
    return {
        "schema": SCHEMA,
        "machine": plan.machine,
        "seed": plan.seed,
        "rounds": result.rounds,
        "counts": dict(sorted(result.counts.items())),
        "seconds": result.seconds,
        "partial": result.partial,
        "violation": None if failure is None else failure.violation.words(failure.case.operations),
        "round": None if failure is None else failure.round,
        "case": None if failure is None else _case_text(result),
    }


def _complaint(result: "Result", file: Output) -> str:
    """One line about a violation; the reduced case goes into a file."""
    failure = result.failure
    assert failure is not None
    words = f"round {failure.round}, reduced to {len(failure.case.operations)} operations: "
    words += failure.violation.words(failure.case.operations)
    try:
        file.write(_case_text(result))
    except UserError as error:
        return f"{words}; {error}"
    return f"{words}; run it again with `emu stress --replay {file.path}`"
