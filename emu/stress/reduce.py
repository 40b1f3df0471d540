"""From a program that fails to a short one that fails in the same way: delta debugging, then simpler times and values."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from emu.runner.outcome import Stopped
from emu.stress.case import Array, Case, Shape, Violation, machine_file
from emu.stress.records import OP_CMPXCHG, OP_LOAD, WITHOUT_VALUE

TRIES = 4000
FEW, SQUEEZED_MAX = 6, 64  # operations


class Reduction:
    """The smallest failing case so far; `attempt` keeps a smaller one if it fails in the same way."""

    def __init__(self, case: Case, should_stop: Callable[[], bool], tries: int) -> None:
        """Start from what the failing program had issued: later operations cannot matter."""
        self.tries_left = tries
        self._should_stop = should_stop
        outcome = case.run()
        assert outcome.violation is not None, "only a case that fails can be reduced"
        self.kind = outcome.violation.kind
        self.case = replace(case, operations=outcome.issued)

    def attempt(self, case: Case) -> bool:
        """Take the case if it still fails, with the times at which it did."""
        if self._should_stop():
            raise Stopped
        if self.tries_left <= 0:
            return False
        self.tries_left -= 1
        outcome = case.run()
        if outcome.violation is None or outcome.violation.kind != self.kind:
            return False
        self.case = replace(case, operations=outcome.issued)
        return True

    def keep(self, chosen: Array) -> bool:
        """Try with some of the operations, `chosen` says which: at their times, and when there are few in quick succession."""
        operations = self.case.operations[chosen].copy()
        if not 0 < len(operations) < len(self.case.operations):
            return False
        if self.attempt(replace(self.case, operations=operations)):
            return True
        operations["time"] = np.arange(len(operations))
        return len(operations) <= SQUEEZED_MAX and self.attempt(replace(self.case, operations=operations))


def reduce_case(case: Case, should_stop: Callable[[], bool] = lambda: False, tries: int = TRIES) -> tuple[Case, Violation]:
    """A smaller case with the same kind of violation, and that violation; `case` must fail when checked at each operation.

    Asked to stop, it takes the smallest so far.
    """
    reduction = Reduction(case, should_stop, tries)
    with suppress(Stopped):
        _reduce(reduction)
    violation = reduction.case.run().violation
    assert violation is not None
    return reduction.case, violation


def _reduce(reduction: Reduction) -> None:
    _keep_the_end(reduction)
    size = -1
    while size != len(reduction.case.operations):
        size = len(reduction.case.operations)
        _drop_groups(reduction)
        _drop_chunks(reduction)
        _drop_and_move(reduction)
        _close_gaps(reduction)
        _simplify(reduction)


def _keep_the_end(reduction: Reduction) -> None:
    """Most failures come from what happened last."""
    length = 8
    while length < len(reduction.case.operations):
        if reduction.keep(np.arange(-length, 0)):
            return
        length *= 2


def _drop_groups(reduction: Reduction) -> None:
    """Without one core, without one line."""
    for group in ("core", "line"):
        for each in np.unique(_groups(reduction.case, group)):
            reduction.keep(_groups(reduction.case, group) != each)


def _groups(case: Case, name: str) -> Array:
    key: Array = case.operations["core"] if name == "core" else case.operations["address"] >> 6
    return key


def _drop_chunks(reduction: Reduction) -> None:
    """Zeller's ddmin: without chunks of half the length, a quarter, .., one operation."""
    chunk = len(reduction.case.operations) // 2
    while chunk >= 1:
        start = 0
        while start < len(reduction.case.operations):
            index = np.arange(len(reduction.case.operations))
            if not reduction.keep((index < start) | (index >= start + chunk)):
                start += chunk
        chunk //= 2


def _drop_and_move(reduction: Reduction) -> None:
    """Where each operation only keeps time for another one: without one of them, and with one just in front of the last."""
    count = len(reduction.case.operations)
    if not FEW < count <= SQUEEZED_MAX // 2:
        return
    for dropped in range(count - 1):
        for moved in range(count - 1):
            chosen = [each for each in range(count - 1) if each not in (dropped, moved)]
            if reduction.keep(np.array([*chosen, *([moved] if moved != dropped else []), count - 1])):
                return


def _close_gaps(reduction: Reduction) -> None:
    """Everything from one operation on earlier: as early as can be, else by half of the time since the one before it."""
    for index in range(len(reduction.case.operations)):
        times = reduction.case.operations["time"]
        gap = int(times[index] - (times[index - 1] + 1 if index else 0))
        while gap > 0:
            operations = reduction.case.operations.copy()
            operations["time"][index:] -= gap
            if reduction.attempt(replace(reduction.case, operations=operations)):
                break
            gap //= 2


def _simplify(reduction: Reduction) -> None:
    """The machine's own shape, fewer cores, no waiting, plain kinds, small values: each where the failure stays."""
    own = Shape.of(machine_file(reduction.case.machine))
    if reduction.case.shape != own:
        reduction.attempt(replace(reduction.case, shape=own))
    _renumber(reduction)
    for index in range(len(reduction.case.operations)):
        for simpler in _simpler(reduction.case.operations, index):
            reduction.attempt(replace(reduction.case, operations=simpler))


def _renumber(reduction: Reduction) -> None:
    """Cores from 0 on, and no more of them than act."""
    used, numbers = np.unique(reduction.case.operations["core"], return_inverse=True)
    if reduction.case.cores > len(used):
        operations = reduction.case.operations.copy()
        operations["core"] = numbers
        if not reduction.attempt(replace(reduction.case, cores=len(used), operations=operations)):
            most = int(reduction.case.operations["core"].max()) + 1
            if most < reduction.case.cores:
                reduction.attempt(replace(reduction.case, cores=most))


def _simpler(operations: Array, index: int) -> Iterator[Array]:
    """Programs that differ from this one in one operation, which is simpler. The order in time may change with it."""
    for field, value in (("time", 0), ("kind", OP_LOAD), ("expected", 0), ("value", index + 1), ("value", 0)):
        if operations[field][index] > value or operations[field][index] < 0:
            if field == "expected" and operations["kind"][index] != OP_CMPXCHG:
                continue
            if field == "value" and operations["kind"][index] in WITHOUT_VALUE:
                continue
            changed = operations.copy()
            changed[field][index] = value
            yield changed
