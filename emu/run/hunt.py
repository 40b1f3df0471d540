"""A hunt: a scene searched by one strategy after the other, and what is found made simple, repeatable and readable."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from emu.errors import InternalError, UserError
from emu.explore import walk_records as rec
from emu.explore.explorer import BoundReached, Explorer, ScheduleFault
from emu.explore.replay_string import tokens_of
from emu.explore.strategy.spec import StrategySpec
from emu.image import Image
from emu.run.interleaving import Interleaving
from emu.schedules.checks import Checks, Heap, Sections, StackOf
from emu.schedules.data_races import CHECKER as DATA_RACE
from emu.schedules.data_races import DataRaces
from emu.schedules.lock_discipline import CHECKER as LOCK_DISCIPLINE
from emu.schedules.lock_discipline import LockDiscipline
from emu.schedules.minimise import minimise
from emu.schedules.walker import Ended, Shared, Tokens, Walker, tokens_of_text

CHUNK = 100  # schedules between two looks at the clock
EXHAUSTIVE = "exhaustive"

FAIRNESS = "fairness"  # of a lock: what a whole search is to carry in its states
OFF = frozenset({DATA_RACE, FAIRNESS})  # what is looked at only if it is asked for
CAUSES = ("stack-frame", "use-after-free", "double-free", LOCK_DISCIPLINE)  # of which faults and lost wakeups come
Verdict = tuple[str, str]  # which checker finds what wrong


class Scene(Protocol):
    """What is searched."""

    @property
    def explorer(self) -> Explorer:
        """Its cores, where every schedule begins."""
        ...

    @property
    def image(self) -> Image:
        """Their program."""
        ...

    def physical(self, address: int) -> int | None:
        """Where a virtual address is in RAM, if it is mapped there."""
        ...

    @property
    def stacks(self) -> Sequence[StackOf]:
        """Stacks on which no frame may be used that has been left."""
        ...

    @property
    def direct_map(self) -> int:
        """Virtual address of physical 0."""
        ...

    @property
    def heap(self) -> Heap | None:
        """Its allocator."""
        ...

    @property
    def discipline(self) -> LockDiscipline | None:
        """Its locks, if it is known how they are to be used."""
        ...

    @property
    def races(self) -> DataRaces:
        """What a data race of its accesses is."""
        ...

    @property
    def looked_at(self) -> int:
        """How many schedules of a walk, its first ones, are looked at step by step however they end."""
        ...

    def object_at(self, address: int) -> str:
        """What lies at a physical address."""
        ...

    @property
    def sections(self) -> Sections | None:
        """The lock whose fairness is looked at; None where there are many."""
        ...

    def judge(self) -> Verdict | None:
        """What is wrong where nobody can go on any more, if something is."""
        ...

    def place(self, core: int, pc: int) -> str:
        """A core's place in its program."""
        ...

    def picture(self, choices: np.ndarray) -> Interleaving:
        """A schedule's steps in words."""
        ...


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a hunt: a strategy, or the whole search; how many schedules, or states, and up to which part of the time."""

    strategy: StrategySpec | None
    schedules: int
    share: float = 1.0

    def __str__(self) -> str:
        """Its strategy."""
        return EXHAUSTIVE if self.strategy is None else str(self.strategy)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and the schedule that leads there."""

    checker: str
    summary: str
    where: str
    tokens: Tokens
    beyond: Shared
    picture: Interleaving
    strategy: str
    schedules: int  # that were made until it was found; of a whole search: states


@dataclass(slots=True)
class Hunted:
    """What a hunt has come to."""

    schedules: int = 0
    states: int = 0
    to_come: int | None = None  # states that a whole search has not met, by a guess; None: nobody searches, or it has met all
    transitions: int = 0
    pairs: int = 0
    shared_words: int = 0
    events: int = 0
    exhausted: bool = False  # every schedule has been looked at
    stopped: bool = False  # by the clock
    overtaken: int | None = None  # others before a core that had asked for a lock, the most that was met,
    fair: bool = False  # and there is no schedule with more
    missed: float | None = None  # most probable that PCT has missed a bug of its depth
    strategies: list[str] = field(default_factory=list)
    finding: Finding | None = None


class OutOfBudget(Exception):
    """Occurs inside a search when its time is over."""


class _Found(Exception):
    """Occurs inside a search at an end that is wrong."""

    def __init__(self, verdict: Verdict, schedule: str) -> None:
        super().__init__(verdict)
        self.verdict, self.schedule = verdict, schedule


@dataclass(frozen=True, slots=True)
class Budget:
    """How far a hunt may go."""

    seconds: float = float("inf")  # of the host's clock, from the first schedule that counts
    should_stop: Callable[[], bool] = lambda: False


