"""What a nanosecond of an export is: a cycle, so that all sums are exact, or a simulated nanosecond, rounded down."""

from enum import Enum

NANOSECONDS = 1_000_000_000  # of a second


class Clock(Enum):
    """By the name that it has as an option."""

    CYCLES = "cycles"
    NS = "ns"

    def words(self) -> str:
        """For whoever opens the file."""
        return "1 ns is 1 cycle" if self is Clock.CYCLES else "simulated time"

    def nanoseconds(self, cycle: int, hertz: int) -> int:
        """The time of a cycle."""
        return cycle if self is Clock.CYCLES else cycle * NANOSECONDS // hertz
