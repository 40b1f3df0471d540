"""Which lines moved out of the queue lock's section, and which into it: the censuses of both traces of a pair of runs.

A line is that of all objects of a kind: the same structure, or the same name but for its number, and the same distance from the
object's first byte. What moves are transfers: as many as one side has less of under the lock, and the other more of elsewhere.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOVED_SHARE = 100  # messages for each of which at least one transfer has to have moved, or it is chance
LineKey = tuple[str, int]  # kind of object, and the line's distance from its first byte


@dataclass(slots=True)
class Transfers:
    """Of a line, or of all: under the queue's lock and outside of it, and the cycles until the line was there."""

    within: int = 0
    outside: int = 0
    within_cycles: int = 0
    outside_cycles: int = 0

    def add(self, other: "Transfers") -> None:
        """Take others in."""
        self.within += other.within
        self.outside += other.outside
        self.within_cycles += other.within_cycles
        self.outside_cycles += other.outside_cycles

    def to_dict(self) -> dict[str, int]:
        """For JSON."""
        return {
            "within": self.within,
            "outside": self.outside,
            "within_cycles": self.within_cycles,
            "outside_cycles": self.outside_cycles,
        }


@dataclass(slots=True)
class FoundLine:
    """What one run does with a line; `fields` by their transfers."""

    transfers: Transfers = field(default_factory=Transfers)
    fields: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class MovedLine:
    """A line of which transfers moved: `out` of the section from A to B, or into it."""

    object: str
    offset: int
    fields: tuple[str, ...]  # those with most transfers first
    out: bool
    moved: int
    a: Transfers
    b: Transfers

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "object": self.object,
            "offset": self.offset,
            "fields": list(self.fields),
            "moved": self.moved,
            "direction": "out" if self.out else "in",
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class SectionLines:
    """The lines of one pair of runs: all transfers of either, and what moved, most first."""

    seed: int
    a: Transfers
    b: Transfers
    moved: tuple[MovedLine, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "seed": self.seed,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "moved": [line.to_dict() for line in self.moved],
        }


def section_lines(a: Mapping[LineKey, FoundLine], b: Mapping[LineKey, FoundLine], *, seed: int, messages: int) -> SectionLines:
    """Two runs beside each other."""
    beside = (_moved(key, a.get(key), b.get(key)) for key in dict.fromkeys([*a, *b]))
    moved = [line for line in beside if line.moved > 0 and line.moved * MOVED_SHARE >= messages]
    moved.sort(key=lambda line: (not line.out, -line.moved, line.object, line.offset))
    return SectionLines(seed, _total(a), _total(b), tuple(moved))


def _moved(key: LineKey, in_a: FoundLine | None, in_b: FoundLine | None) -> MovedLine:
    a, b = in_a or FoundLine(), in_b or FoundLine()
    out = min(a.transfers.within - b.transfers.within, b.transfers.outside - a.transfers.outside)
    into = min(b.transfers.within - a.transfers.within, a.transfers.outside - b.transfers.outside)
    fields = tuple(name for name, _ in (a.fields + b.fields).most_common())
    return MovedLine(*key, fields, out > 0, max(out, into), a.transfers, b.transfers)


def _total(lines: Mapping[LineKey, FoundLine]) -> Transfers:
    total = Transfers()
    for line in lines.values():
        total.add(line.transfers)
    return total
