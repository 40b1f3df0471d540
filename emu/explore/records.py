"""The state of a search as flat records: `SEARCH` (one), `FRAME` (one a transition on the path to where the search stands).

A transition is one visible instruction of a core with the register-only ones behind it, the drain of the oldest store of a
core, or an interrupt taken. Times mean nothing here: every step begins at cycle 0.
"""

import numpy as np

I64 = np.int64

# Kinds of transition; a frame tries kind by kind for core 0, then for core 1, ...
STEP, DRAIN, INTERRUPT = range(3)
KINDS = 3
# SEARCH.outcome: why the search came back to Python
NOTHING, DONE, FOUND, GROW, STATES, DEPTH, FAULT, FOR_EVER, UNDECIDED, SHARED, SLICE, FLAGGED = range(12)

PENDING = np.dtype([("address", I64), ("writes", I64), ("value", I64), ("size", I64)])  # value: that it would store
SEARCH = np.dtype(
    [
        ("machine", I64),  # host address of the MACHINE record
        ("core_count", I64),  # cores that take part: the first ones
        ("sequential", I64),  # a core goes on only when its stores have drained: sequential consistency
        ("reduced", I64),  # instructions and drains that touch no shared word are no transitions of their own
        ("devices", I64),  # interrupts and HLT take part
        ("rests", I64),  # wherever nobody can go on any more is an end, too
        ("buffer_depth", I64),  # a store is no transition while so many of its core are to drain
        ("outcome_core", I64),
        ("depth", I64),  # frames on the path
        ("depth_max", I64),
        ("frames", I64),  # host address of FRAME[depth_max + 1]
        ("cores_saved", I64),  # CORE[depth_max + 1, core_count], with devices only
        ("saved", I64),  # i64[depth_max + 1, STATE_WORDS]: the moved core's state before each transition
        ("now", I64),  # i64[core_count, STATE_WORDS]: every core's state where the search stands
        ("trial_cores", I64),  # CORE[core_count], with devices only: the records before an instruction that may be taken back
        ("pending", I64),  # PENDING[core_count]: what each core's next instruction would touch
        ("did", PENDING),  # what the visible instruction of the last step did
        ("taken_back", I64),  # instructions so far that were tried, to see what they would do
        ("vectors", I64),  # vector registers are part of a state
        ("ends", I64),  # i64[core_count]: a core whose pc is here is done,
        ("told", I64),  # i64[, 2], a row a task, without devices a core: once these words of RAM are equal; 0: always
        ("hashes", I64),  # i64[core_count, 2]
        ("hashes_saved", I64),  # i64[depth_max + 1, core_count, 2]
        ("memory_hash", I64, (2,)),
        ("visited", I64),  # VISIT[capacity], open addressing, (0, 0) is free
        ("visited_capacity", I64),  # a power of two
        ("states", I64),  # states visited
        ("states_max", I64),
        ("transitions", I64),
        ("slice_end", I64),  # come back once so many transitions have been made
        ("deepest", I64),
        ("links", I64),  # i32[capacity]: by number of a state, the open state before it
        ("newest_open", I64),  # number of the newest open state
        ("growth", I64),  # GROWTH[SIZES]: of all states whose transitions have all been tried, by how many were found by the first
    ]
)

VISIT = np.dtype([("low", I64), ("high", I64), ("state", I64)])  # hash of a state, and its number

# Sums over states whose transitions have all been tried: states that were found from one by its first transition to a new one
# (itself among them), as often as there are further transitions; states that were found by those.
GROWTH = np.dtype([("first", I64), ("further", I64)])
SIZES = 64  # a row for each number of binary digits

FRAME = np.dtype(
    [
        ("choice", I64),  # next transition to try from the state that this frame's transition led to
        ("state", I64),  # number of that state
        ("low", I64),  # lowest number that it and what was found from it lead back to
        ("ways", I64),  # transitions that lead out of it,
        ("tried", I64),  # and how many have been, or are being tried
        ("first", I64),  # states that were found from it by its first transition to a new one, itself among them; 0: not known yet
        ("leaves", I64),  # an end is among these states, or a transition leads out of them
        ("core", I64),  # the core that moved to come here
        ("kind", I64),
        ("journal", I64),  # length of the journal before
        ("pc", I64),  # of the moved core, before
        ("memory_hash", I64, (2,)),
    ]
)
