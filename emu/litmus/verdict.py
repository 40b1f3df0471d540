"""What the final states of a test mean: herd's words for them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emu.explore.explorer import RUNS, STANDS, WAITS, Endless
from emu.litmus.batch import Finding
from emu.litmus.condition import evaluate
from emu.litmus.test import LitmusTest, Observable, Register

SCHEMA = "emu-litmus/1"
KINDS = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}
_LOADS_TWICE = re.compile(r"(?:^|\s)(cmps[bwldq])$", re.IGNORECASE)
_VERBS = {WAITS: "wait", RUNS: "run", STANDS: "stand still"}


@dataclass(frozen=True, slots=True)
class NeverEnds:
    """A way in which threads never end, in words (`P1 can wait for ever`), and a schedule that leads there."""

    words: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test, judged. Final states count that pass the test's filter; `satisfying` says which satisfy the bare condition.

    A test of which some executions never end has final states all the same: those of the others.
    """

    path: str
    name: str
    quantifier: str
    condition: str
    observed: tuple[str, ...]  # what a state's values are of, as the test writes it
    states: tuple[tuple[int, ...], ...]
    shown: tuple[str, ...]  # each state in herd's form
    satisfying: tuple[bool, ...]
    schedules: tuple[str, ...]  # for each state, one that leads to it
    never_ends: tuple[NeverEnds, ...]  # empty: from everywhere an end can be reached
    notes: tuple[str, ...]  # where a processor can do more than this exploration
    states_explored: int
    transitions: int
    milliseconds: float

    @property
    def positive(self) -> int:
        """Final states that satisfy the bare condition."""
        return sum(self.satisfying)

    @property
    def negative(self) -> int:
        """Final states that do not."""
        return len(self.satisfying) - self.positive

    @property
    def holds(self) -> bool:
        """Whether the quantified condition is true over all final states."""
        return {"exists": self.positive > 0, "~exists": self.positive == 0, "forall": self.negative == 0}[self.quantifier]

    @property
    def word(self) -> str:
        """Allow or Forbid: whether some final state satisfies the bare condition."""
        return "Allow" if self.positive else "Forbid"

    @property
    def observation(self) -> str:
        """Always, Sometimes or Never, as herd says it."""
        if not self.positive:
            return "Never"
        return "Sometimes" if self.negative else "Always"

    def to_dict(self) -> dict[str, object]:
        """The test as `--json` prints it."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "name": self.name,
            "quantifier": self.quantifier,
            "holds": self.holds,
            "verdict": self.word,
            "states": [dict(zip(self.observed, state, strict=True)) for state in self.states],
            "states_explored": self.states_explored,
            "milliseconds": round(self.milliseconds, 3),
            "observation": self.observation,
            "positive": self.positive,
            "negative": self.negative,
            "schedules": list(self.schedules),
            "never_ends": [each.schedule for each in self.never_ends],
            "liveness": [each.words for each in self.never_ends],
            "notes": list(self.notes),
        }


def judge(test: LitmusTest, found: Finding, addresses: Mapping[str, int], milliseconds: float) -> Verdict:
    """Judge what the exploration of a test found."""
    kept = []
    for state, schedule in zip(found.states, found.schedules, strict=True):
        values = dict(zip(test.observed, state, strict=True))
        if test.filter is None or evaluate(test.filter, values, addresses):
            kept.append((state, schedule, values))
    return Verdict(
        path=test.path,
        name=test.name,
        quantifier=test.quantifier,
        condition=test.condition_text,
        observed=tuple(label(each) for each in test.observed),
        states=tuple(state for state, _, _ in kept),
        shown=tuple(_shown(values, addresses) for _, _, values in kept),
        satisfying=tuple(evaluate(test.condition, values, addresses) for _, _, values in kept),
        schedules=tuple(schedule for _, schedule, _ in kept),
        never_ends=tuple(NeverEnds(_words(endless), schedule) for endless, schedule in found.endless),
        notes=tuple(_notes(test)),
        states_explored=found.states_explored,
        transitions=found.transitions,
        milliseconds=milliseconds,
    )


def _notes(test: LitmusTest) -> Iterator[str]:
    for thread in test.threads:
        if match := next(filter(None, map(_LOADS_TWICE.search, thread.written)), None):
            yield f"P{thread.index}: {match.group(1)} loads both operands at one time here; on a processor stores may come between"


def _words(endless: Endless) -> str:
    """What each thread that never ends can do: `P0 and P2 can wait for ever, P1 can stand still for ever`."""
    threads: dict[str, list[str]] = {}
    for thread, fate in endless:
        threads.setdefault(fate, []).append(f"P{thread}")
    return ", ".join(f"{' and '.join(names)} can {_VERBS[fate]} for ever" for fate, names in threads.items())


def label(observable: Observable) -> str:
    """What stands before the equals sign: `0:EAX`, `x`, `x[1]`."""
    if isinstance(observable, Register):
        return f"{observable.thread}:{observable.text or observable.name}"
    return f"{observable.location}[{observable.index}]" if observable.index else observable.location


def _shown(values: Mapping[Observable, int], addresses: Mapping[str, int]) -> str:
    names = {address: name for name, address in addresses.items()}
    return " ".join(f"{label(what)}={names.get(value, value)};" for what, value in values.items())
