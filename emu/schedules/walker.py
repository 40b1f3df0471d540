"""Walker: makes schedules of a search's cores by a strategy, one after the other, and repeats one that is written down.

First it learns which words are shared, by schedules that count for nothing. What it knows then is where every schedule begins:
if one finds more, it is made again knowing that, and the next one knows it no more. So a schedule is a function of its number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from emu.block import Block
from emu.engine.records import CORE, ORDERED
from emu.engine.sharing import LOGGED_TOUCH
from emu.errors import InternalError
from emu.explore import walk_records as rec
from emu.explore.explorer import SUFFIX, Explorer
from emu.explore.records import KINDS, PENDING
from emu.explore.replay_string import tokens_of
from emu.explore.state import STATE_WORDS
from emu.explore.strategy.records import AGENTS, RANDOM, REPLAY, STRATEGY
from emu.explore.strategy.spec import StrategySpec
from emu.explore.walk import begin, make
from emu.native import address_of

CHOICES_MAX = 20_000  # of one schedule
JOURNAL_ROOM = 1 << 18  # changes of one schedule
QUIET = 32  # schedules one after the other that find nothing more to be shared
LEARNING_MAX = 2_000
LEARNING_SEED = -1  # of nobody else's
LOG_ROOM = 1 << 16
PAIR_ROOM = 1 << 16

Tokens = tuple[tuple[int, int], ...]  # agents, and how often each is chosen


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known to be shared: numbers of words, and places of instructions that touch them."""

    words: tuple[int, ...] = ()
    instructions: tuple[int, ...] = ()


NOTHING_BEYOND = Shared()


@dataclass(frozen=True, slots=True)
class Ended:
    """A schedule that ended as none before it: the machine stands there."""

    outcome: int
    schedule: int
    core: int  # that moved last,
    pc: int  # and is here
    tokens: Tokens
    choices: np.ndarray  # CHOICE
    beyond: Shared  # what it found to be shared beyond what had been learned


