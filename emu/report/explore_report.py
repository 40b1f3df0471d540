"""What an exploration came to: a line a scenario, and a find as columns of what each core did."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emu.report.grid import Column, Grid
from emu.report.page import WIDTH, page
from emu.run.explore_run import Explored, Replayed
from emu.run.hunt import Finding, Hunted
from emu.run.interleaving import Act, Interleaving

SCHEMA, REPLAY_SCHEMA = "emu-explore/1", "emu-replay/1"
MISSED_MOST = 0.99  # a chance to miss that says nothing is not said
COLUMNS = ("<scenario", "~<result", "schedules", "states", "shared words", "+events", "+ordered pairs")


def render_explored(subject: str, explored: Sequence[Explored], *, width: int = WIDTH, colour: bool = False) -> str:
    """All of it as text."""
    fair = any(each.hunted.overtaken is not None for each in explored)
    grid = Grid([Column.parse(each) for each in (*COLUMNS, *(["+overtaken"] if fair else []))], title=f"{subject}: schedules")
    for each in explored:
        hunted = each.hunted
        numbers = (hunted.schedules, hunted.states, hunted.shared_words, hunted.events, hunted.pairs)
        grid.add_row(each.name, result_of(hunted), *(f"{number:,}" for number in numbers), *([_overtaken(hunted)] if fair else []))
    parts: list[RenderableType] = [grid]
    for each in explored:
        if each.hunted.finding is not None:
            parts += ["", *finding_parts(each.name, each.operations, each.hunted.finding), *_replay(each.replay)]
    return page(parts, width=width, colour=colour)


def _overtaken(hunted: Hunted) -> str:
    """The most that was met, or, of all schedules, that there is."""
    if hunted.overtaken is None:
        return ""
    return f"at most {hunted.overtaken}" if hunted.fair else str(hunted.overtaken)


def render_replayed(replayed: Replayed, *, width: int = WIDTH, colour: bool = False) -> str:
    """A find made again."""
    if replayed.finding is None:
        return page([Text(f"{replayed.name}: nothing is wrong with this schedule any more")], width=width, colour=colour)
    return page(finding_parts(replayed.name, replayed.operations, replayed.finding), width=width, colour=colour)


def result_of(hunted: Hunted) -> str:
    """What can be said of a scenario."""
    if hunted.finding is not None:
        return f"[bold red]{hunted.finding.checker}[/]"
    if hunted.exhausted:
        return "good in every schedule"
    missed = (
        "" if hunted.missed is None or hunted.missed > MISSED_MOST else f"; chance to miss a bug of depth 3: {hunted.missed:.2g}"
    )
    to_come = f"; some {about(hunted.to_come)} states to come" if hunted.to_come else ""
    return f"nothing found{missed}{to_come}"


def about(count: int) -> str:
    """A guessed number, as exactly as it is meant; a huge one by its power of ten."""
    return f"{float(f'{count:.1g}'):,.0f}" if count < 10**9 else f"10^{len(str(count)) - 1}"


def how_far(name: str, hunted: Hunted, seconds: float) -> str:
    """A search that goes on, after so many seconds, in a line."""
    if hunted.to_come is not None:
        return f"{name}: {hunted.states:,} states, some {about(hunted.to_come)} to come"
    rate = f", {hunted.schedules / seconds:,.0f} a second" if seconds else ""
    return f"{name}: {hunted.schedules:,} schedules, {hunted.pairs:,} ordered pairs{rate}"


def finding_parts(name: str, operations: str, finding: Finding) -> Iterator[RenderableType]:
    """What is wrong, and how it comes to that."""
    yield Text.assemble((finding.checker, "bold red"), f"  {name}: {operations}")
    yield Padding(Text(finding.summary), (0, 0, 0, 2))
    yield ""
    yield from interleaving_parts(finding.picture)


def interleaving_parts(picture: Interleaving) -> Iterator[RenderableType]:
    """A column a core, as in the comments of the kernel."""
    cores = sorted({act.core for act in picture.acts})
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for core in cores:
        tasks = sorted({act.task for act in picture.acts if act.core == core and act.task >= 0})
        names = ", ".join(f"t{task + 1}" for task in tasks)
        table.add_column(f"CPU {core}" + (f" ({names})" if names else ""), overflow="fold", ratio=1)
    if picture.left_out:
        table.add_row(*(f"… {picture.left_out} steps before" if core == cores[0] else "" for core in cores))
    before = None
    for act in picture.acts:
        routine = act.routine if before is None or (before.core, before.routine) != (act.core, act.routine) else ""
        table.add_row(*(_cell(act, routine) if core == act.core else "" for core in cores))
        before = act
    yield table


def _cell(act: Act, routine: str) -> Text:
    times = f"  ({act.times} times)" if act.times > 1 else ""
    return Text.assemble((f"{routine}: " if routine else "", "bold"), f"{act.words}{times}")


def _replay(text: str) -> Iterator[RenderableType]:
    yield ""
    yield Text("Again: emu replay with")
    yield Text(text, overflow="fold")


def explored_json(explored: Sequence[Explored], asked: dict[str, Any]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "schema": SCHEMA,
        **asked,
        "scenarios": [_scenario_json(each) for each in explored],
        "findings": [
            finding_json(each.name, each.hunted.finding, each.replay) for each in explored if each.hunted.finding is not None
        ],
    }


def _scenario_json(each: Explored) -> dict[str, Any]:
    hunted = each.hunted
    return {
        "name": each.name,
        "operations": each.operations,
        "strategies": hunted.strategies,
        "schedules": hunted.schedules,
        "states": hunted.states,
        "states_to_come": hunted.to_come,
        "transitions": hunted.transitions,
        "exhausted": hunted.exhausted,
        "stopped_by_the_clock": hunted.stopped,
        "shared_words": hunted.shared_words,
        "events": hunted.events,
        "ordered_pairs": hunted.pairs,
        "miss_chance": hunted.missed,
        "overtaken_max": hunted.overtaken,
        "overtaken_proved": hunted.fair,
    }


def finding_json(name: str, finding: Finding, replay: str) -> dict[str, Any]:
    """One find."""
    return {
        "checker": finding.checker,
        "summary": finding.summary,
        "where": finding.where,
        "scenario": name,
        "strategy": finding.strategy,
        "schedules": finding.schedules,
        "replay": replay,
        "schedule": [_act_json(act) for act in finding.picture.acts],
    }


def replayed_json(replayed: Replayed, kind: str, replay: str) -> dict[str, Any]:
    """A find made again."""
    findings = [] if replayed.finding is None else [finding_json(replayed.name, replayed.finding, replay)]
    return {"schema": REPLAY_SCHEMA, "kind": kind, "variant": replayed.subject, "findings": findings}


def _act_json(act: Act) -> dict[str, Any]:
    return {"core": act.core, "task": act.task, "at": act.routine, "does": act.words, "times": act.times, "source": act.source}
