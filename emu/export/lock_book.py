"""What every place waited for each lock, and held it, one wait and one hold after the other: the books of locks from a trace."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain as joined

import numpy as np

from emu.export.calls import Core, Happening
from emu.export.lock_sections import Did, Held, SectionWalk
from emu.export.walk import Progress
from emu.trace.file import TraceFile
from emu.trace.record import Kind

PERCENTILES = (50, 90, 99)
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Times:
    """Lengths in cycles, each of them."""

    cycles: Sequence[int]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.cycles)

    @property
    def total(self) -> int:
        """Their sum."""
        return sum(self.cycles)

    @property
    def least(self) -> int:
        """The shortest; 0 of none."""
        return min(self.cycles, default=0)

    @property
    def most(self) -> int:
        """The longest; 0 of none."""
        return max(self.cycles, default=0)

    def percentile(self, share: int) -> int:
        """The one that so many percent of them do not exceed; 0 of none."""
        if not self.cycles:
            return 0
        return int(np.percentile(np.asarray(self.cycles), share, method="inverted_cdf"))

    @classmethod
    def of(cls, parts: "Iterable[Times]") -> "Times":
        """All of several together."""
        return cls(array("q", joined.from_iterable(part.cycles for part in parts)))

    def to_dict(self) -> dict[str, int]:
        """For JSON."""
        percentiles = {f"cycles_p{share}": self.percentile(share) for share in PERCENTILES}
        return {"count": self.count, "cycles": self.total, "cycles_min": self.least, **percentiles, "cycles_max": self.most}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lock: the task (NOBODY: an idle one) and the address of the code that took it."""

    task: int
    place: int


@dataclass(slots=True)
class Site:
    """A place that takes a lock: `place` is the address of the call of a lock's routine, or of the instruction that takes it."""

    place: int
    waited: "array[int]" = field(default_factory=lambda: array("q"))
    held: "dict[Did | None, array[int]]" = field(default_factory=dict)  # holds by what they were for; None: nobody knows
    bounces: int = 0  # acquisitions of a lock that another core had last
    contended_bounces: int = 0
    held_by: Counter[Holder] = field(default_factory=Counter)  # when waits from here began

    def hold(self, section: Held | None, cycles: int) -> None:
        """A hold is over."""
        self.held.setdefault(None if section is None else section.did, array("q")).append(cycles)

    @property
    def waits(self) -> Times:
        """All of them."""
        return Times(self.waited)

    @property
    def holds(self) -> Times:
        """All of them, whatever they were for."""
        return Times.of(map(Times, self.held.values()))


@dataclass(slots=True)
class LockBook:
    """One lock: its number in the trace, and its sites in the order in which they first took it, or waited for it."""

    number: int
    sites: dict[int, Site] = field(default_factory=dict)
    waits_of_tasks: "dict[int, array[int]]" = field(default_factory=dict)
    waits_on_owners: "dict[int, array[int]]" = field(default_factory=dict)  # by who had it when the wait began

    def site(self, place: int) -> Site:
        """The site of a place."""
        return self.sites.get(place) or self.sites.setdefault(place, Site(place))

    @property
    def waits(self) -> Times:
        """Of all sites."""
        return Times.of(site.waits for site in self.sites.values())

    @property
    def holds(self) -> Times:
        """Of all sites."""
        return Times.of(site.holds for site in self.sites.values())

    @property
    def held(self) -> dict[Did | None, Times]:
        """The holds of all sites by what they were for."""
        found: dict[Did | None, list[Times]] = {}
        for site in self.sites.values():
            for did, cycles in site.held.items():
                found.setdefault(did, []).append(Times(cycles))
        return {did: Times.of(parts) for did, parts in found.items()}


@dataclass(slots=True)
class _Word:
    """Where a lock stands."""

    book: LockBook
    core: int = NOBODY  # which took it last
    holder: Holder | None = None
    section: Held | None = None  # of the last hold
    since: int = 0


