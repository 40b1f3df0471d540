"""What schedules have covered: pairs of accesses of two cores to one word, one behind the other, one of them a write.

A pair is two instructions in an order; new ones become rare when there is little left to see.
"""

import numpy as np

from emu.explore.walk_records import LAST_ACCESS, LAST_ACCESSES
from emu.native import array_at, mix, njit

I64 = np.int64


@njit
def note_pair(walk, core, choice):  # type: ignore[no-untyped-def]
    """A core has made a visible access: with the one before it, another core's, it is a pair."""
    word, writes = choice.address >> 3, choice.writes
    last = array_at(walk.last_accesses, LAST_ACCESSES, LAST_ACCESS)[word & (LAST_ACCESSES - 1)]
    if last.word == word and last.schedule == walk.schedule and last.core != core and (writes != 0 or last.writes != 0):
        insert_pair(walk, mix(mix(last.pc, choice.pc), last.writes * 2 + writes))
    last.word, last.schedule, last.core, last.pc, last.writes = word, walk.schedule, core, choice.pc, writes


@njit
def insert_pair(walk, pair):  # type: ignore[no-untyped-def]
    """Count a pair that is new; a full table counts no more."""
    pairs = array_at(walk.pairs, walk.pair_room, I64)
    place = pair & (walk.pair_room - 1)
    while pairs[place] != 0:
        if pairs[place] == pair:
            return
        place = (place + 1) & (walk.pair_room - 1)
    if 2 * walk.pair_count < walk.pair_room:
        pairs[place] = pair
        walk.pair_count += 1
