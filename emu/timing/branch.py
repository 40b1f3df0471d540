"""Branch prediction: two-bit counters indexed by address and history, a table of last targets, a return stack; and the BTBs.

The branch target buffers have two levels of four ways. Parts share predictors between the cores of a module or the threads of a
core; here each logical processor has its own, because branches may run ahead of other cores. Their sizes are the machine file's.
"""

from typing import Any

import numpy as np

from emu.native import address_of, array_at, njit
from emu.set_associative import TABLE, look_up, new_table

PREDICTOR = np.dtype(
    [
        ("counters", np.int64),  # host address of u8[counter_count], 0..3, taken from 2
        ("counter_count", np.int64),  # a power of two
        ("targets", np.int64),  # of i64[target_count], last target of an indirect branch
        ("target_count", np.int64),  # a power of two
        ("returns", np.int64),  # of i64[return_count], a ring
        ("return_count", np.int64),
        ("top", np.int64),
        ("history", np.int64),
        ("history_mask", np.int64),
        ("btb", TABLE),  # addresses of taken branches
        ("btb_l2", TABLE),
    ]
)
BTB_WAYS = 4

NONE, CONDITIONAL, JUMP, CALL, RETURN, INDIRECT_JUMP, INDIRECT_CALL = range(7)


@njit
def mispredicted(predictor, kind, address, following, target):  # type: ignore[no-untyped-def]
    """Retire a branch that went to `target` (its fall-through is `following`): was it predicted wrongly? Trains the tables."""
    if kind == JUMP:
        return False
    wrong = False
    if kind == CONDITIONAL:
        taken = target != following
        counters = array_at(predictor.counters, predictor.counter_count, np.uint8)
        slot = ((address >> 1) ^ (predictor.history << 4)) & (predictor.counter_count - 1)
        wrong = (counters[slot] >= 2) != taken
        if taken:
            counters[slot] = min(counters[slot] + 1, 3)
        else:
            counters[slot] = max(counters[slot], 1) - 1
        predictor.history = ((predictor.history << 1) | (1 if taken else 0)) & predictor.history_mask
    elif kind == RETURN:
        returns = array_at(predictor.returns, predictor.return_count, np.int64)
        predictor.top = (predictor.top - 1) % predictor.return_count
        wrong = returns[predictor.top] != target
    else:
        if kind in (INDIRECT_CALL, INDIRECT_JUMP):
            targets = array_at(predictor.targets, predictor.target_count, np.int64)
            slot = (address >> 1) & (predictor.target_count - 1)
            wrong = targets[slot] != target
            targets[slot] = target
        if kind in (CALL, INDIRECT_CALL):
            array_at(predictor.returns, predictor.return_count, np.int64)[predictor.top] = following
            predictor.top = (predictor.top + 1) % predictor.return_count
    return wrong


@njit
def btb_level(predictor, address):  # type: ignore[no-untyped-def]
    """The level of the BTB that knows the taken branch at an address, 3 for none; both know it afterwards."""
    if look_up(predictor.btb, 0, address >> 1, address):
        return 1
    return 2 if look_up(predictor.btb_l2, 0, address >> 1, address) else 3


class Predictors:
    """Untrained predictors, one a core: `records`, an array of PREDICTOR, and `arrays`, all that they point to."""

    def __init__(self, cores: int, *, counters: int, history_bits: int, targets: int, returns: int, btb: int, btb_l2: int) -> None:
        """Make them, of so many counters, bits, targets, return addresses and branches that each level of a BTB knows."""
        self.records = np.zeros(cores, PREDICTOR)
        self.arrays: list[np.ndarray[Any, Any]] = []
        for record in self.records:
            for name, table in (
                ("counter", np.ones(counters, np.uint8)),
                ("target", np.zeros(targets, np.int64)),
                ("return", np.zeros(returns, np.int64)),
            ):
                record[f"{name}s"], record[f"{name}_count"] = address_of(table), len(table)
                self.arrays.append(table)
            for name, branches in (("btb", btb), ("btb_l2", btb_l2)):
                tags, record[name] = new_table(1, branches // BTB_WAYS, BTB_WAYS)
                self.arrays.append(tags)
        self.records["history_mask"] = (1 << history_bits) - 1
