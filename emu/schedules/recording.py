"""A schedule step by step: what each core carries out in it, and the machine standing in front of any of its steps.

A schedule is short and repeats, so it is made once to hear of its steps, and once more for each place that somebody wants to
stand at. The engine tells of each instruction; those that the search tries, to see what they would do, are no steps.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from emu.engine.records import NO_FAULT
from emu.errors import InternalError
from emu.explore.records import KINDS, STEP
from emu.memory.journal import DRAIN as DRAINED
from emu.memory.records import CHANGE
from emu.native import MASK64, call
from emu.schedules.walker import CHOICES_MAX, Shared, Tokens, Walker

NOT_CARRIED_OUT = -1
_CALL = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)  # as `native.call` calls


@dataclass(frozen=True, slots=True)
class Touch:
    """Physical memory that a step reads or writes."""

    address: int
    size: int
    writes: bool


@dataclass(slots=True)
class Step:
    """One step: an instruction, the oldest store of a buffer that leaves it, or an interrupt that is taken."""

    kind: int  # STEP, DRAIN or INTERRUPT
    core: int
    pc: int
    choice: int  # number of the schedule's choice that it is part of
    first: bool  # nothing of that choice is before it
    number: int  # of the instruction, counting those that are taken back; NOT_CARRIED_OUT: it is none
    journal: int  # changes of memory before it
    touches: list[Touch]
    changes: "np.ndarray[Any, Any]" = field(default_factory=lambda: np.zeros(0, CHANGE))  # what its stores change


class Recording:
    """The steps of one schedule. Use it where its walker may be used, and inside `listening`."""

    def __init__(self, walker: Walker, tokens: Tokens, beyond: Shared) -> None:
        """Make the schedule."""
        self._walker, self._tokens = walker, tokens
        self._machine, self._search = walker.explorer.machine, walker.explorer.record
        self._beyond = walker.replay(tokens, beyond).beyond
        self._ended = walker.replay(tokens, self._beyond)  # nothing is left to be found that would make it begin again
        self._heard: list[Step] = []
        self._count = self._stop_at = NOT_CARRIED_OUT
        self.steps: list[Step] = []

    def stand(self, place: int) -> None:
        """Bring the machine in front of a step, or behind the last one."""
        step = self.steps[place] if place < len(self.steps) else None
        if step is None or step.first:
            self._replayed(CHOICES_MAX if step is None else step.choice)
            return
        self._stop_at = step.number
        self._replayed()
        self._stop_at = NOT_CARRIED_OUT
        self._machine.cores["fault"]["kind"] = NO_FAULT  # the engine's word for a core that has left

    def _replayed(self, choices: int = CHOICES_MAX) -> int:
        self._heard, self._count, self._taken_back = [], NOT_CARRIED_OUT, int(self._search["taken_back"][0])
        return self._walker.replay(self._tokens, self._beyond, choices).outcome

    # hearing

    @contextmanager
    def listening(self) -> Iterator["Recording"]:
        """Inside, it is heard what each core carries out and touches; and the steps are known."""
        machine, sharing = self._machine, self._walker.explorer.arrays["sharing"]
        observer = int(sharing["observer"][0])
        hear_instruction, hear_access = _CALL(self._instruction), _CALL(partial(self._access, observer))
        machine.record["unicorn"]["told"] = ctypes.cast(hear_instruction, ctypes.c_void_p).value
        sharing["observer"] = ctypes.cast(hear_access, ctypes.c_void_p).value
        try:
            self._learn()
            yield self
        finally:
            machine.record["unicorn"]["told"], sharing["observer"] = 0, observer

    def _learn(self) -> None:
        """Make the schedule once more, and hear of its steps."""
        if self._replayed() != self._ended.outcome:
            raise InternalError("a schedule that is listened to ends otherwise")
        self._drop_what_was_taken_back()
        self.steps = self._with_changes(list(self._in_order()))

    def _instruction(self, index: int, pc: int, *unused: int) -> bool:
        """A core is about to carry out an instruction; it is stopped if that is where somebody wants to stand."""
        self._count += 1
        self._drop_what_was_taken_back()
        choice, journal = int(self._walker.record["choice_count"][0]) - 1, int(self._machine.bus.record["journal"]["count"][0])
        first = not self._heard or self._heard[-1].choice != choice
        self._heard.append(Step(STEP, index, pc & MASK64, choice, first, self._count, journal, []))
        return self._count == self._stop_at

    def _drop_what_was_taken_back(self) -> None:
        taken_back = int(self._search["taken_back"][0])
        if taken_back != self._taken_back:
            self._taken_back = taken_back
            self._heard.pop()

    def _access(self, observer: int, machine: int, core: int, address: int, size: int, writes: int) -> int:
        if self._heard:
            self._heard[-1].touches.append(Touch(address, size, bool(writes)))
        return call(observer, machine, core, address, size, writes) if observer else 0

    # what was heard, in order

    def _in_order(self) -> Iterator[Step]:
        """The instructions of each choice, behind the drain or the interrupt that it is."""
        heard = iter(self._heard)
        following = next(heard, None)
        for number, choice in enumerate(self._ended.choices):
            core, kind = divmod(int(choice["agent"]), KINDS)
            if kind != STEP:
                yield Step(kind, core, int(choice["pc"]) & MASK64, number, True, NOT_CARRIED_OUT, int(choice["journal"]), [])
            while following is not None and following.choice == number:
                following.first = following.first and kind == STEP
                yield following
                following = next(heard, None)

    def _with_changes(self, steps: list[Step]) -> list[Step]:
        """With what each changes in memory, as its core sees it; the machine stands at the end."""
        bus = self._machine.bus
        journal = self._walker.explorer.arrays["journal"][: int(bus.record["journal"]["count"][0])]
        ends = [step.journal for step in steps[1:]] + [len(journal)]
        for step, end in zip(steps, ends, strict=True):
            changes = journal[step.journal : end]
            step.changes = changes[changes["kind"] != DRAINED].copy()
        return steps
