"""What happens while a routine runs: in itself or in what it calls, until it returns.

Calls and returns are counted for each task, and for each core's idle task; back in the program the count begins anew.
Interrupts stand apart: what a handler does is not the doing of what it interrupts. A lock is let go by the instruction that
stores to its word, however much later that store becomes visible.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.trace.file import Records
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind

Mask = NDArray[np.bool_]
KERNEL_SPACE = np.uint64(1 << 63)
_INSTRUCTION, _INTERRUPT, _RELEASED = int(Kind.INSTRUCTION), int(Kind.INTERRUPT), int(Kind.LOCK_RELEASED)
_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))
# What a record means to the count; an instruction can mean several of them.
_IN_PROGRAM, _IN_ROUTINE, _STORES_TO_LOCK, _CALLS, _RETURNS, _INTERRUPTS, _RESUMES = (1 << bit for bit in range(7))


@dataclass(slots=True)
class _Level:
    """A task outside interrupts, or in one: how many calls deep it is, and how deep it was when a routine was entered."""

    depth: int = 0
    entered_at: int | None = None


class Extents:
    """Asked about the chunks of a trace one after the other, from the first on."""

    def __init__(self, header: TraceHeader, ranges: Sequence[tuple[int, int]]) -> None:
        """`ranges`: of each routine, its first address and the first one behind it."""
        self._ranges = ranges
        self._in_kernel = all(start >= KERNEL_SPACE for start, _ in ranges)
        self._calls, self._returns, self._resumes = (
            np.array(sorted(each), np.uint64) for each in (header.calls, header.returns, header.interrupt_returns)
        )
        self._lock_words = np.array([lock.address for lock in header.locks], np.uint64)
        self._levels: dict[int, list[_Level]] = {}  # by task, or minus one minus the core for an idle task
        self._let_go_within: dict[tuple[int, int], bool] = {}  # by core and lock word: where the last store to it was

    def code(self, chunk: Records) -> Mask:
        """Which records are of code of the routines themselves."""
        pc = chunk["pc"]
        within = np.zeros(len(chunk), np.bool_)
        for start, end in self._ranges:
            within |= (pc >= np.uint64(start)) & (pc < np.uint64(end))
        return within

    def holds(self, chunk: Records, asked: Mask) -> Mask:
        """Which of the asked events happen while a routine runs."""
        code = self.code(chunk)
        meanings = self._meanings(chunk, code)
        places = np.flatnonzero((meanings != 0) | asked)
        owner = np.where(chunk["task"] < 0, -1 - chunk["core"].astype(np.int64), chunk["task"])
        columns = [column[places].tolist() for column in (owner, meanings, chunk["core"], chunk["address"], chunk["kind"])]
        found = np.zeros(len(chunk), np.bool_)
        for place, who, meaning, core, address, kind in zip(places.tolist(), *columns, strict=True):
            levels = self._levels.setdefault(who, [_Level()])
            if meaning & _STORES_TO_LOCK:
                self._let_go_within[core, address] = bool(code[place]) or levels[-1].entered_at is not None
            if meaning:
                self._count(levels, meaning)
            if kind == _RELEASED:
                found[place] = self._let_go_within.get((core, address), False)
            elif kind != _INSTRUCTION:
                found[place] = code[place] or levels[-1].entered_at is not None
        return found & asked

    def _meanings(self, chunk: Records, code: Mask) -> NDArray[np.uint8]:
        kind, pc = chunk["kind"], chunk["pc"]
        instruction = kind == _INSTRUCTION
        meanings = np.where(kind == _INTERRUPT, _INTERRUPTS, 0).astype(np.uint8)
        stores = np.isin(chunk["access"], _STORES) & np.isin(chunk["address"], self._lock_words)
        for mask, meaning in (
            (_first_of_run(chunk, instruction, pc < KERNEL_SPACE), _IN_PROGRAM),
            (_first_of_run(chunk, instruction, code), _IN_ROUTINE),
            (stores, _STORES_TO_LOCK),
            (np.isin(pc, self._calls), _CALLS),
            (np.isin(pc, self._returns), _RETURNS),
            (np.isin(pc, self._resumes), _RESUMES),
        ):
            meanings[mask & instruction] |= meaning
        return meanings

    def _count(self, levels: list[_Level], meaning: int) -> None:
        if meaning & _INTERRUPTS:
            levels.append(_Level())
        if meaning & _IN_PROGRAM and self._in_kernel:
            levels[:] = [_Level()]
        level = levels[-1]
        if meaning & _IN_ROUTINE and level.entered_at is None:
            level.entered_at = level.depth
        level.depth += bool(meaning & _CALLS) - bool(meaning & _RETURNS)
        if level.entered_at is not None and level.depth < level.entered_at:
            level.entered_at = None
        if meaning & _RESUMES and len(levels) > 1:
            levels.pop()


def _first_of_run(chunk: Records, instruction: Mask, mask: Mask) -> Mask:
    """Of each core's instructions one after the other that the mask has, the first."""
    first = np.zeros(len(chunk), np.bool_)
    for core in np.unique(chunk["core"]):
        own = np.flatnonzero(instruction & (chunk["core"] == core))
        first[own] = mask[own] & ~np.concatenate(([False], mask[own[:-1]])) if len(own) else False
    return first
