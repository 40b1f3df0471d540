"""The memory system's state as flat records: one `BUS` for the machine, arrays of everything that is counted in lines or cores.

A `BUS` holds the host addresses of its arrays, so that compiled hooks reach all of it from one pointer. Arrays with an element or
more for each line of RAM are those of `LINE`; they are indexed by physical line number, or by `line * modules + module`. What
holds lines and is kept coherent is a holder: the L2s first, by the number of their module, then the L3s.
"""

import numpy as np

from emu.memory.moesi import SOURCES
from emu.set_associative import TABLE

I64 = np.int64
LARGE_PAGE_SHIFT = 9  # 512 frames: 2 MiB
RING = 256  # slots of a store buffer's ring; its modelled depth is smaller (bus.buffer_depth)

LINE = np.dtype(  # arrays, an element or more a line
    [
        ("state", I64),  # u8[lines * holders], moesi.Line
        ("busy", I64),  # i64[lines], the line is in flight between modules until then
        ("asked", I64),  # i64[lines], when it was asked for
        ("probed", I64),  # i64[lines * holders], when another module last probed that copy
        ("ready", I64),  # i64[lines * modules], when the line has arrived in that module
        ("owner", I64),  # i16[lines], of a line in M: the L1 whose core wrote it last; -1: that one has written it back
        ("pending", I64),  # u16[lines], stores not yet drained
        ("viewer", I64),  # i16[lines], core whose own view RAM holds while stores are pending
    ]
)
JOURNAL = np.dtype(
    [
        ("at", I64),  # host address of CHANGE[capacity]: what has happened, to be taken back; 0: not kept
        ("count", I64),
        ("capacity", I64),
    ]
)
LATENCY = np.dtype(  # core cycles
    [
        ("l1_hit", I64),  # load to use
        ("costs", I64),  # i64[FOR_LOCKED + 1, SOURCES], until a line is in the L1 or owned, by kind of access and moesi.Source
        ("store_forward", I64),  # load to use
        ("store_forward_fail", I64),  # more than that
        ("tlb_l2_hit", I64),  # what a miss of the first TLB adds
        ("page_walk", I64),  # and of the second one besides
    ]
)
MET = np.dtype(  # by the last access
    [
        ("cause", I64),  # trace_record.Cause: why it takes longer than an L1 hit, 0: it does not
        ("ownership_cause", I64),  # of the last store: why its line was not owned, and how long that takes
        ("ownership_cycles", I64),
    ]
)
RELEASED = np.dtype(
    [
        ("at", I64),  # ring of unlocking stores that have become visible, RELEASE[RELEASES]
        ("count", I64),
    ]
)
MOVES = np.dtype(
    [
        ("at", I64),  # ring of what lines did, MOVE[room], for who writes a trace; 0: nobody asks
        ("room", I64),
        ("count", I64),
    ]
)
WATCHING = np.dtype(
    [
        ("watched", I64),  # host address of u8[lines]: a core waits for a change of the line; 0: none ever does
        ("watches", I64),  # of WATCH[cores]
        ("disturbed", I64),  # such a line has been changed
    ]
)

BUS = np.dtype(
    [
        ("ram", I64),  # host address of physical address 0
        ("ram_bytes", I64),
        ("lines", I64),
        ("cores", I64),  # logical processors: threads, if a core has several
        ("cores_per_module", I64),
        ("modules", I64),
        ("l3s", I64),
        ("modules_per_l3", I64),
        ("holders", I64),  # modules + l3s
        ("places", I64),  # PLACE[cores]
        ("levels", I64),  # u8[modules * holders], how far away a holder is from a module: 0 is the nearest
        ("l3_levels", I64),  # what is nearer than this shares the L3
        # coherence and caches
        ("line", LINE),
        ("l1s", I64),
        ("l1s_per_module", I64),
        ("l1", TABLE),  # lines in each L1
        ("l2", TABLE),  # lines in each module's L2
        ("l3", TABLE),
        ("write_back", I64),  # the L1s are written back; 0: through
        ("requests", I64),  # REQUESTS[l1s], the misses under way of each L1
        ("miss_buffers", I64),  # misses of one L1 under way at once
        # data TLBs
        ("frames", I64),  # of 4 KiB
        ("frame_shift", I64),  # u8[frames], log2 of the frames in the page around it
        ("tlb", TABLE),  # first frames of the pages that the TLB beside each L1 knows: one set
        ("tlb_l2", TABLE),  # and the one beside each L2
        # store buffers
        ("stores", I64),  # STORE[cores * RING]
        ("buffers", I64),  # BUFFER[cores]
        ("buffer_depth", I64),
        ("buffer_requests", I64),  # ownership requests in flight at once
        ("next_drain", I64),  # earliest drain of any core
        ("first_drain", I64),  # no store drains earlier; NEVER: none drains by itself, as somebody tries every moment for it
        ("journal", JOURNAL),
        ("latency", LATENCY),
        ("met", MET),
        # counters, and who hears of what happens
        ("transactions", I64, (SOURCES,)),  # by moesi.Source, reads that hit L1 apart
        ("write_backs", I64),
        ("requests_lost", I64),  # stores that had to ask for their line a second time
        ("released", RELEASED),
        ("moves", MOVES),
        ("now", I64),  # when lines are changed, and by which core: an access of its, or NOBODY for a store that drains
        ("actor", I64),
        ("watching", WATCHING),
        ("missing_row", I64),  # of the protocol, that was asked for: 1 + state * events + event; 0: none
    ]
)
PLACE = np.dtype([("l1", I64), ("module", I64)])  # of a core: its caches
FOR_LOAD, FOR_STORE, FOR_LOCKED = range(3)  # kinds of access, in LATENCY.costs

WATCH = np.dtype([("line", I64), ("at", I64), ("actor", I64)])  # of a core: -1, none; when it was changed (NEVER: not yet), by whom

STORE = np.dtype(
    [
        ("address", I64),
        ("old", I64),
        ("new", I64),
        ("width", I64),
        ("lock", I64),  # that it releases, -1: none
        ("data_at", I64),  # its value is known
        ("asked_at", I64),  # its line was asked for
        ("owned_at", I64),  # its line is there
        ("drain_at", I64),
    ]
)
BUFFER = np.dtype([("head", I64), ("count", I64), ("last_drain", I64)])
MISSES = 64  # slots of a ring of misses; the modelled number is smaller (bus.miss_buffers)
REQUESTS = np.dtype([("count", I64), ("until", I64, (MISSES,))])  # misses so far; when each has its line
RELEASE = np.dtype([("lock", I64), ("core", I64), ("cycle", I64)])
RELEASES = 1024
# Who was asked for a line (trace.record.Cause), and what that took; `store`: for a store that drains, from that place in the ring.
MOVE = np.dtype([("core", I64), ("line", I64), ("cause", I64), ("cycles", I64), ("store", I64)])
NO_STORE = -1
CHANGE = np.dtype([("address", I64), ("old", I64), ("new", I64), ("kind", I64), ("core", I64), ("width", I64), ("lock", I64)])
