"""Schedules of a region, one after the other: each from the region's first instruction to its end, or to what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emu.boot.ending import End, Ended
from emu.boot.explore.gear import ExploringGear
from emu.boot.marks import Mark
from emu.boot.session import Session
from emu.errors import CheckFailed, UserError
from emu.explore.replay_string import Token, tokens_of
from emu.explore.strategy.records import RANDOM, REPLAY
from emu.native import address_of

FIRST_MAX = 100_000_000  # instructions of the first schedule: a region that is longer is none for schedules
STAY_BITS = (0, 2, 4, 6, 8)  # of random schedules, one after the other: some bugs want many switches, some a long hold
LEARNING = (4, 3, 2, 1, 0)  # random schedules in which words that cores share are looked for, by number: the shortest first
TYPICAL = 2  # the random schedule whose events say how many one has, and how many of them each agent
LEARNING_TIMES, LEARNING_MORE = 4, 1_000_000  # the others may take so many times the instructions of the first, and so many more
TIMES, MORE = 10, 2_000_000  # and so may a schedule of whatever strategy, before it goes on fairly:
FAIR_TIMES = 8  # for so many times that, and if it does not end then, nothing makes progress
FAIR_BITS = 8  # of the random turns by which it goes on
FAIR_MAX = 2_000  # events that an agent which could go on is passed over at most


@dataclass(frozen=True, slots=True)
class Strategy:
    """Who goes on, by kind (`emu.explore.strategy.records`), and its figures."""

    kind: int
    seed: int = 0
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule, over."""

    number: int
    ended: Ended
    console: bytes  # that the guest has written since the region began
    tokens: tuple[Token, ...]
    events: int
    accesses: int  # to shared words
    late: int  # to words that others had stored to, and that were not known to be shared
    instructions: int
    digest: str
    fair_from: int | None  # the event from which on it went on fairly, as it had not come to an end


class Explorer:
    """Explores the region that begins where a session stands."""

    def __init__(self, session: Session, until: Mark | None, seed: int = 0) -> None:
        """Find out which words cores share, and how much a schedule has of what."""
        self.gear, self._session, self._until = ExploringGear(session), session, until
        self._began = session.machine.instructions()
        self._limit = FIRST_MAX
        self._learn(seed)

    def _learn(self, seed: int) -> None:
        gear, shortest = self.gear, FIRST_MAX
        gear.explore["learning"] = 1
        for number in LEARNING:
            schedule = self._run(number, Strategy(RANDOM, seed), (), fairly=False)
            if schedule.ended.how == End.LIMIT and number == LEARNING[0]:
                what = "the end of the program" if self._until is None else f"--to {self._until}"
                raise UserError(f"{what} did not come within {FIRST_MAX} instructions: choose a shorter region")
            shortest = min(shortest, schedule.instructions)
            self._limit = shortest * LEARNING_TIMES + LEARNING_MORE
        gear.explore["learning"] = 0
        self._limit = shortest * TIMES + MORE
        self.first = self.run(0, Strategy(REPLAY))
        if self.shared_words == 0 or self.first.accesses == 0:
            raise CheckFailed(
                "the cores share no word of memory in this region: no schedule differs from another; choose another one"
            )
        typical = self.run(TYPICAL, Strategy(RANDOM, seed))
        self.events = max(self.first.events, typical.events)
        gear.strategy["events_expected"], gear.strategy["expected"] = self.events, gear.strategy["done"]
        gear.forget_pairs()

    @property
    def shared_words(self) -> int:
        """How many words the cores share."""
        return self.gear.shared_words

    def run(self, number: int, strategy: Strategy, tokens: Sequence[Token] = ()) -> Schedule:
        """One schedule. For REPLAY, `tokens` say who goes on how often; then whoever went last goes on as long as it can.

        What has not ended after many times the instructions of the first one is one of a strategy that nobody can do without, or
        of a guest that makes no progress: by fair turns from there on it ends, or does not.
        """
        return self._run(number, strategy, tokens, fairly=True)

    def begin(self, number: int, strategy: Strategy, tokens: Sequence[Token]) -> int:
        """Stand at the beginning of a schedule; up to how many instructions of all cores it goes before it goes on fairly."""
        record = self.gear.strategy
        self._table = np.array(tokens, np.int64).reshape(-1, 2)
        record["kind"], record["seed"], record["depth"] = strategy.kind, strategy.seed, strategy.depth
        record["tokens"], record["token_count"] = address_of(self._table), len(self._table)
        record["fair_max"], record["stay_bits"] = FAIR_MAX, STAY_BITS[number % len(STAY_BITS)]
        self.gear.begin(number)
        self._session.wait_for(self._until)
        return self._began + self._limit

    def _run(self, number: int, strategy: Strategy, tokens: Sequence[Token], *, fairly: bool) -> Schedule:
        gear, record = self.gear, self.gear.strategy
        ended, fair_from = self._go_on(self.begin(number, strategy, tokens)), None
        if ended.how == End.LIMIT and fairly:
            fair_from = int(record["events"])
            record["kind"], record["stay_bits"], record["random"] = RANDOM, FAIR_BITS, 1
            ended = self._go_on(self._began + self._limit * FAIR_TIMES)
        return Schedule(
            number=number,
            ended=ended,
            console=gear.written(),
            tokens=tuple(tokens_of(gear.choices()[:fair_from])),
            events=int(record["events"]),
            accesses=int(gear.explore["accesses"]),
            late=int(gear.explore["late"]),
            instructions=self._session.machine.instructions() - self._began,
            digest=gear.digest(),
            fair_from=fair_from,
        )

    def _go_on(self, limit: int) -> Ended:
        return self._session.go_on(limit, lambda: False)
