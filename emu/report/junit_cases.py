"""Litmus tests and explorations as cases for JUnit."""

from collections.abc import Sequence
from typing import Any

from emu.litmus.expectation import Comparison
from emu.litmus.suite import Refusal
from emu.litmus.verdict import Verdict
from emu.report.explore_report import finding_parts, result_of
from emu.report.junit import Case, Outcome
from emu.report.litmus_report import observation, render_test
from emu.report.page import WIDTH, page
from emu.run.explore_run import Explored

LITMUS = "litmus"


def litmus_cases(judged: Sequence[Verdict | Refusal], comparison: Comparison | None, *, allow_endless: bool) -> list[Case]:
    """A case a test: failed if it disagrees or never ends, skipped if nothing was expected of it although of others it was."""
    disagreeing = {id(each.verdict): each for each in comparison.disagreements} if comparison is not None else {}
    unexpected = {id(each) for each in comparison.unexpected} if comparison is not None else set()
    cases = []
    for each in judged:
        if isinstance(each, Refusal):
            cases.append(Case(each.path, LITMUS, Outcome.ERROR, each.message, file=each.path))
            continue
        known: dict[str, Any] = {"seconds": each.milliseconds / 1e3, "file": each.path, "text": render_test(each, schedules=True)}
        wrong = []
        if other := disagreeing.get(id(each)):
            wrong.append(f"expected {other.expected}, got {other.got} ({observation(each)})")
        if not allow_endless:
            wrong += [f"{way.words}, {f'by {way.schedule}' if way.schedule else 'from the beginning'}" for way in each.never_ends]
        outcome = Outcome.FAILURE if wrong else Outcome.SKIPPED if id(each) in unexpected else Outcome.PASSED
        said = "; ".join(wrong) or ("nothing is expected of it" if outcome is Outcome.SKIPPED else "")
        cases.append(Case(each.name, LITMUS, outcome, said, **known))
    return cases


def explore_cases(variant: str, names: Sequence[str], explored: Sequence[Explored]) -> list[Case]:
    """A case a scenario: failed with its schedule and its replay string, skipped if the search ended before it."""
    done = {each.name: each for each in explored}
    return [_scenario(variant, name, done.get(name)) for name in names]


def _scenario(variant: str, name: str, explored: Explored | None) -> Case:
    if explored is None:
        return Case(name, variant, Outcome.SKIPPED, "not explored: the search ended with the find in another scenario")
    finding = explored.hunted.finding
    if finding is None:
        text = f"{result_of(explored.hunted)}; {explored.hunted.schedules:,} schedules, {explored.hunted.states:,} states"
        return Case(name, variant, message=text)
    picture = page(finding_parts(name, explored.operations, finding), width=WIDTH, colour=False)
    return Case(
        name,
        variant,
        Outcome.FAILURE,
        f"{finding.checker}: {finding.summary}",
        f"{picture}\nemu replay {explored.replay}\n",
    )
