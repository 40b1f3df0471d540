"""Locks of two kernels side by side, by the functions that take them.

A place such as `do_msgsnd+0x9c` is another one in another kernel, and a lock that is called by its takers may be called otherwise
in another run; so locks of different runs are the same if they have one name, or else if they have most acquisitions by the same
functions in common.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from emu.subjects.kernel.lock_names import LockUse, NamedLock
from emu.subjects.kernel.result import DetailResult
from emu.subjects.kernel.roles import base_name

Uses = dict[str, LockUse]  # by the function that takes the lock


@dataclass(frozen=True, slots=True)
class LockMeans:
    """What one kernel did with a lock from one function: means over the seeds."""

    acquisitions: float  # an item
    contended_share: float
    wait_cycles: float  # of a contended acquisition
    hold_cycles: float  # of an acquisition
    wait_cycles_per_item: float
    wakeups: float  # an item, while held

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {
            "acquisitions_per_item": self.acquisitions,
            "contended_share": self.contended_share,
            "wait_cycles_mean": self.wait_cycles,
            "hold_cycles_mean": self.hold_cycles,
            "wait_cycles_per_item": self.wait_cycles_per_item,
            "wakeups_per_item": self.wakeups,
        }


@dataclass(frozen=True, slots=True)
class LockRow:
    """A lock as one function takes it, in both kernels; None: in this one it does not."""

    lock: str  # as the first run that has it calls it
    kind: str
    function: str
    a: LockMeans | None
    b: LockMeans | None

    @property
    def wakeups_moved(self) -> float:
        """How many an item are made under it in one kernel only."""
        return abs(_of(self.a, _wakeups) - _of(self.b, _wakeups))

    @property
    def weight(self) -> float:
        """How much of both kernels' time it takes, as waiting and holding."""
        return _of(self.a, _cost) + _of(self.b, _cost)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.lock,
            "kind": self.kind,
            "function": self.function,
            "a": self.a.to_dict() if self.a is not None else None,
            "b": self.b.to_dict() if self.b is not None else None,
        }


@dataclass(slots=True)
class _Class:
    """One lock over all runs: what each run did with it, by function; `runs` are places in the order of the runs."""

    name: str
    kind: str
    runs: dict[int, Uses] = field(default_factory=dict)


def lock_rows(a: Sequence[DetailResult], b: Sequence[DetailResult], items: int) -> list[LockRow]:
    """Every lock by every function, those that cost the most first."""
    classes = list[_Class]()
    for place, run in enumerate((*a, *b)):
        _join(classes, place, run.locks)
    sides = range(len(a)), range(len(a), len(a) + len(b))
    rows = list[LockRow]()
    for each in classes:
        for function in dict.fromkeys(function for uses in each.runs.values() for function in uses):
            means = [_means([each.runs.get(place, {}).get(function) for place in side], items) for side in sides]
            rows.append(LockRow(each.name, each.kind, function, *means))
    return sorted(rows, key=lambda row: (-row.weight, row.lock, row.function))


def _join(classes: list[_Class], place: int, locks: Sequence[NamedLock]) -> None:
    """Add a run's locks to the classes that they are of: first those of a name, then the most alike, each class once."""
    left = list[tuple[NamedLock, Uses]]()
    free = list(classes)
    for lock in locks:
        same = next((each for each in free if (each.name, each.kind) == (lock.name, lock.kind)), None)
        if same is None:
            left.append((lock, _by_function(lock)))
        else:
            same.runs[place] = _by_function(lock)
            free.remove(same)
    for lock, uses in left:
        alike = max((each for each in free if each.kind == lock.kind), key=lambda each: _common(each, uses), default=None)
        if alike is None or not _common(alike, uses):
            classes.append(_Class(lock.name, lock.kind, {place: uses}))
        else:
            alike.runs[place] = uses
            free.remove(alike)


def _common(found: _Class, uses: Uses) -> int:
    """Acquisitions by the same functions, in the run of the class that is the most alike."""

    def shared(others: Uses) -> int:
        return sum(min(use.acquisitions, others[name].acquisitions) for name, use in uses.items() if name in others)

    return max(shared(others) for others in found.runs.values())


def _by_function(lock: NamedLock) -> Uses:
    found = dict[str, list[LockUse]]()
    for each in lock.sites:
        found.setdefault(base_name(each.site).partition("+")[0], []).append(each.use)
    return {function: LockUse.of(uses) for function, uses in found.items()}


def _means(uses: Sequence[LockUse | None], items: int) -> LockMeans | None:
    """Over the runs of a side; one that did not use the lock counts as none, but not in the lengths of waits and holds."""
    used = [use for use in uses if use is not None]
    if not used:
        return None
    waited, total = [use for use in used if use.contended], len(uses) * items
    return LockMeans(
        acquisitions=sum(use.acquisitions for use in used) / total,
        contended_share=fmean(use.contended / use.acquisitions if use.acquisitions else 0 for use in used),
        wait_cycles=fmean(use.wait_cycles_mean for use in waited) if waited else 0.0,
        hold_cycles=fmean(use.hold_cycles_mean for use in used),
        wait_cycles_per_item=sum(use.wait_cycles for use in used) / total,
        wakeups=sum(use.wakeups for use in used) / total,
    )


def _of(means: LockMeans | None, figure: Callable[[LockMeans], float]) -> float:
    return figure(means) if means is not None else 0.0


def _wakeups(means: LockMeans) -> float:
    return means.wakeups


def _cost(means: LockMeans) -> float:
    return means.wait_cycles_per_item + means.acquisitions * means.hold_cycles
