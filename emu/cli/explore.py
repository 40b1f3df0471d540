"""`emu explore`: schedules of a variant's path, or of a lock, that go wrong; `emu replay`: one of them again."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import boot_explore, debugging, options, running, terminal, together
from emu.errors import CheckFailed, UserError
from emu.explore.replay_string import decode, encode
from emu.image import PREEMPT_DEFAULT
from emu.runner.runner import Runner
from emu.whole import whole

if TYPE_CHECKING:
    from emu.run.explore_run import Explored, ExplorePlan
    from emu.run.hunt import Hunted
    from emu.run.lock_explore import LockPlan
    from emu.subjects.ipc_msg.script.script import Script

BUDGET = "60s"
OF_ALL = ("--strategy", "--budget", "--with", "--without", "--machine", "--seed", "--json", "--junit", "--overwrite")
WHAT = ("--variant", "--preempt")
OF_VARIANT = (*WHAT, "--jobs")
OF_LOCK = ("--cores", "--rounds", "--word")


@together.declare(
    *running.rules(*OF_ALL, *WHAT, "--script", "--scenario", ineffective=("--junit", "--overwrite")),
    together.Needs(("--overwrite",), "--junit", "no other file is written"),
    together.Apart("--script", ("--scenario",), "a script is a scenario of its own"),
    together.Apart("LOCK", ("--script", "--scenario", *running.ELSEWHERE, *OF_VARIANT), "a lock is searched alone, in one process"),
    together.Needs(OF_LOCK, "LOCK", "it says how a lock is used"),
    together.Together((*OF_ALL, *OF_VARIANT), "each is one condition of the search, or the form of the answer"),
    together.Together((*OF_ALL, *OF_LOCK), "the same of a lock"),
    together.Together(("--script", "--scenario"), "they say what is searched, the others how", (*OF_ALL, *OF_VARIANT)),
)
def explore(
    lock: Annotated[
        str | None,
        typer.Argument(metavar="LOCK", help="Of a lock instead: ./my-lock.S, or tas, ttas, ticket, mcs, clh, qspinlock, rwlock."),
    ] = None,
    variant: options.Variant = options.DEFAULT_VARIANT,
    scenario: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One of the scenarios (default: all). May be repeated.")
    ] = None,
    script: Annotated[Path | None, typer.Option(metavar="FILE", help="A script whose last line overlaps: `t1: … & t2: …`.")] = None,
    strategy: Annotated[
        str,
        typer.Option(metavar="HOW", help="random, pct:D, pos, surw, exhaustive; auto: walks, then all orders if time allows."),
    ] = "auto",
    budget: Annotated[
        str, typer.Option(metavar="60s|N", help="Seconds for all, or schedules of each strategy and scenario.")
    ] = BUDGET,
    with_too: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="CHECKER", help="What is looked at only if asked for: data-race; fairness of a lock."),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(metavar="CHECKER", help="Leave a checker out. May be repeated.")] = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    seed: Annotated[str, typer.Option(metavar="N", help="Of the strategies' random numbers.")] = "1",
    jobs: running.Jobs = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    shard: running.ShardOf = None,
    preempt: Annotated[str, typer.Option(metavar="KIND", help="Preemption in the kernel: none, or rt.")] = PREEMPT_DEFAULT,
    cores: Annotated[str, typer.Option(metavar="N", help="Of a lock: how many cores take it.")] = "3",
    rounds: Annotated[str, typer.Option(metavar="N,...", help="Of a lock: how often each takes it, one search each.")] = "1,2",
    word: Annotated[str, typer.Option(metavar="N", help="Of a lock: its first eight bytes at the beginning.")] = "0",
    junit: options.Junit = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Find the schedule that breaks a variant of the message path, or a lock.

    Each scenario is a few system calls at once. Cores, store buffers and interrupts are chosen step by step, by chance
    or through all orders; every schedule is watched by checkers and judged at its end. What is found is made as simple
    as it gets, shown core by core, and can be had again: `emu replay STRING`. A LOCK is a file as `emu bench` takes it:
    some cores take it, add to a counter and give it back.

    Exit code 1: something was found. docs/explore.md says what the checkers see, and what they cannot.

    \b
    Examples:
      emu explore --variant wakeq-release          the bug of 2020, found
      emu explore --variant wakeq --budget 10000   nothing, in how many schedules
      emu explore --variant wakeq --scenario two-receivers --strategy exhaustive
      emu explore ./my-lock.S                      every order of 3 cores that take a lock
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.cli.catalogue import find_machine, points
    from emu.report.explore_report import explored_json, render_explored
    from emu.run import explore_run, lock_explore
    from emu.run.extent import Extent, checkers_off

    find_machine(machine)
    output = None if junit is None else options.junit_output(junit, overwrite=overwrite)
    seconds, schedules = options.budget(budget)
    how = Extent(strategy, float("inf") if seconds is None else seconds, schedules, options.whole("seed", seed))
    if lock is None:
        points(variant)
        off = checkers_off(with_too or (), without or (), explore_run.CHECKERS, explore_run.OPTIONAL, strategy)
        plan = explore_run.ExplorePlan(variant, _chosen(scenario, script), machine, how, preempt, off)
        subject = _of_variant(plan)
    else:
        count, first = options.whole("cores", cores), whole("word", word, hexadecimal=True)
        off = checkers_off(with_too or (), without or (), lock_explore.CHECKERS, lock_explore.OPTIONAL, strategy)
        subject = _of_lock(lock_explore.LockPlan(lock, machine, count, options.whole_list("rounds", rounds), first, how, off))
    asked = {"machine": machine, "strategy": strategy, "budget": budget}
    if store is not None and seconds is not None:
        raise UserError("--store keeps what no clock decides: give --budget as a number of schedules, not as seconds")
    where = running.many(running.Running(jobs, cluster, store, verify, shard), as_json=as_json)
    with where as runner, terminal.interruptible() as interrupt, terminal.progress_bar(subject.name, "scenarios") as bar:
        interrupt.begin()
        explored = list(subject.search(runner, bar, interrupt.should_stop))
        stopped = interrupt.should_stop()
    if not explored:
        raise terminal.Interrupted("a scenario had been explored")
    if as_json:
        terminal.show(json.dumps(explored_json(explored, asked | subject.asked), indent=2))
    else:
        terminal.show_page(partial(render_explored, subject.name, explored))
    if output is not None and not stopped:
        from emu.report.junit import render_junit
        from emu.report.junit_cases import explore_cases

        output.write(render_junit(subject.name, explore_cases(subject.name, subject.parts, explored)))
    found = explored[-1].hunted.finding
    if found is not None:
        raise CheckFailed(f"{subject.name}: {explored[-1].name}: {found.checker}: {found.summary}")
    if stopped:
        raise typer.Exit(terminal.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is explored: its name, what was asked of it, its parts, and their search."""

    name: str
    asked: dict[str, Any]
    parts: list[str]
    search: "Callable[[Runner, terminal.Progress, Callable[[], bool]], Iterator[Explored]]"


