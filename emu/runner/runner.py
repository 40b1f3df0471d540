"""Many calls of one kind, in order, wherever they are carried out and whatever is kept of them: where all that run many meet."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import ceil
from types import TracebackType
from typing import Generic

from emu import compiled
from emu.errors import EmuError
from emu.runner.executor import Executor
from emu.runner.kind import Keeping, Kind, SameFiles, difference
from emu.runner.local import Local
from emu.runner.outcome import C, Outcome, R, ShouldStop, Stopped, WorkerLost, never
from emu.runner.shard import Shard
from emu.runner.store import Damaged, Entry, Question, Store

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """What hears of progress and says nothing."""


def first_alone(package: str = compiled.ENGINE) -> tuple[int, ...]:
    """Waves in which the first call compiles what is not kept yet, that of `package` too: once, not in every process at a time."""
    if compiled.is_ready(package):
        return ()
    compiled.tell(0, 0)
    return (1,)


@dataclass(slots=True)
class Tally:
    """What a runner has had to do."""

    calls: int = 0
    kept: int = 0  # of them, those whose answer was there
    done: int = 0  # those that were carried out, again ones among them
    again: int = 0
    differences: list[str] = field(default_factory=list)  # of those again: what differs from what was kept


@dataclass(frozen=True, slots=True)
class Kept(Generic[R]):
    """An entry, and the answer that is in it."""

    entry: Entry
    value: R


class ShardDone(Exception):
    """Occurs when a shard's calls are done: the other shards have the rest, so that there is nothing more to do here."""

    def __init__(self, shard: Shard, tally: Tally, failed: EmuError | None) -> None:
        """With the first error, if a call failed."""
        super().__init__(str(shard))
        self.shard, self.tally, self.failed = shard, tally, failed


class Runner(AbstractContextManager["Runner"]):
    """An executor for calls of any kind, and what is kept of them; left as a context, it leaves the executor in order.

    `verify` is the part of the answers found in the store that are made again, at least one, and compared.
    """

    def __init__(self, executor: Executor, store: Store | None = None, shard: Shard | None = None, verify: float = 0.0) -> None:
        """Run nothing yet."""
        self._executor, self.store, self._shard, self._verify = executor, store, shard, verify
        self.tally = Tally()

    @classmethod
    def local(cls, jobs: int = 1, store: Store | None = None) -> "Runner":
        """In up to `jobs` processes of this host."""
        return cls(Local(jobs), store)

    @property
    def width(self) -> int:
        """How many calls are carried out at a time."""
        return self._executor.width

    @property
    def elsewhere(self) -> bool:
        """Whether calls may be carried out on other hosts."""
        return self._executor.elsewhere

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._executor.close()

    def run(
        self,
        kind: Kind[C, R],
        calls: Sequence[C],
        *,
        should_stop: ShouldStop = never,
        progress: Progress = silent,
        waves: Sequence[int] = (),
    ) -> Iterator[Outcome[R]]:
        """The outcome of each call, in their order; it ends early when `should_stop` says so.

        `progress` hears how many calls are done, of how many. `waves`: see `Executor.run`.
        """
        ahead: dict[int, Outcome[R]] = {}
        turn = 0
        progress(0, len(calls))
        try:
            for done, (number, outcome) in enumerate(self._as_they_come(kind, calls, should_stop, waves), 1):
                ahead[number] = outcome
                progress(done, len(calls))
                while self._shard is None and turn in ahead:
                    yield ahead.pop(turn)
                    turn += 1
        except Stopped:
            return
        if self._shard is not None:
            raise ShardDone(self._shard, self.tally, next((each.error for each in ahead.values() if each.error is not None), None))

    def run_batches(self, kind: Kind[C, R], batches: Iterable[Sequence[C]], should_stop: ShouldStop) -> Iterator[Outcome[R]]:
        """Batch after batch, for more calls than anybody would have in hand at a time."""
        for calls in batches:
            left = len(calls)
            for outcome in self.run(kind, calls, should_stop=should_stop):
                left -= 1
                yield outcome
            if left:
                return

    def _as_they_come(
        self, kind: Kind[C, R], calls: Sequence[C], should_stop: ShouldStop, waves: Sequence[int]
    ) -> Iterator[tuple[int, Outcome[R]]]:
        """First what is kept, then the others as they are done; each is kept at once."""
        mine = [place for place in range(len(calls)) if self._shard is None or self._shard.has(place)]
        questions = {} if self.store is None else {place: kind.question(calls[place]) for place in mine}
        kept = {} if self.store is None or kind.keeping is None else self._kept(self.store, kind.keeping, questions)
        again = set(self._sample(kept))
        self.tally.calls += len(mine)
        self.tally.kept += len(kept)
        for place in kept.keys() - again:
            yield place, Outcome(kept[place].value)
        wanted = [place for place in mine if place not in kept or place in again]
        bounds = [sum(place < wave for place in wanted) for wave in waves]
        for number, outcome in self._carried_out(kind, [calls[place] for place in wanted], should_stop, bounds):
            place = wanted[number]
            self.tally.done += 1
            if outcome.error is None and place in again:
                self._compare(kind, calls[place], kept[place].entry, outcome)
            elif outcome.error is None:
                self._keep(kind, questions.get(place), outcome, should_stop)
            yield place, _with_name(outcome, kind, calls[place])

    def _carried_out(
        self, kind: Kind[C, R], calls: Sequence[C], should_stop: ShouldStop, waves: Sequence[int]
    ) -> Iterator[tuple[int, Outcome[R]]]:
        if not self.elsewhere or kind.asks is None:
            return self._executor.run(kind.function, calls, should_stop, waves)
        same = SameFiles(kind.name, kind.function, kind.asks)
        asked = [(call, Question(kind.name, kind.asks(call)).digest) for call in calls]
        return self._executor.run(same, asked, should_stop, waves)

    def _kept(self, store: Store, keeping: Keeping[R], questions: dict[int, Question | None]) -> dict[int, Kept[R]]:
        """What there is, by place; what is no answer of the kind is damaged as one that is not whole is."""
        found = {}
        for place, question in questions.items():
            entry = None if question is None else store.get(question)
            if entry is not None:
                try:
                    found[place] = Kept(entry, keeping.answer(entry.answer))
                except ValueError as error:
                    store.damaged.append(Damaged(entry.path, str(error)))
        return found

    def _sample(self, kept: Collection[int]) -> list[int]:
        """Those that are made again: others each time."""
        return random.sample(sorted(kept), ceil(self._verify * len(kept)))

    def _keep(self, kind: Kind[C, R], question: Question | None, outcome: Outcome[R], should_stop: ShouldStop) -> None:
        if self.store is None or question is None or kind.keeping is None:
            return
        if kind.keeping.whole_if_stopped or not should_stop():
            self.store.put(question, kind.keeping.write(outcome.result()))

    def _compare(self, kind: Kind[C, R], call: C, entry: Entry, outcome: Outcome[R]) -> None:
        assert kind.keeping is not None, "it has been kept"
        self.tally.again += 1
        found = difference(entry.answer, kind.keeping.write(outcome.result()), kind.keeping.of_host)
        if found is not None:
            self.tally.differences.append(f"{kind.named(call)}: {found} ({entry.path})")


def _with_name(outcome: Outcome[R], kind: Kind[C, R], call: C) -> Outcome[R]:
    """A call that ended its process could not say which one it was."""
    if isinstance(outcome.error, WorkerLost):
        return Outcome(error=WorkerLost(f"{kind.named(call)}: {outcome.error}"))
    return outcome
