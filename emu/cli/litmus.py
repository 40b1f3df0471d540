"""`emu litmus`: litmus tests on real cores, through every order of instructions and drains."""

import json
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, running, terminal, together
from emu.errors import CheckFailed, UserError
from emu.litmus.suite import CORES_MAX, Conditions, Refusal, find_tests, run_suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.litmus.expectation import Comparison
    from emu.litmus.verdict import Verdict

STATES_MAX = 2_000_000
CONDITIONS = ("--expect", "--model", "--jobs", "--cores", "--machine", "--states-max", "--allow-endless")
FORMS = ("--json", "--verbose", "--junit", "--overwrite")
NOT_OF_SHARDS = ("--expect", "--allow-endless", "--verbose", "--junit", "--overwrite")
IN_FULL_MAX = 3  # so many tests are shown in full without being asked


@together.declare(
    *running.rules(*(each for each in CONDITIONS if each != "--jobs"), *FORMS, ineffective=NOT_OF_SHARDS),
    together.Apart("--json", ("--verbose",), "the JSON of a test has every schedule anyway"),
    together.Needs(("--overwrite",), "--junit", "no other file is written"),
    together.Together(
        CONDITIONS,
        "each is one condition of the exploration, or of what counts as a failure",
    ),
    together.Together(
        FORMS,
        "they are forms of the answer, whatever was explored",
        CONDITIONS,
    ),
    together.Together(("--junit", "--overwrite"), "the file may take the place of another"),
    together.Together(("--junit", "--overwrite"), "a file is written beside what is printed", ("--json", "--verbose")),
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
    jobs: running.Jobs = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    shard: running.ShardOf = None,
    cores: Annotated[str, typer.Option(metavar="N", help="The most threads that a test may have, up to 64.")] = str(CORES_MAX),
    machine: options.Machine = options.DEFAULT_MACHINE,
    states_max: Annotated[str, typer.Option(metavar="N", help="Give a test up after so many states.")] = str(STATES_MAX),
    allow_endless: Annotated[
        bool, typer.Option("--allow-endless", help="Executions that never end are reported, and do not fail.")
    ] = False,
    junit: options.Junit = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Run litmus tests (herd's format, X86 and X86_64) on real cores, in every interleaving and drain order.

    The answer is complete: a final state that is not printed cannot be reached. Positive and Negative count final states
    (herd counts executions). In a schedule, `1` means: core 1 executes an instruction, `1d`: its oldest store drains.
    Liveness says whether threads can come to where they never end, and how; waiting that could still end does not count.

    Exit code 1: a test disagrees with --expect, or has executions that never end. 2: a test could not be read or judged;
    the others are.

    \b
    Examples:
      emu litmus SB.litmus                final states, verdict, liveness
      emu litmus SB.litmus --verbose      and how to get to each of them
      emu litmus DIR --expect kinds.txt   a tree against another's verdicts
      emu litmus DIR --junit litmus.xml   a case a test, for a CI server
      emu litmus DIR --model sc --json    what is left without store buffers
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.cli.catalogue import find_machine

    find_machine(machine)
    conditions = Conditions(machine, model, options.whole("cores", cores), options.whole("states-max", states_max))
    where = running.Running(jobs, cluster, store, verify, shard)
    expectation = None
    if expect is not None:
        from emu.litmus.expectation import load_expectation

        expectation = load_expectation(expect)
    output = None if junit is None else options.junit_output(junit, overwrite=overwrite)
    tests = find_tests(paths)
    in_full = verbose or len(tests) <= IN_FULL_MAX
    form = _as_json if as_json else partial(_in_full, schedules=verbose) if in_full else _in_a_line
    begin = time.perf_counter()
    judged: list[Verdict | Refusal] = []
    stopped = False
    with running.many(where, as_json=as_json) as runner, terminal.progress_bar("litmus", "tests") as progress:
        try:
            for done, each in enumerate(run_suite(tests, conditions, runner), 1):
                progress(done, len(tests))
                judged.append(each)
                if isinstance(each, Refusal):
                    terminal.complain(each.message)
                elif as_json or in_full or expectation is None or each.never_ends:
                    (terminal.show_line if as_json else terminal.show_fitting)(form(each))
        except KeyboardInterrupt:
            stopped = True
    verdicts = [each for each in judged if not isinstance(each, Refusal)]
    refused = len(judged) - len(verdicts)
    if not as_json and len(tests) > IN_FULL_MAX:
        from emu.report.litmus_report import Run, render_summary

        run = Run(model, runner.width, refused, time.perf_counter() - begin)
        terminal.show_fitting(render_summary(verdicts, run).rstrip())
    comparison = None if expectation is None else expectation.compare(verdicts)
    if output is not None and not stopped:
        from emu.report.junit import render_junit
        from emu.report.junit_cases import LITMUS, litmus_cases

        output.write(render_junit(LITMUS, litmus_cases(judged, comparison, allow_endless=allow_endless)))
    disagreeing = 0 if comparison is None else _show_comparison(comparison, verdicts, expect, as_json=as_json)
    if stopped:
        raise typer.Exit(terminal.INTERRUPTED)
    if refused:
        raise typer.Exit(UserError.exit_code)
    endless = 0 if allow_endless else sum(bool(verdict.never_ends) for verdict in verdicts)
    failures = [f"{disagreeing} of {len(verdicts)} tests disagree with {expect}"] if disagreeing else []
    if endless:
        failures.append(f"{endless} of {len(verdicts)} tests have executions that never end (--allow-endless accepts them)")
    if failures:
        raise CheckFailed("; ".join(failures))


def _show_comparison(comparison: "Comparison", verdicts: "Sequence[Verdict]", path: Path | None, *, as_json: bool) -> int:
    """Say how the verdicts compare with what was expected; the number of those that disagree."""
    from emu.report.litmus_report import render_comparison

    if as_json:
        for line in render_comparison(comparison).splitlines():
            terminal.complain(line)
    else:
        terminal.show_fitting(render_comparison(comparison).rstrip())
    if verdicts and len(comparison.unexpected) == len(verdicts):
        raise UserError(f"{path} says nothing of any of these tests: it must name them as their files or titles do")
    return len(comparison.disagreements)


def _as_json(verdict: "Verdict") -> str:
    return json.dumps(verdict.to_dict())


def _in_full(verdict: "Verdict", *, schedules: bool) -> str:
    from emu.report.litmus_report import render_test

    return render_test(verdict, schedules=schedules)


def _in_a_line(verdict: "Verdict") -> str:
    from emu.report.litmus_report import render_line

    return render_line(verdict)
