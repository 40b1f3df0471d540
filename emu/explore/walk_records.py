"""The state of a walk as flat records: `WALK` (one), `AWAIT` (one a core). A walk makes schedules, each to its end."""

import numpy as np

I64 = np.int64
# WALK.outcome: how a schedule ended; UNFINISHED: it goes on
UNFINISHED, RESTED, SPINS, FAULTED, UNDECIDED, FLAGGED, TOO_LONG, LEARNED = range(8)
FINISHED = 8  # all schedules that were asked for have been made
LAST_ACCESSES = 1 << 12  # words whose last access is remembered; two that share a place lose a pair now and then

WALK = np.dtype(
    [
        ("search", I64),  # host address of the SEARCH record
        ("strategy", I64),  # of the STRATEGY
        ("schedule", I64),  # number of the one that is made
        ("choices", I64),  # host address of CHOICE[choices_max]: the agents in the order in which they were chosen
        ("choice_count", I64),
        ("choices_max", I64),
        ("awaits", I64),  # AWAIT[core_count]
        ("base_now", I64),  # i64[core_count, words]: every core's context at the beginning
        ("base_cores", I64),  # CORE[core_count], with devices only
        ("base_pcs", I64),  # i64[core_count]
        ("base_hashes", I64),  # i64[core_count, 2]
        ("base_pending", I64),  # PENDING[core_count]
        ("base_journal", I64),  # length of the journal there
        ("base_memory", I64, (2,)),  # hash of memory there
        ("started", I64),  # the beginning has been reached
        ("every_end", I64),  # come back at each end, not only at new ones
        ("transitions", I64),  # of all schedules
        ("last_accesses", I64),  # host address of LAST_ACCESS[LAST_ACCESSES]
        ("pairs", I64),  # host address of i64[pair_room], a power of two: accesses of two cores to one word, one behind the other
        ("pair_room", I64),
        ("pair_count", I64),
    ]
)
CHOICE = np.dtype(
    [
        ("agent", I64),
        ("task", I64),  # that its core runs
        ("pc", I64),
        ("address", I64),  # of the access that others can tell of; UNKNOWN, DEVICE
        ("size", I64),
        ("writes", I64),
        ("value", I64),  # read, or stored
        ("journal", I64),  # length of the journal before
    ]
)
AWAIT = np.dtype(
    [
        ("low", I64),  # hash of the core, and of memory, when it was last looked at
        ("high", I64),
        ("memory", I64, (2,)),
        ("steps", I64),  # since the beginning
        ("look_at", I64),  # look again then
        ("waits", I64),  # it has come to be as it was: it goes round until memory changes
    ]
)
LAST_ACCESS = np.dtype([("word", I64), ("schedule", I64), ("core", I64), ("pc", I64), ("writes", I64)])
