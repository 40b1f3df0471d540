"""Which lines of memory move between cores: a replay of accesses through caches without limit, one a core.

The rules are those by which the real kernels' accesses were replayed (`emu/kernels`), so that the counts compare: no
capacity, no latency, every access takes effect where it stands in the trace.
"""

from enum import IntEnum


class Event(IntEnum):
    """What an access did beyond a hit in its own core's cache. Bringing a line from memory is no event."""

    NONE = 0
    READ_MISS = 1  # a load of a line that another core wrote last
    UPGRADE = 2  # a store to a line that is here and elsewhere
    WRITE_MISS = 3  # a store to a line that is only elsewhere


class CoherenceReplay:
    """The caches. A line is named by any integer that is the same on every core."""

    __slots__ = ("_holders", "_writer")

    def __init__(self) -> None:
        """All caches are empty."""
        self._holders: dict[int, int] = {}  # bit mask of cores that hold the line
        self._writer: dict[int, int] = {}  # core that stored to it last

    def load(self, core: int, line: int) -> Event:
        """A core loads from a line."""
        holders = self._holders.get(line, 0)
        if holders >> core & 1:
            return Event.NONE
        self._holders[line] = holders | 1 << core
        return Event.READ_MISS if self._writer.get(line, core) != core else Event.NONE

    def store(self, core: int, line: int) -> Event:
        """A core stores to a line: it is the only one that holds it afterwards."""
        own = 1 << core
        holders = self._holders.get(line, 0)
        self._writer[line] = core
        if holders == own:
            return Event.NONE
        self._holders[line] = own
        if not holders:
            return Event.NONE
        return Event.UPGRADE if holders & own else Event.WRITE_MISS
