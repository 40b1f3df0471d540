"""On whose kernel stack each record's core was, from the records of a trace in parts of any size."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from emu.trace.file import Records
from emu.trace.record import TRACE_DTYPE, Kind

_INSTRUCTION = int(Kind.INSTRUCTION)

Owned = tuple[Records, NDArray[np.int64]]  # records, and the task of each: its number, or minus one minus the core that is idle


def with_owners(parts: Iterable[Records], switches: set[int]) -> Iterator[Owned]:
    """All records in order, with the task that each belongs to: the one switched to from the change of stacks on.

    A record names the current task, which the switch sets somewhat later; what follows a change of stacks waits until that is seen.
    """
    waiting = np.zeros(0, TRACE_DTYPE)
    stacks = np.array(sorted(switches), np.uint64)
    for part in parts:
        records = np.concatenate((waiting, part))
        owners, known = _owners(records, stacks)
        yield records[:known], owners[:known]
        waiting = records[known:]
    yield waiting, _owners(waiting, stacks)[0]


def _owners(records: Records, stacks: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
    """The owner of each record, and how many of them are sure."""
    owners: NDArray[np.int64] = np.where(records["task"] < 0, -1 - records["core"].astype(np.int64), records["task"])
    switching = (records["kind"] == _INSTRUCTION) & np.isin(records["pc"], stacks)
    spans = list[tuple[int, int]]()  # from a change of stacks to where it is seen
    for core in np.unique(records["core"]):
        own = np.flatnonzero(records["core"] == core)
        tasks = owners[own]
        changes = np.flatnonzero(np.diff(tasks)) + 1
        for place in np.flatnonzero(switching[own]):
            following = np.searchsorted(changes, place, side="right")
            if following < len(changes):
                change = changes[following]
                owners[own[place + 1 : change]] = tasks[change]
            seen = int(own[changes[following]]) if following < len(changes) else len(records) + 1
            spans.append((int(own[place]), seen))
    return owners, _outside(spans, len(records))


def _outside(spans: list[tuple[int, int]], place: int) -> int:
    """The last place up to `place` that is within no span."""
    for begin, end in sorted(spans, reverse=True):
        if begin < place < end:
            place = begin
    return place
