"""Lock discipline: who took a spin lock releases it, nobody sleeps with one, and two are always taken in the same order.

A schedule's steps are looked at behind its end, in the order of each core's program: a store is the release when it enters the
buffer, whenever it shows. Queued spin locks alone are known, by the value of their word (`emu.engine.lock_word`).
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from emu.engine.lock_word import merged
from emu.explore.records import KINDS, STEP
from emu.native import MASK64

CHECKER = "lock-discipline"


@dataclass(frozen=True, slots=True)
class _Hold:
    """Who has a lock."""

    name: str
    core: int
    task: int
    pc: int


@dataclass(frozen=True, slots=True)
class LockDiscipline:
    """The locks of a search: names by physical address, their words at its beginning, and what tells instructions apart."""

    names: Mapping[int, str]
    words: Mapping[int, int]
    handed_over: Set[str]  # locks that a task takes and the next one on its core releases
    is_locked: Callable[[int], bool]  # whether the instruction at an address is a locked one
    place: Callable[[int, int], str]  # of a core and a pc, in words

    def look(self, choices: np.ndarray, tasks: Sequence[int]) -> str | None:
        """What is wrong with a schedule of CHOICE records, if something is; `tasks` are those on the cores at its end."""
        walk = _Walk(self)
        for each in choices:
            problem = walk.step(each)
            if problem is not None:
                return problem
        return next(filter(None, (walk.goes_on(core, task) for core, task in enumerate(tasks))), None)


class _Walk:
    """One schedule, as far as it has been walked."""

    def __init__(self, locks: LockDiscipline) -> None:
        self._locks = locks
        self._words = dict(locks.words)
        self._held: dict[int, _Hold] = {}
        self._held_before = {at for at, word in locks.words.items() if word & 0xFF == 1}  # by whom is not known
        self._taken: dict[tuple[str, str], str] = {}  # the second of two locks while the first was held: where
        self._task_on: dict[int, int] = {}

    def step(self, choice: np.void) -> str | None:
        """Take one step: what is wrong with it."""
        core, kind = divmod(int(choice["agent"]), KINDS)
        task, pc, at = int(choice["task"]), int(choice["pc"]) & MASK64, int(choice["address"])
        if kind == STEP and (problem := self.goes_on(core, task)) is not None:
            return problem
        if not choice["writes"] or at not in self._locks.names:
            return None
        value, size = int(choice["value"]) & MASK64, int(choice["size"])
        if kind != STEP:
            self._words[at] = merged(self._words[at], value, size)
            return None
        if self._locks.is_locked(pc):
            free = self._words[at] & 0xFF == 0
            self._words[at] = merged(self._words[at], value, size)
            return self._acquired(at, core, task, pc) if free and value & 0xFF == 1 else None
        if value & 0xFF == 1:
            return self._acquired(at, core, task, pc)
        return self._released(at, core, pc) if size == 1 and value == 0 else None

    def _acquired(self, at: int, core: int, task: int, pc: int) -> str | None:
        name = self._locks.names[at]
        for other in self._held.values():
            if other.core != core or other.name == name:
                continue
            self._taken.setdefault((other.name, name), self._locks.place(core, pc))
            if (where := self._taken.get((name, other.name))) is not None:
                return (
                    f"{self._locks.place(core, pc)} takes {name} with {other.name} held, and {where} took them the other way round"
                )
        self._held[at] = _Hold(name, core, task, pc)
        return None

    def _released(self, at: int, core: int, pc: int) -> str | None:
        if at in self._held_before:
            self._held_before.remove(at)
            return None
        hold = self._held.pop(at, None)
        if hold is not None and hold.core == core:
            return None
        holder = "nobody holds" if hold is None else f"{self._locks.place(hold.core, hold.pc)} has taken"
        return f"{self._locks.place(core, pc)} releases {self._locks.names[at]}, which {holder}"

    def goes_on(self, core: int, task: int) -> str | None:
        """What is wrong if a core goes on with this task."""
        before, self._task_on[core] = self._task_on.get(core, task), task
        for hold in self._held.values():
            if before != task and (hold.core, hold.task) == (core, before) and hold.name not in self._locks.handed_over:
                taken = self._locks.place(core, hold.pc)
                return f"t{before + 1} gives its core away with {hold.name} held, which {taken} has taken"
        return None
