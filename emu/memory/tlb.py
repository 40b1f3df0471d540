"""Data TLBs: one beside each L1, fully associative, and a second level beside each L2. What a translation adds to an access.

A page is known by its physical frames, which is exact as long as no page is mapped twice at once; `frame_shift` says how
large the page around each frame is. Walks find their tables in the caches (a10-7800.md section 2a: 21 cycles).
"""

import numpy as np

from emu.memory.cache import place_of
from emu.memory.records import I64
from emu.native import array_at, njit
from emu.set_associative import look_up
from emu.trace.record import Cause

C_TLB = int(Cause.TLB_MISS)


@njit
def translation_cycles(bus, core, address):  # type: ignore[no-untyped-def]
    """Cycles that finding the translation of a physical address adds; 0 for a hit in the core's own TLB."""
    frame = address >> 12
    spread = I64(array_at(bus.frame_shift, bus.frames, np.uint8)[frame])
    page = frame >> spread << spread
    place = place_of(bus, core)
    if look_up(bus.tlb, place.l1, 0, page):
        return I64(0)
    bus.met.cause = C_TLB
    if look_up(bus.tlb_l2, place.module, page >> spread, page):
        return bus.latency.tlb_l2_hit
    return bus.latency.tlb_l2_hit + bus.latency.page_walk
