"""Branch prediction: two-bit counters indexed by address and history, a table of last targets, a return stack.

Sizes follow a10-7800.md section 1 in kind, not in detail: the front end of the part is not published well enough to copy.
"""

import numpy as np

from emu.native import array_at, njit

COUNTERS = 4096
TARGETS = 512
RETURNS = 24
HISTORY_MASK = 0xFF

PREDICTOR = np.dtype(
    [
        ("counters", np.int64),  # u8[COUNTERS], 0..3, taken from 2
        ("targets", np.int64),  # i64[TARGETS], last target of an indirect branch
        ("returns", np.int64),  # i64[RETURNS], a ring
        ("top", np.int64),
        ("history", np.int64),
        ("predictions", np.int64),
        ("mispredictions", np.int64),
    ]
)

NONE, CONDITIONAL, JUMP, CALL, RETURN, INDIRECT_JUMP, INDIRECT_CALL = range(7)


@njit
def mispredicted(predictor, kind, address, following, target):  # type: ignore[no-untyped-def]
    """Retire a branch that went to `target` (its fall-through is `following`): was it predicted wrongly? Trains the tables."""
    if kind == JUMP:
        return False
    predictor.predictions += 1
    wrong = False
    if kind == CONDITIONAL:
        taken = target != following
        counters = array_at(predictor.counters, COUNTERS, np.uint8)
        slot = ((address >> 1) ^ (predictor.history << 4)) & (COUNTERS - 1)
        wrong = (counters[slot] >= 2) != taken
        if taken:
            counters[slot] = min(counters[slot] + 1, 3)
        else:
            counters[slot] = max(counters[slot], 1) - 1
        predictor.history = ((predictor.history << 1) | (1 if taken else 0)) & HISTORY_MASK
    elif kind == RETURN:
        returns = array_at(predictor.returns, RETURNS, np.int64)
        predictor.top = (predictor.top - 1) % RETURNS
        wrong = returns[predictor.top] != target
    else:
        if kind in (INDIRECT_CALL, INDIRECT_JUMP):
            targets = array_at(predictor.targets, TARGETS, np.int64)
            slot = (address >> 1) & (TARGETS - 1)
            wrong = targets[slot] != target
            targets[slot] = target
        if kind in (CALL, INDIRECT_CALL):
            array_at(predictor.returns, RETURNS, np.int64)[predictor.top] = following
            predictor.top = (predictor.top + 1) % RETURNS
    if wrong:
        predictor.mispredictions += 1
    return wrong