def _of_variant(plan: "ExplorePlan") -> _Subject:
    from emu.run import explore_run

    names = [each.name for each in plan.scenarios]
    asked = {"variant": plan.variant, "preempt": plan.preempt}
    return _Subject(plan.variant, asked, names, partial(explore_run.explore, plan))


def _of_lock(plan: "LockPlan") -> _Subject:
    from emu.report.explore_report import how_far
    from emu.run import lock_explore

    began: dict[str, float] = {}

    def watch(name: str, hunted: "Hunted") -> None:
        now = time.monotonic()
        terminal.say_in_bar(how_far(name, hunted, now - began.setdefault(name, now)))

    asked = {"lock": plan.lock, "cores": plan.cores, "rounds": list(plan.rounds), "word": plan.word}
    return _Subject(
        plan.lock, asked, plan.names, lambda runner, bar, should_stop: lock_explore.explore(plan, bar, should_stop, watch)
    )


@together.declare(together.Together(("--gdb",), "what has been debugged is shown as ever", ("--json",)))
def replay(
    text: Annotated[str, typer.Argument(metavar="STRING", help="What `emu explore`, or `emu boot --explore`, printed: emu1:…")],
    gdb: Annotated[
        str | None,
        typer.Option(metavar="PORT", help="Let gdb have the schedule, forwards and backwards (docs/debug.md)."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a schedule again that was found to go wrong, step by step the same. Exit code 1: it still does.

    \b
    Examples:
      emu replay "$(cat find.txt)"
      emu replay "$(cat find.txt)" --gdb 1234     then: gdb -ex 'target remote :1234'
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.report.explore_report import render_replayed, replayed_json
    from emu.run import explore_run, lock_explore
    from emu.subjects.kernel.explore.spec import KIND as KERNEL

    read = decode(text)
    if read.kind == KERNEL:
        if gdb is not None:
            debugging.debug_replay(text, read, gdb, as_json=as_json)
        boot_explore.again(text, read, as_json=as_json)
    reopen_of = {explore_run.KIND: explore_run.reopen, lock_explore.KIND: lock_explore.reopen}
    if read.kind not in reopen_of:
        raise UserError(f"a replay string of kind {read.kind!r}, and this emu knows {', '.join(reopen_of)} and {KERNEL}")
    reopened = reopen_of[read.kind](read)
    if gdb is not None:
        debugging.debug_scene(reopened, gdb)
    replayed = reopened.replayed()
    found = replayed.finding
    if as_json:
        again = "" if found is None else encode(read.kind, read.header, found.tokens)
        terminal.show(json.dumps(replayed_json(replayed, read.kind, again), indent=2))
    else:
        terminal.show_page(partial(render_replayed, replayed))
    if found is not None:
        raise CheckFailed(f"{replayed.subject}: {replayed.name}: {found.checker}: {found.summary}")


def _chosen(names: Sequence[str] | None, script: Path | None) -> "tuple[Script, ...]":
    from emu.cli.script import read_script
    from emu.run.explore_run import scenarios

    if script is not None:
        return (read_script(script),)
    known = scenarios()
    for name in names or ():
        if name not in known:
            raise UserError(f"scenario: wanted one of {', '.join(known)}, got {name!r}")
    return tuple(known[name] for name in names or known)
