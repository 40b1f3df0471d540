"""Where a lock was taken, and when its core let go of it: the instructions around a hold, which are no events themselves.

It is taken by the call of the lock's routine, or by the instruction itself where the compiler has put that in line. It is let go by
the store to its word, however much later that store becomes visible: what the core does in between is not done under the lock.
"""

from bisect import bisect_right

import numpy as np

from emu.export.lock_book import LOCK_ROUTINES
from emu.export.walk import Event
from emu.trace.file import Records
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind
from emu.trace.words import place_words

_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))
_INSTRUCTION, _ACQUIRED, _INTERRUPT = int(Kind.INSTRUCTION), int(Kind.LOCK_ACQUIRED), int(Kind.INTERRUPT)


class Sites:
    """Follows the calls of each core, apart from what interrupts it."""

    def __init__(self, header: TraceHeader) -> None:
        """No calls yet."""
        self._header = header
        self._calls = np.array(sorted(pc for pc in header.calls if not self._in_lock(pc)), np.uint64)
        self._lock_words = np.array(sorted({lock.address for lock in header.locks}), np.uint64)
        self._stores: dict[tuple[int, int], list[int]] = {}  # by core and lock word: when
        self._resumes = frozenset(header.interrupt_returns)
        self._followed = np.array(sorted({*self._calls.tolist(), *self._resumes}), np.uint64)
        self._last: list[list[int]] = [[0] for _ in range(header.cores)]  # calls, outside interrupts and in each of them
        self._found: dict[tuple[int, int], list[int]] = {}  # by core and cycle: the calls before the acquisitions there
        self._words: dict[tuple[int, int], str] = {}

    def _in_lock(self, pc: int) -> bool:
        return self._header.symbol_at(pc)[0].startswith(LOCK_ROUTINES)

    def hear(self, records: Records) -> None:
        """A part of the trace, whose events come next."""
        self._found.clear()
        chosen = np.isin(records["kind"], (_INSTRUCTION, _ACQUIRED, _INTERRUPT))
        chosen &= (records["kind"] != _INSTRUCTION) | np.isin(records["pc"], self._followed)
        part = records[chosen]
        for core, kind, pc, cycle in zip(*(part[name].tolist() for name in ("core", "kind", "pc", "cycle")), strict=True):
            last = self._last[core]
            if kind == _ACQUIRED:
                self._found.setdefault((core, cycle), []).append(last[-1])
            elif kind == _INTERRUPT:
                last.append(0)
            elif pc not in self._resumes:
                last[-1] = pc
            elif len(last) > 1:  # back to what was interrupted
                last.pop()

        self._note_stores(records)

    def _note_stores(self, records: Records) -> None:
        for stores in self._stores.values():
            del stores[:-1]
        chosen = (records["kind"] == _INSTRUCTION) & np.isin(records["access"], _STORES)
        part = records[chosen & np.isin(records["address"], self._lock_words)]
        for core, address, cycle in zip(*(part[name].tolist() for name in ("core", "address", "cycle")), strict=True):
            self._stores.setdefault((core, address), []).append(cycle)

    def let_go(self, core: int, lock: int, since: int, now: int) -> bool:
        """Whether a core that took a lock at `since` has stored to its word by `now`."""
        stores = self._stores.get((core, self._header.locks[lock].address), ())
        place = bisect_right(stores, now)
        return place > 0 and stores[place - 1] > since

    def of(self, event: Event) -> str:
        """Of an acquisition in that part."""
        calls = self._found.get((event.core, event.at))
        key = event.address, calls.pop(0) if calls else 0
        if key not in self._words:
            pc, call = key
            self._words[key] = place_words(call if call and self._in_lock(pc) else pc, self._header)
        return self._words[key]
