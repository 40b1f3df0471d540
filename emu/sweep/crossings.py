"""Which of two curves is ahead, and from where on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from emu.compare.bootstrap import Estimate, estimate_difference_percent
from emu.sweep.point import Value

Rates = Mapping[float, Sequence[float]]  # a value a seed, by place


@dataclass(frozen=True, slots=True)
class Lead:
    """Two curves over the same axis: how much B is ahead of A at each place, percent."""

    a: str
    b: str
    differences: Mapping[float, Estimate]
    at: Mapping[str, Value]  # where both are on the other axes

    @property
    def stretches(self) -> list[tuple[str | None, float, float]]:
        """Who is ahead from where to where; None: nobody, as the interval has 0 in it, or there is none."""
        found: list[tuple[str | None, float, float]] = []
        for x, difference in self.differences.items():
            ahead = self._ahead(difference)
            if found and found[-1][0] == ahead:
                found[-1] = (ahead, found[-1][1], x)
            else:
                found.append((ahead, x, x))
        return found

    @property
    def crossings(self) -> list[float]:
        """Where the difference passes 0, between two places by a straight line."""
        places = list(self.differences.items())
        found = []
        for (x, before), (other, after) in pairwise(places):
            if before.mean * after.mean < 0:
                found.append(x + (other - x) * before.mean / (before.mean - after.mean))
        return found

    def _ahead(self, difference: Estimate) -> str | None:
        low, high = difference.interval or (difference.mean, difference.mean)
        return self.b if low > 0 else self.a if high < 0 else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "at": dict(self.at),
            "stretches": [{"ahead": ahead, "from": begin, "to": end} for ahead, begin, end in self.stretches],
            "crossings": self.crossings,
            "differences": [{"x": x, "percent": each.to_dict()} for x, each in self.differences.items()],
        }


def lead(a: str, b: str, of_a: Rates, of_b: Rates, at: Mapping[str, Value] | None = None) -> Lead:
    """From rates; places that only one of them has are left out."""
    places = [x for x in sorted(of_a) if x in of_b]
    return Lead(a, b, {x: estimate_difference_percent(of_a[x], of_b[x]) for x in places}, at or {})


def in_words(found: Lead, axis: str) -> str:
    """A sentence: "wakeq is ahead of baseline from 4 cores on"."""
    places = list(found.differences)
    parts = []
    for ahead, begin, end in found.stretches:
        where = _where(begin, end, places, axis)
        if ahead is None:
            parts.append(f"neither is {where}")
        else:
            parts.append(f"{ahead} is ahead of {found.a if ahead == found.b else found.b} {where}")
    return "; ".join(parts)


def _where(begin: float, end: float, places: Sequence[float], axis: str) -> str:
    first, last = begin == places[0], end == places[-1]
    if first and last:
        return f"at every value of {axis}"
    if last:
        return f"from {axis} = {begin:g} on"
    if begin == end:
        return f"at {axis} = {begin:g}"
    return f"up to {axis} = {end:g}" if first else f"from {axis} = {begin:g} to {end:g}"
