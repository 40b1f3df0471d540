"""Many schedules, in one process or several: the find with the lowest number counts, so that it does not matter in how many."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from emu.boot.run import Watchers
from emu.explore.strategy.records import PCT, STRATEGIES
from emu.runner.kind import Kind
from emu.runner.outcome import ShouldStop, Stopped
from emu.runner.runner import Progress, Runner
from emu.subjects.kernel.explore.exploration import Exploration, Find, Judged
from emu.subjects.kernel.explore.spec import ExploreSpec

CHUNK = 8  # schedules that a process makes at a time,
BATCH = 2048  # and that are handed out at a time
SCHEMA = "emu-boot-explore/1"
_known: dict[ExploreSpec, Exploration] = {}  # of a process that has chunks to do


@dataclass(slots=True)
class Searched:
    """What a search has come to."""

    spec: ExploreSpec
    shared_words: int
    events: int  # of a schedule, about
    schedules: int = 0
    fair: int = 0  # of them, those that had to go on fairly
    instructions: int = 0
    accesses: int = 0
    late: int = 0
    digests: set[str] = field(default_factory=set)  # different orders of accesses
    pairs: set[int] = field(default_factory=set)  # ordered pairs of accesses by two cores to a word
    seconds: float = 0.0
    bounded: bool = False  # by the time, not by the number
    find: Find | None = None

    @property
    def chance(self) -> float | None:
        """The least chance of one schedule to hit a bug of PCT's depth."""
        strategy, agents = self.spec.strategy, 2 * self.spec.boot.cpus
        return 1 / (agents * max(self.events, 1) ** (strategy.depth - 1)) if strategy.kind == PCT else None

    def take(self, judged: Judged) -> None:
        """One more schedule."""
        self.schedules += 1
        self.fair += judged.fair
        self.instructions += judged.instructions
        self.accesses += judged.accesses
        self.late += judged.late
        self.digests.add(judged.digest)
        self.pairs.update(judged.pairs)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        spec = self.spec
        return {
            "schema": SCHEMA,
            "kernel": str(spec.boot.kernel),
            "program": None if spec.boot.program is None else str(spec.boot.program),
            "cpus": spec.boot.cpus,
            "from": str(spec.start),
            "to": None if spec.stop is None else str(spec.stop),
            "strategy": STRATEGIES[spec.strategy.kind],
            "depth": spec.strategy.depth if spec.strategy.kind == PCT else None,
            "seed": spec.strategy.seed,
            "schedules": self.schedules,
            "schedules_distinct": len(self.digests),
            "schedules_fair": self.fair,
            "ordered_pairs": len(self.pairs),
            "bounded_by_time": self.bounded,
            "host_seconds": round(self.seconds, 3),
            "shared_words": self.shared_words,
            "events": self.events,
            "instructions": self.instructions,
            "accesses": self.accesses,
            "accesses_late": self.late,
            "chance_of_depth": self.chance,
            "findings": [] if self.find is None else [find_dict(self.find)],
        }


def find_dict(find: Find) -> dict[str, Any]:
    """A find for --json."""
    failure = find.failure
    return {
        "checker": failure.checker,
        "summary": failure.summary,
        "where": failure.where,
        "replay": find.replay,
        "digest": find.digest,
        "number": find.number,
        "switches": find.switches,
        "schedule": [
            {"cpu": row.cpu, "where": row.where, "action": row.action, "what": row.what, "value": row.value, "skipped": row.skipped}
            for row in find.rows
        ],
        "console": find.console,
    }


def replay_dict(kind: str, find: Find) -> dict[str, Any]:
    """A find that was run again, for --json."""
    return {"schema": "emu-replay/1", "kind": kind, "findings": [find_dict(find)]}


def search(spec: ExploreSpec, watchers: Watchers, runner: Runner, *, seconds: float | None, progress: Progress) -> Searched:
    """Schedules 1, 2, ... until one fails, all are made, or the time is over."""
    exploration = Exploration(spec, watchers)
    explorer = exploration.explorer
    searched = Searched(spec, explorer.shared_words, explorer.events)
    began = time.monotonic()

    def over() -> bool:
        searched.bounded = seconds is not None and time.monotonic() - began >= seconds
        return searched.bounded or watchers.should_stop()

    failed = None
    for judged in _all(exploration, runner, over):
        searched.take(judged)
        progress(searched.schedules, spec.schedules)
        if judged.failure is not None:
            failed = judged
            break
    searched.seconds = time.monotonic() - began
    if failed is not None:
        searched.bounded = False
        searched.find = exploration.find(failed)
    return searched


def _all(exploration: Exploration, runner: Runner, over: ShouldStop) -> Iterator[Judged]:
    """Every schedule, judged, in the order of their numbers."""
    spec = exploration.spec
    _known[spec] = exploration
    chunk = CHUNK if runner.width > 1 else 1
    batches = (list(_calls(spec, first, chunk)) for first in range(1, spec.schedules + 1, BATCH))
    try:
        for outcome in runner.run_batches(SCHEDULES, batches, over):
            yield from outcome.result()
    finally:
        del _known[spec]


Call = tuple[ExploreSpec, int, int]


def _calls(spec: ExploreSpec, batch: int, chunk: int) -> Iterator[Call]:
    end = min(batch + BATCH, spec.schedules + 1)
    return ((spec, first, min(first + chunk, end)) for first in range(batch, end, chunk))


def _chunk(call: Call, should_stop: ShouldStop) -> list[Judged]:
    """Some schedules, in a process that keeps its machine; behind one that fails no other counts."""
    spec, first, end = call
    if spec not in _known:
        _known[spec] = Exploration(spec, Watchers())
    made: list[Judged] = []
    for number in range(first, end):
        if should_stop():
            raise Stopped
        made.append(_known[spec].judge(number))
        if made[-1].failure is not None:
            break
    return made


SCHEDULES = Kind("schedules", _chunk, lambda call: f"schedules {call[1]} to {call[2] - 1}")
