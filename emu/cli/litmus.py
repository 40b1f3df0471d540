"""`emu litmus`: litmus tests on real cores, through every order of instructions and drains."""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import CheckFailed, UserError
from emu.litmus.suite import CORES_MAX, Conditions, Refusal, find_tests, run_suite

if TYPE_CHECKING:
    from emu.litmus.verdict import Verdict

STATES_MAX = 2_000_000
IN_FULL_MAX = 3  # so many tests are shown in full without being asked


@together.declare(
    together.Apart("--json", ("--verbose",), "the JSON of a test has every schedule anyway"),
    together.Together(
        ("--expect", "--model", "--jobs", "--cores", "--machine", "--states-max"),
        "each is one condition of the exploration, or what its answer is compared with",
    ),
    together.Together(
        ("--json", "--verbose"),
        "they are forms of the answer, whatever was explored",
        ("--expect", "--model", "--jobs", "--cores", "--machine", "--states-max"),
    ),
)
def litmus(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|DIR...", help="Tests, folders to search, or lists (@all).")],
    expect: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with lines `NAME.litmus,0|1` (holds or not) or `NAME Allow|Forbid`."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a test, a line each, and nothing else.")] = False,
    model: Annotated[str, typer.Option(metavar="MODEL", help="tso, or sc: without store buffers.")] = "tso",
    verbose: Annotated[bool, typer.Option("--verbose", help="Each test in full, with a schedule for each final state.")] = False,
    jobs: Annotated[str | None, typer.Option(metavar="N", help="Processes (default: the cores of this host).")] = None,
    cores: Annotated[str, typer.Option(metavar="N", help="The most threads that a test may have, up to 64.")] = str(CORES_MAX),
    machine: options.Machine = options.DEFAULT_MACHINE,
    states_max: Annotated[str, typer.Option(metavar="N", help="Give a test up after so many states.")] = str(STATES_MAX),
) -> None:
    """Run litmus tests (herd's format, X86 and X86_64) on real cores, in every interleaving and drain order.

    The answer is complete: a final state that is not printed cannot be reached. Positive and Negative count final states
    (herd counts executions). In a schedule, `1` means: core 1 executes an instruction, `1d`: its oldest store drains.

    Exit code 1: a test disagrees with --expect. 2: a test could not be read or judged; the others are.

    \b
    Examples:
      emu litmus SB.litmus                         final states, verdict
      emu litmus SB.litmus --verbose               and how to get to each of them
      emu litmus tests/ --expect kinds.txt         a whole tree against somebody else's verdicts
      emu litmus tests/ --model sc --json          what is left without store buffers
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.cli.catalogue import find_machine

    find_machine(machine)
    conditions = Conditions(machine, model, options.whole("cores", cores), options.whole("states-max", states_max))
    processes = len(os.sched_getaffinity(0)) if jobs is None else options.whole("jobs", jobs)
    expectation = None
    if expect is not None:
        from emu.litmus.expectation import load_expectation

        expectation = load_expectation(expect)
    tests = find_tests(paths)
    begin = time.perf_counter()
    verdicts, refused, stopped = [], 0, False
    with terminal.progress_bar("litmus", "tests") as progress:
        try:
            for done, judged in enumerate(run_suite(tests, conditions, processes), 1):
                progress(done, len(tests))
                if isinstance(judged, Refusal):
                    refused += 1
                    terminal.complain(judged.message)
                    continue
                verdicts.append(judged)
                if as_json:
                    terminal.show_line(json.dumps(judged.to_dict()))
                elif verbose or len(tests) <= IN_FULL_MAX or expectation is None:
                    terminal.show_line(_one(judged, verbose=verbose, in_full=len(tests) <= IN_FULL_MAX))
        except KeyboardInterrupt:
            stopped = True
    from emu.report.litmus_report import Run, render_comparison, render_summary

    if not as_json and len(tests) > IN_FULL_MAX:
        seconds = time.perf_counter() - begin
        terminal.show(render_summary(verdicts, Run(model, processes, refused, seconds)))
    comparison = expectation.compare(verdicts) if expectation is not None else None
    if comparison is not None:
        if as_json:
            for line in render_comparison(comparison).splitlines():
                terminal.complain(line)
        else:
            terminal.show(render_comparison(comparison))
    if stopped:
        raise typer.Exit(terminal.INTERRUPTED)
    if refused:
        raise UserError(f"{refused} of {len(tests)} tests could not be judged")
    if comparison is not None and len(comparison.unexpected) == len(verdicts):
        raise UserError(f"{expect} says nothing of any of these tests: it must name them as their files or titles do")
    if comparison is not None and comparison.disagreements:
        raise CheckFailed(f"{len(comparison.disagreements)} of {len(verdicts)} tests disagree with {expect}")


def _one(verdict: "Verdict", *, verbose: bool, in_full: bool) -> str:
    from emu.report.litmus_report import render_line, render_test

    return render_test(verdict, schedules=verbose) if verbose or in_full else render_line(verdict)
