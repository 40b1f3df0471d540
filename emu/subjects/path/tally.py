"""What a piece of the path costs apart from time: instructions, accesses, lines, and lines that had to come from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import Enum


class Measure(Enum):
    """What is counted, by the key it has in reports and JSON."""

    INSTRUCTIONS = "instructions"
    LOADS = "loads"
    STORES = "stores"
    LOCKED = "locked"  # instructions that lock the line: LOCK prefix, or xchg with memory
    LINES = "lines"  # distinct 64-byte lines of data
    TRANSFERS = "transfers"  # events of `coherence_replay`


@dataclass(slots=True)
class Tally:
    """Counts of one piece of one execution."""

    instructions: int = 0
    loads: int = 0
    stores: int = 0
    locked: int = 0
    transfers: int = 0
    lines: set[int] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Take another piece in; a line that both touch counts once."""
        self.instructions += other.instructions
        self.loads += other.loads
        self.stores += other.stores
        self.locked += other.locked
        self.transfers += other.transfers
        self.lines |= other.lines


@dataclass(frozen=True, slots=True)
class Means:
    """Means of tallies."""

    instructions: float = 0.0
    loads: float = 0.0
    stores: float = 0.0
    locked: float = 0.0
    lines: float = 0.0
    transfers: float = 0.0

    @classmethod
    def of(cls, tallies: "list[Tally]", count: int | None = None) -> "Means":
        """Sums over `count` (default: how many there are); zeros of nothing."""
        over = (len(tallies) if count is None else count) or 1
        return cls(
            instructions=sum(each.instructions for each in tallies) / over,
            loads=sum(each.loads for each in tallies) / over,
            stores=sum(each.stores for each in tallies) / over,
            locked=sum(each.locked for each in tallies) / over,
            lines=sum(len(each.lines) for each in tallies) / over,
            transfers=sum(each.transfers for each in tallies) / over,
        )

    @classmethod
    def total(cls, means: "Iterable[Means]") -> "Means":
        """Their sums."""
        found = list(means)
        return cls(**{each.name: sum(getattr(one, each.name) for one in found) for each in fields(cls)})

    def __getitem__(self, measure: Measure) -> float:
        """One of them."""
        value: float = getattr(self, measure.value)
        return value

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
