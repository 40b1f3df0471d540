"""Where each lock was taken, and when its core let go of it: the instructions around a hold, which are no events themselves.

It is let go by the store to its word, however much later that store becomes visible: what the core does in between is not done
under the lock.
"""

from bisect import bisect_right
from collections import deque

import numpy as np

from emu.export.calls import Core, Happening
from emu.export.lock_book import LockBooks
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind

_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))
_INSTRUCTION = int(Kind.INSTRUCTION)


class Takings(LockBooks):
    """The place of every acquisition, core by core in their order; keeps no books."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet."""
        super().__init__(trace)
        self.places: list[deque[int]] = [deque() for _ in range(trace.header.cores)]

    def event(self, core: Core, happening: Happening) -> None:
        """Note the place of an acquisition."""
        if happening.kind == Kind.LOCK_ACQUIRED:
            self.places[core.index].append(self.place(core, happening.pc))


class Stores:
    """Stores to lock words: hears the parts of a trace, each before its events."""

    def __init__(self, header: TraceHeader) -> None:
        """None yet."""
        self._header = header
        self._words = np.array(sorted({lock.address for lock in header.locks}), np.uint64)
        self._stores: dict[tuple[int, int], list[int]] = {}  # by core and lock word: when

    def hear(self, records: Records) -> None:
        """A part; of the parts before it the last store to each word is still known."""
        for stores in self._stores.values():
            del stores[:-1]
        chosen = (records["kind"] == _INSTRUCTION) & np.isin(records["access"], _STORES)
        part = records[chosen & np.isin(records["address"], self._words)]
        for core, address, cycle in zip(*(part[name].tolist() for name in ("core", "address", "cycle")), strict=True):
            self._stores.setdefault((core, address), []).append(cycle)

    def let_go(self, core: int, lock: int, since: int, now: int) -> bool:
        """Whether a core that took a lock at `since` has stored to its word by `now`."""
        stores = self._stores.get((core, self._header.locks[lock].address), ())
        place = bisect_right(stores, now)
        return place > 0 and stores[place - 1] > since
