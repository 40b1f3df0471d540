"""The locks of a region by name: lock words become classes, and what each class did is the sum over its words.

A lock is called by its variable, else by the structure and member that types give its allocation, else by the functions that take
it: words that are taken at a place in common are one class.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import Any

from emu.boot.full.measured import LockFigures, SiteFigures
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.roles import base_name

FUNCTIONS_MAX = 3  # that a class is called by


@dataclass(frozen=True, slots=True)
class LockUse:
    """What was done with locks; cycles are those of the cores that waited or held."""

    acquisitions: int
    contended: int
    wait_cycles: int
    wait_cycles_min: int  # of those that had to wait; 0: none
    wait_cycles_max: int
    hold_cycles: int
    hold_cycles_min: int
    hold_cycles_max: int
    spin_iterations: int
    wakeups: int  # while held

    @classmethod
    def of(cls, sites: "Iterable[SiteFigures | LockUse]") -> "LockUse":
        """Sums, and the shortest and the longest of each."""
        sites = list(sites)
        columns = {each.name: [getattr(site, each.name) for site in sites] for each in fields(cls)}
        return cls(**{name: _joined(name, column) for name, column in columns.items()})

    @property
    def wait_cycles_mean(self) -> float:
        """Cycles a contended acquisition waited."""
        return self.wait_cycles / self.contended if self.contended else 0.0

    @property
    def hold_cycles_mean(self) -> float:
        """Cycles from an acquisition to the visible release."""
        return self.hold_cycles / self.acquisitions if self.acquisitions else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {**asdict(self), "wait_cycles_mean": self.wait_cycles_mean, "hold_cycles_mean": self.hold_cycles_mean}


def _joined(name: str, column: Iterable[int]) -> int:
    if name.endswith("_max"):
        return max(column, default=0)
    return min(filter(None, column), default=0) if name.endswith("_min") else sum(column)


@dataclass(frozen=True, slots=True)
class NamedSite:
    """What was done from one place in code, such as `do_msgsnd+0x9c`."""

    site: str
    use: LockUse


@dataclass(frozen=True, slots=True)
class NamedLock:
    """A class of locks."""

    name: str
    kind: str  # spinlock, mutex, ...
    words: tuple[int, ...]  # physical addresses of those that were used
    use: LockUse
    sites: tuple[NamedSite, ...]  # those that waited and acquired most first
    wait_histogram: tuple[int, ...]  # waits by the bits of their length in cycles
    hold_histogram: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "words": len(self.words),
            **self.use.to_dict(),
            "wait_histogram": list(self.wait_histogram),
            "hold_histogram": list(self.hold_histogram),
            "call_sites": [{"site": each.site, **each.use.to_dict()} for each in self.sites],
        }


def name_locks(locks: Sequence[LockFigures], places: Places) -> list[NamedLock]:
    """The classes, those that were waited for longest and then acquired most often first."""
    by_name, nameless = dict[tuple[str, str], list[LockFigures]](), list[LockFigures]()
    for lock in locks:
        place = places.data(lock.virtual, lock.physical)
        if place is None or place.mixed:
            nameless.append(lock)
        else:
            by_name.setdefault((places.lock(place, lock.kind), lock.kind), []).append(lock)
    # Without names a call into the lock's own code is not told from the lock's own instruction: all words would be one class.
    classes = _by_sites(nameless).values() if places.has_symbols else [[lock] for lock in nameless]
    for members in classes:
        kind = members[0].kind
        by_name[_free_name(_called_by(members, places), kind, by_name), kind] = members
    named = [_named(name, kind, members, places) for (name, kind), members in by_name.items()]
    return sorted(named, key=lambda each: (*_rank(each.use), each.name, each.kind))


def _rank(use: LockUse) -> tuple[int, int]:
    return -use.wait_cycles, -use.acquisitions


def _by_sites(locks: Sequence[LockFigures]) -> dict[tuple[int, str], list[LockFigures]]:
    """Classes of locks of one kind that have a place in common, or that a chain of such locks joins; by one of their places."""
    leader = dict[tuple[int, str], tuple[int, str]]()

    def find(key: tuple[int, str]) -> tuple[int, str]:
        while leader.setdefault(key, key) != key:
            leader[key] = key = leader[leader[key]]
        return key

    for lock in locks:
        for site in lock.sites:
            leader[find((site.address, lock.kind))] = find((_key(lock), lock.kind))
    classes = dict[tuple[int, str], list[LockFigures]]()
    for lock in locks:
        classes.setdefault(find((_key(lock), lock.kind)), []).append(lock)
    return classes


def _key(lock: LockFigures) -> int:
    """One of a lock's places; of what was never acquired, its own address."""
    return lock.sites[0].address if lock.sites else lock.virtual


def _called_by(locks: Sequence[LockFigures], places: Places) -> str:
    """After the functions that take them, those that do most often first; after its address where code has no names."""
    takers = Counter[str]()
    for lock in locks:
        for site in lock.sites:
            takers[base_name(places.code(site.address)).partition("+")[0]] += site.acquisitions
    if not takers or not places.has_symbols:
        return f"lock at {locks[0].virtual:#x}"
    names = sorted(takers, key=lambda name: (-takers[name], name))[:FUNCTIONS_MAX]
    return f"lock taken by {', '.join(names)}"


def _free_name(name: str, kind: str, taken: Iterable[tuple[str, str]]) -> str:
    """The name, numbered if other locks that the same functions take have it already."""
    names, number, found = set(taken), 1, name
    while (found, kind) in names:
        number += 1
        found = f"{name} ({number})"
    return found


def _named(name: str, kind: str, locks: Sequence[LockFigures], places: Places) -> NamedLock:
    by_site = dict[str, list[SiteFigures]]()
    for site in (site for lock in locks for site in lock.sites):
        by_site.setdefault(places.code(site.address), []).append(site)
    sites = [NamedSite(site, LockUse.of(figures)) for site, figures in by_site.items()]
    return NamedLock(
        name,
        kind,
        tuple(sorted(lock.physical for lock in locks)),
        LockUse.of(site for lock in locks for site in lock.sites),
        tuple(sorted(sites, key=lambda each: (*_rank(each.use), each.site))),
        _summed([lock.wait_histogram for lock in locks]),
        _summed([lock.hold_histogram for lock in locks]),
    )


def _summed(histograms: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Bucket by bucket."""
    return tuple(sum(column) for column in zip_longest(*histograms, fillvalue=0))
