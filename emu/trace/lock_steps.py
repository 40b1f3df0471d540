"""Who takes and lets go of which lock where in the path, and which instructions lie between.

A lock is taken by the instruction in front of the event, and let go by the one that stores to its word: the event of its release
comes when that store is visible, which may be many instructions later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind
from emu.trace.select import Selection
from emu.trace.visits import Path

Mask = NDArray[np.bool_]
_INSTRUCTION, _ACQUIRED, _RELEASED = int(Kind.INSTRUCTION), int(Kind.LOCK_ACQUIRED), int(Kind.LOCK_RELEASED)
_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))


@dataclass(frozen=True, slots=True)
class LockStep:
    """A lock taken or let go; `index` is the place of the instruction that did it among the selected records."""

    index: int
    task: int
    core: int
    lock: int
    taken: bool
    cycles: int  # waited for it, or held it until its release was visible


def read_lock_steps(trace: TraceFile, selection: Selection) -> list[LockStep]:
    """All that the selection has, in the order of their events."""
    words = np.array([lock.address for lock in trace.header.locks], np.uint64)
    latest: dict[int, int] = {}  # by core: place of its last instruction
    stores: dict[tuple[int, int], tuple[int, int]] = {}  # by core and lock word: place and task of the last store
    steps = []
    first = 0
    for chunk in selection.of(trace):
        before = _instruction_before(chunk)
        for place in np.flatnonzero(_matters(chunk, words)):
            record = chunk[place]
            kind, core, task, address = (int(record[name]) for name in ("kind", "core", "task", "address"))
            if kind == _INSTRUCTION:
                stores[core, address] = first + int(place), task
                continue
            if kind == _ACQUIRED:
                at = first + int(before[place]) if before[place] >= 0 else latest.get(core, -1)
            else:
                at, task = stores.get((core, address), (-1, task))
            if at >= 0:
                steps.append(LockStep(at, task, core, int(record["detail"]), kind == _ACQUIRED, int(record["value"])))
        for core in np.unique(chunk["core"]):
            own = np.flatnonzero((chunk["core"] == core) & (chunk["kind"] == _INSTRUCTION))
            if len(own):
                latest[int(core)] = first + int(own[-1])
        first += len(chunk)
    return steps


def _matters(chunk: Records, words: NDArray[np.uint64]) -> Mask:
    kind = chunk["kind"]
    stores = (kind == _INSTRUCTION) & np.isin(chunk["access"], _STORES) & np.isin(chunk["address"], words)
    matters: Mask = stores | (kind == _ACQUIRED) | (kind == _RELEASED)
    return matters


def _instruction_before(chunk: Records) -> NDArray[np.int64]:
    """For each record, the last instruction of its core at or before it in the chunk; -1 where there is none."""
    found = np.full(len(chunk), -1, np.int64)
    for core in np.unique(chunk["core"]):
        own = np.flatnonzero(chunk["core"] == core)
        places = np.where(chunk["kind"][own] == _INSTRUCTION, own, -1)
        found[own] = np.maximum.accumulate(places)
    return found


def instructions_under(path: Path, steps: Sequence[LockStep], header: TraceHeader) -> dict[str, Mask]:
    """By name of the lock, which instructions of the path are between the one that took it and the one that let it go.

    They are those of the task that did both, else (a run queue's lock is handed over in a switch) those of the core.
    """
    under = {header.locks[step.lock].name: np.zeros(len(path), np.bool_) for step in steps}
    for begin, end in _holds(steps):
        one = begin or end
        assert one is not None
        start = 0 if begin is None else int(np.searchsorted(path.index, begin.index, "right"))
        stop = len(path) if end is None else int(np.searchsorted(path.index, end.index, "right"))
        part = slice(start, stop)
        of_task, of_core = path.task[part] == one.task, path.core[part] == one.core
        if begin is None or end is None:
            held = of_task & of_core
        else:
            held = of_task if begin.task == end.task and one.task >= 0 else of_core
        under[header.locks[one.lock].name][part] |= held
    return under


def _holds(steps: Sequence[LockStep]) -> Iterator[tuple[LockStep | None, LockStep | None]]:
    """The steps in pairs; None for one that the selection does not have."""
    begun: dict[int, LockStep] = {}
    for step in steps:
        if step.taken:
            begun[step.lock] = step
        else:
            yield begun.pop(step.lock, None), step
    for step in begun.values():
        yield step, None