class Hunt:
    """One scene's search."""

    def __init__(self, scene: Scene, checkers_off: frozenset[str] = OFF) -> None:
        """Nothing has been searched yet."""
        self.scene, self.explorer = scene, scene.explorer
        self.checks = Checks(self.explorer)
        if "stack-frame" not in checkers_off and scene.stacks:
            self.checks.watch_stacks(scene.stacks, scene.direct_map)
        if not {"use-after-free", "double-free"} <= checkers_off and scene.heap is not None:
            self.checks.watch_heap(scene.heap)
        self.checks.watch_sections(scene.sections)
        self.walker = Walker(self.explorer, StrategySpec("random"))
        self._discipline = None if LOCK_DISCIPLINE in checkers_off else scene.discipline
        self._races = None if DATA_RACE in checkers_off else scene.races
        self._off = checkers_off
        self.hunted = Hunted()

    def run(self, plan: Sequence[Leg], budget: Budget, progress: Callable[[Hunted], None] = lambda hunted: None) -> Hunted:
        """Search by each leg in turn until one finds something."""
        hunted = self.hunted
        with self.learned():
            for leg in plan:
                if self._spent(budget) or hunted.exhausted:
                    break
                part = replace(budget, seconds=budget.seconds * leg.share)
                hunted.strategies.append(str(leg))
                found = self._search(leg, part, progress) if leg.strategy is None else self._walk(leg, leg.strategy, part, progress)
                if found is not None:
                    hunted.finding = self._simplified(*found, str(leg), budget)
                    break
            hunted.stopped = self._spent(budget) and not hunted.exhausted and hunted.finding is None
        return hunted

    def replay(self, tokens: Tokens, beyond: Shared) -> Finding | None:
        """Repeat a schedule that is written down."""
        with self.learned():
            wrong = self._wrong(self.walker.replay(tokens, beyond))
            return None if wrong is None else self._finding(*wrong, "replay", 1)

    @contextmanager
    def learned(self) -> Iterator[None]:
        """Inside, it is known what the cores share, and the walker may be used."""
        with self.explorer.attached(), self.explorer.going_back():
            self._learn()
            yield

    def _spent(self, budget: Budget) -> bool:
        return time.monotonic() - self._began >= budget.seconds or budget.should_stop()

    def _learn(self) -> None:
        self.walker.learn(*([] if self._races is None else [self._races.learn]))
        self.hunted.shared_words, self.hunted.events = self.walker.shared_words, self.walker.events
        self.checks.put(overtaken=0)
        if not self.walker.shared_words:
            raise UserError("no memory is shared by the cores in any schedule: there is nothing that an order could change")
        self._began = time.monotonic()

    # the ways to search

    def _walk(
        self, leg: Leg, spec: StrategySpec, budget: Budget, progress: Callable[[Hunted], None]
    ) -> tuple[Verdict, Ended, int] | None:
        walker, hunted, made = self.walker, self.hunted, 0
        walker.use(spec)
        self.checks.watch_sections(self.scene.sections)
        before, transitions = hunted.schedules, hunted.transitions
        while made < leg.schedules and not self._spent(budget):
            last = min(made + CHUNK, leg.schedules)
            ended = walker.run(made, last, every_end=made < self.scene.looked_at)
            made = last if ended is None else ended.schedule + 1
            hunted.schedules, hunted.transitions = before + made, transitions + int(walker.record["transitions"][0])
            hunted.pairs = int(walker.record["pair_count"][0])
            self._note_overtaken()
            hunted.missed = spec.miss_chance(int(walker.strategy["agents"][0]), walker.events, made)
            if ended is not None:
                if (wrong := self._wrong(ended)) is not None:
                    return *wrong, hunted.schedules
                walker.forget(ended)
            progress(hunted)
        return None

    def _note_overtaken(self) -> None:
        if self.scene.sections is not None:
            self.hunted.overtaken = self.checks.overtaken

    def _search(self, leg: Leg, budget: Budget, progress: Callable[[Hunted], None]) -> tuple[Verdict, Ended, int] | None:
        """Every schedule, up to a bound."""
        hunted, explorer = self.hunted, self.explorer

        def look() -> tuple[int, ...]:
            if (verdict := self._on(self.scene.judge())) is not None:
                raise _Found(verdict, explorer.schedule())
            return ()

        def pause(states: int) -> None:
            hunted.states, hunted.transitions = states, int(explorer.record["transitions"][0])
            hunted.to_come = explorer.to_come()
            if self._spent(budget) or states > leg.schedules:
                raise OutOfBudget
            progress(hunted)

        self.checks.watch_sections(None if FAIRNESS in self._off else self.scene.sections)
        try:
            found = explorer.search(look, pause)
        except (OutOfBudget, BoundReached):
            hunted.states, hunted.to_come = int(explorer.record["states"][0]), explorer.to_come()
            return None
        except _Found as wrong:
            return self._again(wrong.schedule)
        except ScheduleFault as wrong:
            return self._again(wrong.schedule)
        hunted.to_come = None
        hunted.states, hunted.transitions = found.states, found.transitions
        if found.endless:
            return self._again(min(found.endless.values(), key=len), endless=True)
        hunted.exhausted, hunted.fair = True, FAIRNESS not in self._off
        if hunted.fair:
            self._note_overtaken()
        return None

    def _again(self, schedule: str, *, endless: bool = False) -> tuple[Verdict, Ended, int] | None:
        """A search's schedule as one of the walker's; None if nobody wants to hear of what is wrong: the search ends there."""
        states = int(self.explorer.record["states"][0])
        self.hunted.states = states
        ended = self.walker.replay(tokens_of_text(schedule), self.walker.beyond())
        found = self._any_verdict(ended)
        if found is None and not endless:
            raise InternalError(f"a schedule of the search does not go wrong when it is made again: {schedule}")
        verdict = self._on(found or ("livelock", "from here on no order of steps leads to an end"))
        return None if verdict is None else (verdict, ended, states)

    # what is wrong

    def _wrong(self, ended: Ended) -> tuple[Verdict, Ended] | None:
        """What is wrong with a schedule, and the schedule up to there."""
        verdict = self._on(self._any_verdict(ended))
        if verdict is not None:
            return verdict, ended
        race = None if self._races is None else self._races.look(ended.choices)
        if race is None:
            return None
        choices, last = ended.choices[: race.second.step], race.second
        tokens = tuple(tokens_of(int(each) for each in choices["agent"]))
        return (DATA_RACE, race.summary), replace(ended, core=last.core, pc=last.pc, tokens=tokens, choices=choices)

    def _on(self, verdict: Verdict | None) -> Verdict | None:
        return None if verdict is None or verdict[0] in self._off else verdict

    def _any_verdict(self, ended: Ended) -> Verdict | None:
        if ended.outcome == rec.FLAGGED:
            return self._seen()
        if (problem := self._undisciplined(ended)) is not None:
            return LOCK_DISCIPLINE, problem
        if ended.outcome == rec.FAULTED:
            return "fault", f"{self._where(ended)} faulted: {self.explorer.fault(ended.core)}"
        if ended.outcome in (rec.SPINS, rec.TOO_LONG, rec.UNDECIDED):
            spinning = {
                rec.SPINS: "goes round for ever: nobody is left to change what it waits for",
                rec.TOO_LONG: f"is not done after {len(ended.choices):,} steps of a fair schedule",
                rec.UNDECIDED: "runs on without touching memory",
            }
            return "livelock", f"{self._where(ended)} {spinning[ended.outcome]}"
        return self.scene.judge()

    def _undisciplined(self, ended: Ended) -> str | None:
        explorer = self.explorer
        tasks = explorer.machine.cores["task"][: explorer.count].tolist()
        return None if self._discipline is None else self._discipline.look(ended.choices, tasks)

    def _seen(self) -> Verdict:
        seen = self.checks.seen
        assert seen is not None
        where = self.scene.place(seen.core, seen.pc)
        if seen.checker == "stack-frame":
            return seen.checker, f"{where} reaches into the stack of t{seen.other + 1}, in a frame that its task has left"
        what = "touches an object that is free" if seen.checker == "use-after-free" else "frees an object that is free"
        return seen.checker, f"{where} {what}: {self.scene.object_at(seen.address)}"

    def _where(self, ended: Ended) -> str:
        return self.scene.place(ended.core, ended.pc)

    # a find

    def _simplified(self, verdict: Verdict, ended: Ended, made: int, strategy: str, budget: Budget) -> Finding:
        """The simplest schedule that has been found to go wrong in the same way."""
        beyond = ended.beyond

        def fails(tokens: Tokens) -> tuple[int, Tokens] | None:
            wrong = self._wrong(self.walker.replay(tokens, beyond))
            if wrong is None or wrong[0][0] not in {verdict[0], *CAUSES} or wrong[1].beyond != beyond:
                return None
            return int(wrong[0][0] not in CAUSES), wrong[1].tokens

        best = minimise(ended.tokens, fails, budget.should_stop)
        last = self._wrong(self.walker.replay(best, beyond))
        if last is None:
            raise InternalError("the simplest schedule does not repeat")
        return self._finding(*last, strategy, made)

    def _finding(self, verdict: Verdict, ended: Ended, strategy: str, made: int) -> Finding:
        return Finding(*verdict, self._where(ended), ended.tokens, ended.beyond, self.scene.picture(ended.choices), strategy, made)
