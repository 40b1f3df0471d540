"""The exploring gear as flat records: `EXPLORE` (one) and `AGENT` (one a core), beside those of the fast gear.

An event is an instruction that has touched a shared word, a PAUSE, or the end of a long way without any; behind each, the strategy
says who goes on. Its agents are the cores, 0 to n - 1, and the drains of their store buffers, n to 2 n - 1.
"""

import numpy as np

I64, I32, U64, U8 = np.int64, np.int32, np.uint64, np.uint8
PAGE = 4096
STOP_TURN = 1 << 10  # CORE.stop: somebody else goes on

ROOM = 16  # stores to shared words that a core has pending at most
SEEN = 64  # reads that a core remembers, for the recognition of loops that wait
STALE_READS = 8  # that tell of nothing new, one after the other: the core waits
TURN_MAX = 20_000  # instructions without an event, which then is one
LAST = 1 << 12  # shared words whose last access is remembered
PAIRS = 1 << 16  # slots of the set of ordered pairs of accesses
LOG_ROOM = 1 << 20  # choices of one schedule at most
STEPS_ROOM = 1 << 20  # accesses of one schedule that are kept, if they are

PENDING = np.dtype([("address", I64), ("width", I64), ("value", I64), ("under", I64)])
WAITS, PASSES_TIME = 1, 2  # AGENT.waits
LOAD, STORE, VISIBLE = range(3)  # STEP.what: an access, or a store that drains
STEP = np.dtype([("core", I64), ("pc", I64), ("address", I64), ("value", I64), ("size", I32), ("what", I32)])
SEEN_READ = np.dtype([("pc", I64), ("address", I64), ("value", I64), ("era", I64)])
LAST_ACCESS = np.dtype([("word", I64), ("core", I64), ("pc", I64), ("schedule", I64)])

EXPLORE = np.dtype(
    [
        ("machine", I64),  # host address of the fast gear's MACHINE
        ("strategy", I64),
        ("readers", I64),  # u8[words]: who has read a word: nobody, core + 1, or several
        ("writers", I64),
        ("shared", I64),  # u8[words]: a word that cores share
        ("agents", I64),  # AGENT[core_count]
        ("core_count", I64),
        ("pending", I64),  # PENDING[core_count, ROOM]
        ("seen", I64),  # SEEN_READ[core_count, SEEN]
        ("ram", I64),
        ("frames", I64),
        ("dirty", I64),  # u8[frames]: written since the machine stood at the beginning
        ("learning", I64),  # find out which words are shared
        ("running", I64),  # the core whose view of memory RAM shows; -1: none
        ("chosen", I64),  # the core that goes on; -1: somebody is to be chosen
        ("schedule", I64),
        ("changes", I64),  # stores to shared words that have become visible
        ("accesses", I64),  # to shared words
        ("digest", I64),
        ("log", I64),  # u8[LOG_ROOM]: who was chosen
        ("log_count", I64),
        ("step_log", I64),  # STEP[STEPS_ROOM]; 0: nobody wants them
        ("step_count", I64),
        ("owners", I64),  # u8[words]: core + 1 that has stored last to a word that is not known to be shared; 0: nobody yet
        ("late", I64),  # accesses to such a word by another core than that
        ("last", I64),  # LAST_ACCESS[LAST]
        ("pairs", I64),  # u8[PAIRS]: ordered pairs of accesses by two cores that were seen
        ("across", I64),  # C function (core, physical address, bytes): the other page of a store across two is dirty
        ("idle", I64),  # nobody could go on, since the last event
    ]
)

AGENT = np.dtype(
    [
        ("explore", I64),
        ("cpu", I64),  # host address of the fast gear's CORE
        ("index", I64),
        ("event", I64),  # before the next instruction the strategy is asked
        ("pc", I64),  # of the instruction in flight
        ("locked", I64),  # which is a locked one
        ("code_page", I64),  # of the instruction in flight, and where it is in the host's memory
        ("code_at", I64),
        ("code_generation", I64),
        ("pending", I64),  # stores in its buffer
        ("first", I64),  # the oldest of them
        ("waits", I64),  # WAITS: it spins; PASSES_TIME: so it seems, but it looks at nothing; 0: it does something
        ("waits_for", I64),  # until `changes` is another number
        ("seen_changes", I64),  # `changes` when it last read a shared word
        ("looked", I64),  # it has read a shared word since its last PAUSE
        ("era", I64),  # begins anew with each store of its own
        ("stale_reads", I64),
        ("stale_since", I64),  # `changes` when the first of them was made
    ]
)
