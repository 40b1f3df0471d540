"""The locks of a region by name: lock words become classes, and what each class did is the sum over its words.

A lock is called by its variable, else by the structure and member that types give its allocation, else by the functions that take
it: words that are taken at a place in common are one class.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import chain, zip_longest
from typing import Any

from emu.boot.full.lock_routine import word_kind
from emu.boot.full.measured import Lengths, LockFigures, SiteFigures, TaskFigures
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.roles import base_name
from emu.subjects.lock_means import LockMeans

FUNCTIONS_MAX = 3  # that a class is called by


@dataclass(frozen=True, slots=True)
class LockUse(LockMeans):
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
    bounces: int | None = None  # acquisitions of a lock that another core had taken last; None: not counted
    contended_bounces: int | None = None  # and beginnings of waits

    @classmethod
    def of(cls, sites: "Iterable[SiteFigures | LockUse]") -> "LockUse":
        """Sums, and the shortest and the longest of each."""
        sites = list(sites)
        columns = {each.name: [getattr(site, each.name) for site in sites] for each in fields(cls)}
        figures: dict[str, Any] = {name: _joined(name, column) for name, column in columns.items()}
        return cls(**figures)

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {**asdict(self), "wait_cycles_mean": self.wait_cycles_mean, "hold_cycles_mean": self.hold_cycles_mean}


def _joined(name: str, column: Sequence[int | None]) -> int | None:
    if None in column:
        return None
    return _of_counts(name, [value for value in column if value is not None])


def _of_counts(name: str, column: Sequence[int]) -> int:
    if name.endswith("_max"):
        return max(column, default=0)
    return min(filter(None, column), default=0) if name.endswith("_min") else sum(column)


@dataclass(frozen=True, slots=True)
class NamedSite:
    """What was done from one place in code, such as `do_msgsnd+0x9c`."""

    site: str
    use: LockUse
    address: int


@dataclass(frozen=True, slots=True)
class NamedOwner:
    """Who held a lock when others began to wait for it."""

    task: str  # "" where that is not known
    pid: int | None
    site: str  # where it had taken the lock
    contended: int  # how often
    address: int  # of that place


@dataclass(frozen=True, slots=True)
class NamedLock:
    """A class of locks."""

    name: str
    kind: str  # spinlock, mutex, rwsem:R, ...
    words: tuple[int, ...]  # physical addresses of those that were used
    use: LockUse
    sites: tuple[NamedSite, ...]  # those that waited and acquired most first
    wait_histogram: tuple[int, ...]  # waits by the bits of their length in cycles
    hold_histogram: tuple[int, ...]
    owners: tuple[NamedOwner, ...]  # the one in whose holds most waits began first
    lengths: Mapping[str, Lengths] = field(default_factory=dict)  # each wait and hold by site; of spin locks a trace has them

    @property
    def instances(self) -> int:
        """How many of them there are."""
        return len(self.words)

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "words": self.instances,
            **self.use.to_dict(),
            "wait_histogram": list(self.wait_histogram),
            "hold_histogram": list(self.hold_histogram),
            "owners": [{**asdict(each), "address": f"{each.address:#x}"} for each in self.owners],
            "call_sites": [{"site": each.site, "address": f"{each.address:#x}", **each.use.to_dict()} for each in self.sites],
        }


def name_locks(locks: Sequence[LockFigures], places: Places, tasks: Mapping[int, TaskFigures]) -> list[NamedLock]:
    """The classes, those that were waited for longest and then acquired most often first; `tasks` by address."""
    by_name, nameless = dict[tuple[str, str], list[LockFigures]](), list[LockFigures]()
    for lock in locks:
        place = places.data(lock.virtual, lock.physical)
        if place is None or place.mixed:
            nameless.append(lock)
        else:
            by_name.setdefault((places.lock(place, word_kind(lock.kind)), lock.kind), []).append(lock)
    # Without names a call into the lock's own code is not told from the lock's own instruction: all words would be one class.
    classes = _by_sites(nameless).values() if places.has_symbols else [[lock] for lock in nameless]
    for members in classes:
        kinds = dict.fromkeys(lock.kind for lock in members)  # readers and writers of one word are two kinds of one name
        name = _free_name(_called_by(members, places), kinds, by_name)
        for kind in kinds:
            by_name[name, kind] = [lock for lock in members if lock.kind == kind]
    named = [_named(name, kind, members, places, tasks) for (name, kind), members in by_name.items()]
    return sorted(named, key=lambda each: (*_rank(each.use), each.name, each.kind))


def _rank(use: LockUse) -> tuple[int, int]:
    return -use.wait_cycles, -use.acquisitions


def _by_sites(locks: Sequence[LockFigures]) -> dict[tuple[int, str], list[LockFigures]]:
    """Classes of words of one kind that are taken at a place in common, or that a chain of such words joins; by one of them."""
    leader = dict[tuple[int, str], tuple[int, str]]()

    def find(key: tuple[int, str]) -> tuple[int, str]:
        while leader.setdefault(key, key) != key:
            leader[key] = key = leader[leader[key]]
        return key

    for lock in locks:
        kind = word_kind(lock.kind)
        for site in lock.sites:
            leader[find((site.address, kind))] = find((lock.virtual, kind))
    classes = dict[tuple[int, str], list[LockFigures]]()
    for lock in locks:
        classes.setdefault(find((lock.virtual, word_kind(lock.kind))), []).append(lock)
    return classes


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


def _free_name(name: str, kinds: Iterable[str], taken: Iterable[tuple[str, str]]) -> str:
    """The name, numbered if other locks that the same functions take have it already."""
    names, number, found = set(taken), 1, name
    while any((found, kind) in names for kind in kinds):
        number += 1
        found = f"{name} ({number})"
    return found


def _named(name: str, kind: str, locks: Sequence[LockFigures], places: Places, tasks: Mapping[int, TaskFigures]) -> NamedLock:
    by_site = dict[str, list[SiteFigures]]()
    for site in (site for lock in locks for site in lock.sites):
        by_site.setdefault(places.code(site.address), []).append(site)
    sites = [NamedSite(site, LockUse.of(figures), figures[0].address) for site, figures in by_site.items()]
    return NamedLock(
        name,
        kind,
        tuple(sorted(lock.physical for lock in locks)),
        LockUse.of(site for lock in locks for site in lock.sites),
        tuple(sorted(sites, key=lambda each: (*_rank(each.use), each.site))),
        _summed([lock.wait_histogram for lock in locks]),
        _summed([lock.hold_histogram for lock in locks]),
        _owners(locks, places, tasks),
        _lengths(locks, places),
    )


def _lengths(locks: Sequence[LockFigures], places: Places) -> dict[str, Lengths]:
    """Of all these locks together."""
    found = dict[str, list[Lengths]]()
    for address, lengths in (each for lock in locks for each in lock.lengths.items()):
        found.setdefault(places.code(address), []).append(lengths)
    return {site: joined_lengths(parts) for site, parts in found.items()}


def joined_lengths(parts: Iterable[Lengths]) -> Lengths:
    """Each wait and hold of several places."""
    parts = list(parts)
    waits, holds = (tuple(chain.from_iterable(getattr(each, what) for each in parts)) for what in ("waits", "holds"))
    return Lengths(waits, holds)


def _owners(locks: Sequence[LockFigures], places: Places, tasks: Mapping[int, TaskFigures]) -> tuple[NamedOwner, ...]:
    """Of all these locks together."""
    found, addresses = Counter[tuple[int, str]](), dict[str, int]()
    for owner in (owner for lock in locks for owner in lock.owners):
        found[owner.task, places.code(owner.site)] += owner.contended
        addresses.setdefault(places.code(owner.site), owner.site)
    named = list[NamedOwner]()
    for (address, site), times in found.items():
        task = tasks.get(address)
        known = ("", None) if task is None else (task.comm, task.pid)
        named.append(NamedOwner(*known, site, times, addresses[site]))
    return tuple(sorted(named, key=lambda each: (-each.contended, each.task, each.pid or 0, each.site)))


def _summed(histograms: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Bucket by bucket."""
    return tuple(sum(column) for column in zip_longest(*histograms, fillvalue=0))
