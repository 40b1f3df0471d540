"""How long system calls of a real kernel are, from a walked trace of it: means a call, a function, a hold of each lock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emu.errors import CheckFailed
from emu.subjects.kernel.call_table import numbers
from emu.subjects.kernel.trace_header import NO_LOCK
from emu.subjects.kernel.vectors import vector_name
from emu.subjects.path.sections import Outcome
from emu.subjects.path.tally import Means
from emu.subjects.path.walk import IDLE, USER, Episode, Hold, Rules, Walk, function_means
from emu.trace.coherence_replay import Event

# What wakes a task at once, and what puts it on a list of those to wake when the lock is free.
WAKES = frozenset({"try_to_wake_up", "wake_q_add", "wake_q_add_safe"})
AT_ONCE = "try_to_wake_up"
VECTORS = 256


def rules(calls: Sequence[str]) -> Rules:
    """What to look for in a trace of a kernel."""
    return Rules(
        numbers=numbers(calls),
        holds_of=lambda lock: lock != NO_LOCK,
        wakes=WAKES,
        interrupts={vector: vector_name(vector) for vector in range(VECTORS)},
    )


@dataclass(frozen=True, slots=True)
class Section:
    """Holds of one lock in one call that came to the same."""

    call: str
    lock: str
    outcome: Outcome
    holds: int
    means: Means  # a hold
    held: Mapping[str, Means]  # of each function in one
    woken_by: str  # how, in most of them

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "call": self.call,
            "lock": self.lock,
            "outcome": self.outcome.value,
            "holds": self.holds,
            "woken_by": self.woken_by,
            **self.means.to_dict(),
            "functions": {name: means.to_dict() for name, means in self.held.items()},
        }


@dataclass(frozen=True, slots=True)
class CallLengths:
    """Means over the calls that were looked at. `contexts` and `functions` have each call's a call, and all else's a unit.

    A unit is one call of the first kind; what else it costs is the idle task, each kind of interrupt and the program.
    """

    counts: Mapping[str, int]  # calls looked at
    contexts: Mapping[str, Means]
    functions: Mapping[str, Mapping[str, Means]]
    sections: Sequence[Section]  # the longest in sum first, call by call
    transfers: Mapping[str, float]  # a unit, by kind
    objects: Mapping[str, float]  # a unit, by object

    def wakes_at_once(self, call: str) -> bool:
        """Whether a call wakes others while it holds the lock that it sleeps with, rather than when it has let it go."""
        section = self.section(call, Outcome.WAKES)
        return section is not None and section.woken_by == AT_ONCE

    def section(self, call: str, outcome: Outcome) -> Section | None:
        """The holds of the lock that calls sleep with."""
        wanted = call, self.sleeping_lock, outcome
        return next((each for each in self.sections if (each.call, each.lock, each.outcome) == wanted), None)

    @property
    def sleeping_lock(self) -> str | None:
        """The lock that calls let go last before they sleep: the one of what they wait for."""
        sleeps = [each for each in self.sections if each.outcome is Outcome.SLEEPS]
        return max(sleeps, key=lambda each: each.holds).lock if sleeps else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "system_calls": {name: {"count": count, **self.contexts[name].to_dict()} for name, count in self.counts.items()},
            "per_unit": {name: means.to_dict() for name, means in self.contexts.items() if name not in self.counts},
            "functions": {
                context: {name: means.to_dict() for name, means in found.items()} for context, found in self.functions.items()
            },
            "sections": [section.to_dict() for section in self.sections],
            "transfers_per_unit": dict(self.transfers),
            "transfers_by_object": dict(self.objects),
        }


def measure(walk: Walk, calls: Sequence[str], warm_up: int, tail: int, kind_of: Callable[[int], str]) -> CallLengths:
    """Means over the complete calls between the first `warm_up` and the last `tail` of the first kind.

    A call that was never made, or too seldom, is a `CheckFailed`.
    """
    places = [each.first for each in walk.episodes if each.kind == calls[0] and each.over]
    _check(walk, calls, len(places), warm_up + tail)
    begin, end = places[warm_up], places[-tail] if tail else walk.episodes[-1].first + 1
    episodes = [each for each in walk.episodes if begin <= each.first < end and (each.over or each.kind not in calls)]
    by_kind = dict[str, list[Episode]]()
    for each in episodes:
        by_kind.setdefault(each.kind, []).append(each)
    units = len(by_kind[calls[0]])
    over = {kind: len(found) if kind in calls else units for kind, found in by_kind.items()}
    moved = [(event, address) for place, event, address in walk.transfers if begin <= place < end]
    return CallLengths(
        counts={call: over.get(call, 0) for call in calls},
        contexts={
            kind: Means.of([each.total() for each in by_kind.get(kind, [])], over.get(kind)) for kind in _order(by_kind, calls)
        },
        functions={kind: function_means(by_kind.get(kind, []), over.get(kind)) for kind in _order(by_kind, calls)},
        sections=_sections([hold for hold in walk.holds if begin <= hold.first < end and hold.over], calls),
        transfers={event.name.lower(): sum(each is event for each, _ in moved) / units for event in Event if event},
        objects=_rates([kind_of(address) for _, address in moved], units),
    )


def _check(walk: Walk, calls: Sequence[str], count: int, needed: int) -> None:
    for call in calls:
        if not any(each.kind == call and each.over for each in walk.episodes):
            others = sorted({each.kind for each in walk.episodes} & set(calls))
            made = f"; it made {', '.join(others)}" if others else ""
            raise CheckFailed(
                f"the program made no whole call of {call} in the region{made}: name others with --calls, or another program"
            )
    if count <= needed:
        raise CheckFailed(f"the program made {count} calls of {calls[0]}: too few, {needed} are not steady state")


def _order(found: Mapping[str, object], calls: Sequence[str]) -> list[str]:
    """The calls, the idle task, interrupts, other calls and the program."""
    rest = sorted(kind for kind in found if kind not in (*calls, IDLE, USER))
    return [*calls, *(kind for kind in (IDLE, *rest, USER) if kind in found)]


def _sections(holds: Sequence[Hold], calls: Sequence[str]) -> list[Section]:
    kinds = dict[tuple[str, str, Outcome], list[Hold]]()
    for hold in holds:
        if hold.episode.kind in calls:
            kinds.setdefault((hold.episode.kind, hold.name, hold.outcome), []).append(hold)
    found = []
    for (call, lock, outcome), those in kinds.items():
        wakers = [hold.woken_by for hold in those]
        woken_by = max(sorted(set(wakers)), key=wakers.count)
        means = Means.of([hold.total() for hold in those])
        found.append(Section(call, lock, outcome, len(those), means, function_means(those), woken_by))
    return sorted(found, key=lambda each: (calls.index(each.call), -each.holds * each.means.instructions, each.lock))


def _rates(names: Sequence[str], units: int) -> dict[str, float]:
    counts = {name: names.count(name) / units for name in set(names)}
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
