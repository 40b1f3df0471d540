"""Branch prediction: two-bit counters indexed by address and history, a table of last targets, a return stack; and the BTBs.

The branch target buffers have two levels of four ways. The part shares them between the cores of a module; here each core has its
own, because branches may run ahead of other cores. Sizes of counters and histories are not published: ours are the kind, not
the part.
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
        ("btb", np.int64),  # host address of the core's BTB record
    ]
)
WAYS = 4
BTB = np.dtype(
    [
        ("first", np.int64),  # i64[sets * WAYS], addresses of taken branches, most recent first
        ("first_sets", np.int64),
        ("second", np.int64),
        ("second_sets", np.int64),
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


@njit
def found(tags, base, address):  # type: ignore[no-untyped-def]
    """Is the address in the set that begins at `base`? It is the most recent one afterwards."""
    place, hit = WAYS - 1, False
    for way in range(WAYS):
        if tags[base + way] == address:
            place, hit = way, True
            break
    for older in range(place, 0, -1):
        tags[base + older] = tags[base + older - 1]
    tags[base] = address
    return hit


@njit
def btb_level(predictor, address):  # type: ignore[no-untyped-def]
    """The level of the BTB that knows the taken branch at an address, 3 for none; both know it afterwards."""
    btb = array_at(predictor.btb, 1, BTB)[0]
    key = address >> 1
    first = found(array_at(btb.first, btb.first_sets * WAYS, np.int64), (key % btb.first_sets) * WAYS, address)
    if first:
        return 1
    return 2 if found(array_at(btb.second, btb.second_sets * WAYS, np.int64), (key % btb.second_sets) * WAYS, address) else 3
