"""Locks whose routines a region's log shows: who took which, from where, how long that waited and held it, and who held it then."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emu.boot.full.lock_routine import READ_WRITE, READERS, SEQCOUNT, LockRoutine, Operation, may_share, word_kind
from emu.boot.full.measured import Lengths, LockFigures, OwnerFigures, SiteFigures
from emu.engine.records import WAIT_BUCKETS
from emu.native import MASK64


@dataclass(slots=True)
class _Times:
    """How long something took, each time that it happened."""

    lengths: "array[int]" = field(default_factory=lambda: array("q"))
    histogram: list[int] = field(default_factory=lambda: [0] * WAIT_BUCKETS)

    def add(self, cycles: int) -> None:
        self.lengths.append(cycles)
        self.histogram[min(cycles.bit_length(), WAIT_BUCKETS - 1)] += 1


@dataclass(slots=True)
class _Site:
    """A lock as taken from one place."""

    address: int
    acquisitions: int = 0
    bounces: int = 0
    contended_bounces: int = 0
    waits: _Times = field(default_factory=_Times)
    holds: _Times = field(default_factory=_Times)
    wakeups: int = 0


@dataclass(slots=True)
class _Lock:
    """One way of taking one lock word."""

    physical: int
    sites: dict[int, _Site] = field(default_factory=dict)
    owners: Counter[tuple[int, int]] = field(default_factory=Counter)  # by task and site, as others begin to wait


@dataclass(frozen=True, slots=True)
class _Wait:
    """Somebody waits for a lock."""

    since: int
    bounced: bool  # another core had taken the lock last


@dataclass(slots=True, eq=False)
class _Hold:
    """A lock that somebody has."""

    task: int
    kind: str
    since: int
    site: _Site


class LockLog:
    """Follows what routines do with locks, one operation after the other; tasks are told apart by a number, whatever that is."""

    def __init__(self, routines: Mapping[int, LockRoutine], physical: Callable[[int], int | None]) -> None:
        """The routines by their marks; `physical` says where a lock is that is known by its virtual address."""
        self._routines, self._physical = dict(routines), physical
        self._released = {
            each.kind for each in routines.values() if each.operation == Operation.RELEASES or word_kind(each.kind) == READ_WRITE
        }
        self._locks: dict[tuple[int, str], _Lock] = {}
        self._holds: dict[tuple[int, str], list[_Hold]] = {}  # by word
        self._held: dict[int, list[_Hold]] = {}  # by task
        self._waiting: dict[tuple[int, int], _Wait] = {}  # by task and word
        self._last: dict[tuple[int, str], int] = {}  # which core took a word last

    def follow(self, cycle: int, core: int, task: int, mark: int, value: int, lock: int, site: int) -> None:
        """What a routine has done for a task: its mark; what it returned, or the mark of who waits; its lock; who called it."""
        routine = self._routines[mark]
        if routine.operation == Operation.WAITS:
            self._wait(cycle, core, task, self._routines[value].kind, lock)
        elif routine.operation == Operation.RELEASES:
            self.release(cycle, task, routine.kind, lock)
        elif routine.operation == Operation.DOWNGRADES:
            held = self.release(cycle, task, routine.kind, lock)
            if held is not None:
                self._take(cycle, core, task, word_kind(routine.kind) + READERS, lock, held.site.address, None)
        else:
            wait = self._waiting.pop((task, lock), None)
            if routine.operation.succeeds(value):
                self._take(cycle, core, task, routine.kind, lock, site & MASK64, wait)

    def wake(self, task: int) -> None:
        """A task wakes another one, under all locks that it holds."""
        for hold in self._held.get(task, ()):
            hold.site.wakeups += 1

    def spin(self, cycles: int, lock: int, site: int) -> None:
        """A reader has waited for the writer of a seqcount."""
        place = self._site(self._lock(lock, SEQCOUNT), site & MASK64)
        place.acquisitions += 1
        place.waits.add(cycles)

    def _site(self, lock: _Lock, address: int) -> _Site:
        found = lock.sites.get(address)
        if found is None:
            found = lock.sites[address] = _Site(address)
        return found

    def _lock(self, address: int, kind: str) -> _Lock:
        found = self._locks.get((address, kind))
        if found is None:
            physical = self._physical(address & MASK64)
            found = self._locks[address, kind] = _Lock(-1 if physical is None else physical)
        return found

    def _wait(self, cycle: int, core: int, task: int, kind: str, lock: int) -> None:
        self._waiting[task, lock] = _Wait(cycle, self._last.get((lock, word_kind(kind))) != core)
        if holds := self._holds.get((lock, word_kind(kind))):
            longest = holds[0]
            self._lock(lock, kind).owners[longest.task, longest.site.address] += 1

    def _take(self, cycle: int, core: int, task: int, kind: str, lock: int, address: int, wait: _Wait | None) -> None:
        site = self._site(self._lock(lock, kind), address)
        site.acquisitions += 1
        site.bounces += self._last.get((lock, word_kind(kind))) != core
        self._last[lock, word_kind(kind)] = core
        if wait is not None:
            site.waits.add(cycle - wait.since)
            site.contended_bounces += wait.bounced
        if kind in self._released:
            holds = self._holds.setdefault((lock, word_kind(kind)), [])
            for stale in [each for each in holds if not (may_share(kind) and may_share(each.kind))]:
                self._let_go(holds, stale)  # its memory has become another lock's
            hold = _Hold(task, kind, cycle, site)
            holds.append(hold)
            self._held.setdefault(task, []).append(hold)

    def release(self, cycle: int, task: int, kind: str, lock: int) -> _Hold | None:
        """A task lets go of a lock: of its last hold, else of the first of another one; None if that began before the region."""
        holds = self._holds.get((lock, word_kind(kind)), [])
        of_kind = [each for each in holds if each.kind == kind]
        if not of_kind:
            return None
        hold = next((each for each in reversed(of_kind) if each.task == task), of_kind[0])
        self._let_go(holds, hold)
        hold.site.holds.add(max(cycle - hold.since, 0))
        return hold

    def _let_go(self, holds: list[_Hold], hold: _Hold) -> None:
        holds.remove(hold)
        self._held[hold.task].remove(hold)

    def figures(self) -> Iterator[LockFigures]:
        """Every lock that was taken, by its address."""
        for (address, kind), lock in sorted(self._locks.items(), key=lambda each: (each[0][0] & MASK64, each[0][1])):
            sites = sorted(lock.sites.values(), key=lambda each: each.address)
            if sites:
                yield LockFigures(
                    physical=lock.physical,
                    virtual=address & MASK64,
                    kind=kind,
                    sites=tuple(_figures(each) for each in sites),
                    wait_histogram=_summed([each.waits.histogram for each in sites]),
                    hold_histogram=_summed([each.holds.histogram for each in sites]),
                    owners=owner_figures(lock.owners),
                    lengths={each.address: Lengths(tuple(each.waits.lengths), tuple(each.holds.lengths)) for each in sites},
                )


def owner_figures(owners: Counter[tuple[int, int]]) -> tuple[OwnerFigures, ...]:
    """Who held a lock, by task and site, those in whose holds most waits began first."""
    ranked = sorted(owners.items(), key=lambda each: (-each[1], each[0]))
    return tuple(OwnerFigures(task & MASK64, site & MASK64, times) for (task, site), times in ranked)


def _figures(site: _Site) -> SiteFigures:
    waits, holds = site.waits.lengths, site.holds.lengths
    return SiteFigures(
        address=site.address,
        acquisitions=site.acquisitions,
        contended=len(waits),
        wait_cycles=sum(waits),
        wait_cycles_min=min(waits, default=0),
        wait_cycles_max=max(waits, default=0),
        hold_cycles=sum(holds),
        hold_cycles_min=min(holds, default=0),
        hold_cycles_max=max(holds, default=0),
        spin_iterations=0,
        wakeups=site.wakeups,
        bounces=site.bounces,
        contended_bounces=site.contended_bounces,
    )


def _summed(histograms: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*histograms, strict=True))