class Walker(Block):
    """Schedules of an explorer's cores. Use it inside the explorer's `attached` and `going_back`."""

    def __init__(self, explorer: Explorer, spec: StrategySpec) -> None:
        """Take the search over; it must be a reduced one."""
        super().__init__(rec.WALK)
        self.explorer, self.spec = explorer, spec
        self.strategy = np.zeros(1, STRATEGY)
        count, words = explorer.count, STATE_WORDS
        if count * KINDS > AGENTS:
            raise InternalError(f"a walk of {count} cores")
        self.put(search=address_of(explorer.record), strategy=address_of(self.strategy), choices_max=CHOICES_MAX)
        self.share("choices", np.zeros(CHOICES_MAX, rec.CHOICE))
        self.share("awaits", np.zeros(count, rec.AWAIT))
        self.share("base_now", np.zeros(count * words, np.int64))
        self.share("base_cores", np.zeros(count, CORE))
        self.share("base_pcs", np.zeros(count, np.int64))
        self.share("base_hashes", np.zeros(2 * count, np.int64))
        self.share("base_pending", np.zeros(count, PENDING))
        self.share("last_accesses", np.zeros(rec.LAST_ACCESSES, rec.LAST_ACCESS))
        self.share("pairs", np.zeros(PAIR_ROOM, np.int64))
        self.put(pair_room=PAIR_ROOM)
        sharing = explorer.arrays["sharing"]
        sharing["log"], sharing["log_room"] = address_of(self.keep("log", np.zeros(LOG_ROOM, LOGGED_TOUCH))), LOG_ROOM
        explorer.make_journal(JOURNAL_ROOM)
        self._known, self._found_more = NOTHING_BEYOND, False  # what is known beyond what was learned, or that it is more
        self._traits = explorer.machine.text.instructions["traits"]
        self.strategy["agents"] = count * KINDS
        self.strategy["depth"], self.strategy["fair_max"] = spec.depth, spec.fair_max

    # learning

    def learn(self, note: Callable[[np.ndarray], None] = lambda choices: None) -> None:
        """Find out what the cores share, by random schedules, and how many events a schedule has; `note` is given each."""
        self.strategy["kind"], self.strategy["seed"] = RANDOM, LEARNING_SEED
        self._begin()
        self.put(every_end=1)
        quiet, events = 0, []
        for number in range(LEARNING_MAX):
            while (outcome := make(address_of(self.record), number, number + 1)) == rec.LEARNED:
                quiet = 0
                self._begin()
            note(self.arrays["choices"][: int(self.record["choice_count"][0])])
            if outcome == rec.RESTED:
                events.append(np.array(self.strategy["done"][0]))
            quiet += 1
            if quiet == QUIET:
                break
        self.put(every_end=0, transitions=0, pair_count=0)
        self.arrays["pairs"][:] = 0
        if events:
            self.strategy["expected"] = np.mean(events, axis=0).astype(np.int64)
            self.strategy["events_expected"] = int(np.max([each.sum() for each in events]))
        self._words = self.explorer.arrays["shared"].copy()
        self._ordered = self._traits.copy()
        self._again()

    @property
    def shared_words(self) -> int:
        """How many words cores share, as far as has been learned."""
        return int(np.count_nonzero(self._words))

    @property
    def events(self) -> int:
        """Events of the longest schedule that was learned from."""
        return int(self.strategy["events_expected"][0])

    def _again(self, beyond: Shared = NOTHING_BEYOND) -> None:
        """Know what was learned and this, and no more."""
        self.explorer.arrays["shared"][:] = self._words
        self._traits[:] = self._ordered
        self.explorer.arrays["shared"][list(beyond.words)] = 1
        self._traits[list(beyond.instructions)] |= ORDERED
        self._known, self._found_more = beyond, False
        self._begin()

    def _begin(self) -> None:
        """To the beginning of all schedules: it can come earlier the more is known to be shared."""
        explorer = self.explorer
        while True:
            explorer.go_back()
            explorer.record["memory_hash"] = 0
            sharing = explorer.arrays["sharing"]
            sharing["found"] = sharing["flagged"] = sharing["log_count"] = 0
            for name in ("reader", "writer"):
                explorer.arrays[name][:] = 0
            outcome = begin(address_of(self.record))
            if outcome == rec.UNFINISHED:
                return
            if outcome != rec.LEARNED:
                raise InternalError(f"no schedule can begin: {outcome}")

    def beyond(self) -> Shared:
        """What is known to be shared now beyond what was learned."""
        return Shared(
            tuple(int(each) for each in np.flatnonzero(self.explorer.arrays["shared"] != self._words)),
            tuple(int(each) for each in np.flatnonzero(self._traits != self._ordered)),
        )

    def use(self, spec: StrategySpec) -> None:
        """Make schedules by this strategy from now on."""
        self.spec = spec
        self.strategy["depth"], self.strategy["fair_max"] = spec.depth, spec.fair_max
        self.put(transitions=0)
        self._again()

    # schedules

    def run(self, first: int, last: int, *, every_end: bool = False) -> Ended | None:
        """Make schedules until one ends as none has before: None once all have been made."""
        self.strategy["kind"], self.strategy["seed"] = self.spec.number, self.spec.seed
        self.put(every_end=every_end)
        return self._made(first, last)

    def replay(self, tokens: Tokens, beyond: Shared, choices_max: int = CHOICES_MAX) -> Ended:
        """Repeat a schedule, or its first choices; whoever went last goes on behind its end."""
        content = np.array([each for token in tokens for each in token] or [0, 0], np.int64)
        self.strategy["kind"] = REPLAY
        self.strategy["tokens"], self.strategy["token_count"] = address_of(self.keep("tokens", content)), len(content) // 2
        self.put(every_end=1)
        if self._found_more or beyond != self._known:
            self._again(beyond)
        self.put(choices_max=choices_max)
        ended = self._made(0, 1)
        self.put(choices_max=CHOICES_MAX)
        if ended is None:
            raise InternalError("a replay that does not end")
        return ended

    def _made(self, first: int, last: int) -> Ended | None:
        learned = False
        while first < last:
            outcome = make(address_of(self.record), first, first + 1 if learned else last)
            number = int(self.record["schedule"][0])
            if outcome == rec.LEARNED:
                learned, first = True, number
                self._found_more = True
                self._begin()
                continue
            if outcome == rec.FINISHED:
                if not learned:
                    return None
                learned, first = False, first + 1
                self._again()
                continue
            return self._ended(outcome, number)
        return None

    def _ended(self, outcome: int, number: int) -> Ended:
        explorer = self.explorer
        if 2 * int(explorer.record["states"][0]) > int(explorer.record["visited_capacity"][0]):
            explorer.grow()
        choices = self.arrays["choices"][: int(self.record["choice_count"][0])].copy()
        core = int(explorer.record["outcome_core"][0])
        return Ended(
            outcome,
            number,
            core,
            int(explorer.machine.cores[core]["pc"]),
            tuple(tokens_of(int(each) for each in choices["agent"])),
            choices,
            self.beyond(),
        )

    def forget(self, ended: Ended) -> None:
        """Go on with the schedule behind this one: what it found to be shared is known no more."""
        if self._found_more or ended.beyond != NOTHING_BEYOND:
            self._again()


def tokens_of_text(schedule: str) -> Tokens:
    """A search's schedule as choices."""
    kinds = {suffix: kind for kind, suffix in SUFFIX.items()}
    words = (word.rstrip("di") for word in schedule.split())
    agents = [int(core) * KINDS + kinds[word[len(core) :]] for core, word in zip(words, schedule.split(), strict=True)]
    return tuple(tokens_of(agents))


def switches(tokens: Tokens) -> int:
    """How often another core goes on than before; a core and its store buffer are one."""
    cores = [agent // KINDS for agent, _ in tokens]
    return sum(one != other for one, other in pairwise(cores))
