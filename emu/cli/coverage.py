"""`emu coverage`: which branches of the guest's code were taken both ways."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import CheckFailed, EmuError, UserError

if TYPE_CHECKING:
    from emu.observe.branch_record import BranchRecord
    from emu.observe.branches import GuestBranch, Place
    from emu.run.experiment_spec import Experiment

SCHEMA = "emu-coverage/1"
INPUTS = ("--script", "--workload", "--read")
JUDGED = ("--variant", "--routine", "--all", "--exceptions", "--fail-under", "--json")


@together.declare(
    together.Apart("--script", ("--cores", "--messages"), "a script says itself what its tasks do", unless=("--workload",)),
    together.Apart("--read", ("--cores", "--messages"), "what was recorded is not run again", unless=("--workload",)),
    together.Apart("--read", ("--machine",), "what was recorded is not run again", unless=("--workload", "--script")),
    together.Apart("--routine", ("--all",), "a pattern looks among all routines"),
    together.Together(INPUTS, "what was covered by any of them is covered"),
    together.Together((*INPUTS, "--machine", "--cores", "--messages"), "which branches count, and how they are shown", JUDGED),
    together.Together(("--workload", "--machine", "--cores", "--messages"), "each is one figure of the runs"),
    together.Together(("--script", "--read"), "scripts and records count beside the runs", ("--machine", "--cores", "--messages")),
    together.Together(("--variant",), "the variants whose branches are counted", JUDGED[1:]),
    together.Together(("--routine",), "which branches count", ("--exceptions", "--fail-under", "--json")),
    together.Together(JUDGED[2:], "which branches count, which of them are excused, and how the answer is given"),
)
def coverage(
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME|FOLDER", help="A variant; may be given often. Default: all.")
    ] = None,
    script: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Run a script of operations in each variant.")] = None,
    workload: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Run a workload (docs/workloads.md); may be given often.")
    ] = None,
    read: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Count what `pytest --guest-coverage FILE` recorded; may be given often."),
    ] = None,
    routine: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Look at these routines: NAME or FOLDER/NAME, with * and ?.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Look at every routine of the kernel, not only at kernel_snippets.")] = False,
    exceptions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file of ways that no run can go, each with its reason.")
    ] = None,
    fail_under: Annotated[str | None, typer.Option(metavar="PERCENT", help="Exit code 1 below this share.")] = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    cores: options.Cores = None,
    messages: options.Messages = None,
    as_json: options.Json = False,
) -> None:
    """Print which conditional branches of the message path went both ways, and where which way is missing.

    Jumps through a table count too: each entry is a way. A source that serves several variants is counted once.

    \b
    Examples:
      emu coverage --variant wakeq                           of a default run
      emu coverage --script docs/hand-over.script --routine 'do_msg*'
      pytest --guest-coverage branches.json && emu coverage --read branches.json --fail-under 100
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    least = _percent(fail_under) if fail_under is not None else None
    from emu.assembly.variants import broken_variants, get_variant, kernel_sources, variants
    from emu.report.coverage_report import judge, read_exemptions, render_coverage

    names = list(dict.fromkeys(variant or variants()))
    for reason in () if variant else broken_variants().values():
        terminal.complain(f"left out: {reason}")
    every_routine = {each for name in (*names, *variants()) for each in kernel_sources(get_variant(name))}
    exempted = read_exemptions(exceptions) if exceptions is not None else []
    plan = [
        options.experiment(variant=name, machine=machine, cores=cores, messages=messages, workload=work)
        for name in names
        for work in (workload or ([] if script or read else [options.DEFAULT_WORKLOAD]))
    ]
    record = _read(read or [])
    from emu.run.coverage import branches_in

    ran: list[str] = []
    ended = _run(lambda: _run_all(script or [], names, machine, plan, record, ran))
    if isinstance(ended, terminal.Interrupted):
        if not (names := list(dict.fromkeys(ran))):
            raise ended
        ended = terminal.Interrupted(f"everything was run; counted are the branches of {', '.join(names)}")
    chosen = _choose(branches_in(names), routine or [], every)
    elsewhere = every_routine - {branch.routine for branch in chosen}
    found = judge(chosen, record.gone, exempted, elsewhere)

    def show() -> None:
        if as_json:
            plain = {"schema": SCHEMA, "variants": names, "partial": ended is not None, **found.to_dict()}
            terminal.show(json.dumps(plain, indent=2))
        else:
            terminal.show_page(partial(render_coverage, found, stopped=ended is not None))

    def end() -> None:
        if ended is not None:
            raise ended
        if found.wrong:
            raise UserError("; ".join(found.wrong))
        if least is not None and found.percent < least:
            raise CheckFailed(
                f"{found.every_way} of {found.branches} branches went every way: {found.percent:.2f} %, below {least:g} %"
            )

    terminal.each_of(show, end)


def _run(runs: Callable[[], None]) -> EmuError | None:
    """Run everything; what ended it early, by error or by Ctrl-C, is raised once what was covered has been shown."""
    try:
        runs()
    except KeyboardInterrupt:
        return terminal.Interrupted("everything was run")
    except UserError:
        raise
    except EmuError as error:
        return error
    return None


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise UserError(f"fail-under must be a percentage, 0 to 100, not {text!r}")
    return value


def _read(paths: list[Path]) -> "BranchRecord":
    from emu.observe.branch_record import BranchRecord

    whole = BranchRecord()
    for path in paths:
        record = BranchRecord.read(path)
        whole.add(record.gone)
        for file in sorted(record.outdated):
            terminal.complain(f"{path}: {file} has changed since it was recorded and is left out: run the tests again")
    return whole


def _run_all(
    paths: list[Path], names: list[str], machine: str, plan: "list[Experiment]", record: "BranchRecord", ran: list[str]
) -> None:
    """Run scripts and experiments; `ran` gets the variants of those that came to their end."""
    from emu.cli.script import read_script
    from emu.run.coverage import cover_experiment, cover_script
    from emu.subjects.ipc_msg.script.check import mismatches

    for script in [read_script(path) for path in paths]:
        for name in names:
            for line in mismatches(script, cover_script(script, name, machine, record)):
                terminal.complain(f"{name}: {line}")
            ran.append(name)
    for experiment in plan:
        cover_experiment(experiment, record)
        ran.append(experiment.variant)


def _choose(branches: "list[GuestBranch]", globs: list[str], every: bool) -> "list[GuestBranch]":
    """The branches to look at; a pattern that matches no routine is refused."""
    if not globs:
        return branches if every else [branch for branch in branches if not branch.place.file.startswith("firmware/")]
    chosen: dict[Place, GuestBranch] = {}
    for glob in globs:
        matched = [
            each for each in branches if any(fnmatchcase(name, glob) for name in (each.routine, f"{each.folder}/{each.routine}"))
        ]
        if not matched:
            raise UserError(f"no routine with a branch is called {glob!r}; `emu coverage --all` lists them")
        chosen.update((each.place, each) for each in matched)
    return [chosen[place] for place in sorted(chosen)]