class LockBooks(SectionWalk):
    """Keeps the books over a whole trace."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet."""
        super().__init__(trace, (Kind.LOCK_CONTENDED, Kind.LOCK_ACQUIRED, Kind.LOCK_RELEASED))
        self._words: dict[int, _Word] = {}
        self._events: list[tuple[int, int, int, Happening, Held | None]] = []  # of the part: index, core, place
        self._over: list[tuple[Site, Held | None, int]] = []  # holds whose tasks may still go to sleep
        self._waits: dict[tuple[int, int], tuple[Site, int, int, int]] = {}  # by core and lock: since when, who waits, on whom

    def read(self, progress: Progress) -> list[LockBook]:
        """The books of all locks that were taken or waited for, by their numbers; what goes on at the end of the run ends there."""
        self.follow(progress)
        end = self.last()
        for core, lock in list(self._waits):
            self._waited(core, lock, end - self._waits[core, lock][1])
        for word in self._words.values():
            if word.holder is not None:
                word.book.site(word.holder.place).hold(word.section, end - word.since)
        for site, section, cycles in self._over:
            site.hold(section, cycles)
        return [self._words[number].book for number in sorted(self._words)]

    def event(self, core: Core, happening: Happening) -> None:
        """A lock is waited for, taken or let go: where, is known now, and what that means once the other cores have come to it."""
        section = self.section(core, happening)
        if happening.kind in (Kind.LOCK_CONTENDED, Kind.LOCK_ACQUIRED, Kind.LOCK_RELEASED):
            self._events.append((happening.index, core.index, self.place(core, happening.pc), happening, section))

    def part_over(self) -> None:
        """The events of all cores, in the order of the trace."""
        for _, core, place, happening, section in sorted(self._events, key=lambda each: each[0]):
            lock = happening.detail
            word = self._words.get(lock) or self._words.setdefault(lock, _Word(LockBook(lock)))
            match happening.kind:
                case Kind.LOCK_CONTENDED:
                    self._contend(core, word, place, happening)
                case Kind.LOCK_ACQUIRED:
                    self._take(core, word, place, happening)
                    word.section = section
                case Kind.LOCK_RELEASED:
                    self._let_go(word, place, happening)
        self._events.clear()
        self._file()

    def _file(self) -> None:
        """Holds of which no more will come go to their sites."""
        undecided = {id(section) for section in self._sections.open()}
        over, self._over = self._over, []
        for site, section, cycles in over:
            if id(section) in undecided:
                self._over.append((site, section, cycles))
            else:
                site.hold(section, cycles)

    def _contend(self, core: int, word: _Word, place: int, happening: Happening) -> None:
        site = word.book.site(place)
        if word.core != core:
            site.contended_bounces += 1
        owner = NOBODY if word.holder is None else word.holder.task
        if word.holder is not None:
            site.held_by[word.holder] += 1
        self._waits[core, happening.detail] = site, happening.cycle, max(happening.owner, NOBODY), owner

    def _take(self, core: int, word: _Word, place: int, happening: Happening) -> None:
        waiting = self._waits.get((core, happening.detail))
        site = waiting[0] if waiting is not None else word.book.site(place)
        if waiting is not None:
            self._waited(core, happening.detail, happening.value)
        if word.core != core:
            site.bounces += 1
        word.core, word.since = core, happening.cycle
        word.holder = Holder(max(happening.owner, NOBODY), site.place)

    def _let_go(self, word: _Word, place: int, happening: Happening) -> None:
        """A lock that was taken before the trace began was so where nobody knows: its hold is that of where it is let go."""
        site = word.book.site(place if word.holder is None else word.holder.place)
        self._over.append((site, word.section, happening.value))
        word.holder = word.section = None

    def _waited(self, core: int, lock: int, cycles: int) -> None:
        site, _, task, owner = self._waits.pop((core, lock))
        book = self._words[lock].book
        site.waited.append(cycles)
        book.waits_of_tasks.setdefault(task, array("q")).append(cycles)
        book.waits_on_owners.setdefault(owner, array("q")).append(cycles)
