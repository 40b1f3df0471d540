"""Data TLBs: one of each core, fully associative, and a second level that a module shares. What a translation adds to an access.

A page is known by its physical frames, which is exact as long as no page is mapped twice at once; `frame_shift` says how
large the page around each frame is. Walks find their tables in the caches (a10-7800.md section 2a: 21 cycles).
"""

import numpy as np

from emu.memory.records import I64
from emu.native import array_at, njit
from emu.trace_record import Cause

C_TLB = int(Cause.TLB_MISS)


@njit
def translation_cycles(bus, core, address):  # type: ignore[no-untyped-def]
    """Cycles that finding the translation of a physical address adds; 0 for a hit in the core's own TLB."""
    frame = address >> 12
    spread = I64(array_at(bus.frame_shift, bus.frames, np.uint8)[frame])
    page = frame >> spread << spread
    recent = array_at(bus.tlb_recent, bus.cores, I64)
    if recent[core] == page:
        return I64(0)
    recent[core] = page
    bus.tlb_clock += 1
    slots = array_at(bus.tlb_slot, bus.cores * bus.frames, np.uint16)
    stamps = array_at(bus.tlb_stamp, bus.cores * bus.tlb_entries, I64)
    first = core * bus.tlb_entries
    slot = I64(slots[core * bus.frames + page])
    if slot > 0:
        stamps[first + slot - 1] = bus.tlb_clock
        return I64(0)
    pages = array_at(bus.tlb_page, bus.cores * bus.tlb_entries, np.int32)
    victim = 0
    for entry in range(1, bus.tlb_entries):
        if stamps[first + entry] < stamps[first + victim]:
            victim = entry
    if pages[first + victim] >= 0:
        slots[core * bus.frames + pages[first + victim]] = 0
    pages[first + victim] = page
    stamps[first + victim] = bus.tlb_clock
    slots[core * bus.frames + page] = victim + 1
    bus.cause = C_TLB
    return bus.tlb_l2_hit if second_level(bus, core // bus.cores_per_module, page) else bus.tlb_l2_hit + bus.page_walk


@njit
def second_level(bus, module, page):  # type: ignore[no-untyped-def]
    """Is the page in the module's L2 TLB? It is the most recent of its set afterwards."""
    spread = I64(array_at(bus.frame_shift, bus.frames, np.uint8)[page])
    base = (module * bus.tlb_l2_sets + (page >> spread) % bus.tlb_l2_sets) * bus.tlb_l2_ways
    tags = array_at(bus.tlb_l2_tag, bus.modules * bus.tlb_l2_sets * bus.tlb_l2_ways, np.int32)
    place, found = bus.tlb_l2_ways - 1, False
    for way in range(bus.tlb_l2_ways):
        if tags[base + way] == page:
            place, found = way, True
            break
    for older in range(place, 0, -1):
        tags[base + older] = tags[base + older - 1]
    tags[base] = page
    return found
