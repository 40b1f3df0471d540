"""Litmus tests as text: one test in herd's words, many a line each, and how they compare with an expectation."""

from collections.abc import Sequence
from dataclasses import dataclass

from emu.litmus.expectation import Comparison
from emu.litmus.verdict import KINDS, Verdict

NAMED_MAX = 10  # how many of the tests without a counterpart are named


@dataclass(frozen=True, slots=True)
class Run:
    """What a summary says of the run itself."""

    model: str
    jobs: int
    refused: int
    seconds: float


def render_test(verdict: Verdict, *, schedules: bool = False) -> str:
    """One test as herd7 prints it; with `schedules`, behind each state one that leads to it."""
    states = verdict.shown
    if schedules:
        states = tuple(f"{state}  by {way}" for state, way in zip(states, verdict.schedules, strict=True))
    lines = [
        f"Test {verdict.name} {KINDS[verdict.quantifier]}",
        f"States {len(verdict.states)}",
        *states,
        "Ok" if verdict.holds else "No",
        "Witnesses",
        f"Positive: {verdict.positive} Negative: {verdict.negative}",
        f"Condition {verdict.quantifier} {verdict.condition}",
        f"Observation {verdict.name} {observation(verdict)}",
        *(_liveness(verdict) or ["Liveness from every state an end can be reached"]),
        *(f"Note {note}" for note in verdict.notes),
        f"{verdict.word}: {verdict.states_explored} states explored in {verdict.milliseconds:.1f} ms",
    ]
    return "\n".join(lines) + "\n"


def _liveness(verdict: Verdict) -> list[str]:
    """A line for each way in which threads never end."""
    return [
        f"Liveness {each.words}, {f'by {each.schedule}' if each.schedule else 'from the beginning'}" for each in verdict.never_ends
    ]


def observation(verdict: Verdict) -> str:
    """Herd's summary of a test, e.g. `Sometimes 1 3`."""
    return f"{verdict.observation} {verdict.positive} {verdict.negative}"


def render_line(verdict: Verdict) -> str:
    """One of many tests; below it, what never ends."""
    fulfilled = "Ok" if verdict.holds else "No"
    line = f"{verdict.word:<7} {fulfilled:<3} {observation(verdict):<17} {verdict.name}  {verdict.path}"
    return "\n".join((line, *(f"        {each}" for each in _liveness(verdict))))


def render_summary(verdicts: Sequence[Verdict], run: Run) -> str:
    """Totals of many tests."""
    allowed = sum(verdict.positive > 0 for verdict in verdicts)
    explored = sum(verdict.states_explored for verdict in verdicts)
    parts = [f"{len(verdicts)} tests under {run.model}", f"{allowed} Allow", f"{len(verdicts) - allowed} Forbid"]
    if endless := sum(bool(verdict.never_ends) for verdict in verdicts):
        parts.append(f"{endless} with executions that never end")
    if run.refused:
        parts.append(f"{run.refused} could not be judged")
    rate = len(verdicts) / run.seconds if run.seconds else 0.0
    effort = f"{explored:,} states explored in {run.seconds:.1f} s by {run.jobs} process{'es' if run.jobs > 1 else ''}"
    return f"{', '.join(parts)}\n{effort}, {rate:.0f} tests/s\n"


def render_comparison(comparison: Comparison) -> str:
    """Disagreements, one a line, then the count."""
    lines = [
        f"disagrees: {each.verdict.path}: expected {each.expected}, got {each.got} ({observation(each.verdict)})"
        for each in comparison.disagreements
    ]
    total = comparison.agreeing + len(comparison.disagreements)
    lines.append(f"{comparison.agreeing} of {total} agree")
    lines += _named("tests have no expectation", [verdict.path for verdict in comparison.unexpected])
    lines += _named("expectations have no test", comparison.missing)
    return "\n".join(lines) + "\n"


def _named(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f", and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return [f"{len(names)} {what}: {', '.join(names[:NAMED_MAX])}{more}"]
