"""Where a virtual address is in RAM, for the interpreter: pages that it has looked up in the guest's tables, and may touch.

What is not plainly allowed (a page that is not there, an accessed or dirty bit that is not set yet, memory of devices, an access
across pages) is nowhere: the instruction is left to Unicorn, which raises the fault, sets the bit, asks the device.
"""

import numpy as np

from emu.engine.env import CPL, CR0, CR3, HFLAGS, PAGING, get32, get64
from emu.memory.records import BUS
from emu.memory.store_buffer import read_ram
from emu.native import array_at, inlined, njit

I64 = np.int64
PAGES = 128  # slots, by the page's number
TRANSLATION = np.dtype(
    [
        ("page", I64),  # virtual; -1: none
        ("generation", I64),  # of the guest's translations, where that is known
        ("frame", I64),  # where it begins in RAM, NOT_HERE if it may not be touched
        ("writable", I64),
        ("user", I64),  # programs may touch it
    ]
)
PAGE_BYTES, NOT_HERE = 4096, -1
PRESENT, WRITE, USER, ACCESSED, DIRTY, LARGE = 1, 2, 4, 0x20, 0x40, 0x80
FRAME_MASK = 0x000FFFFFFFFFF000


@inlined
def physical(machine, core, address, size, write):  # type: ignore[no-untyped-def]
    """Physical address of `size` bytes of RAM that the core may read, or write; NOT_HERE otherwise."""
    page = address >> 12
    entry = array_at(core.translations, PAGES, TRANSLATION)[page & (PAGES - 1)]
    if entry.page != page:
        look_up(machine, core, entry, page)
    return allowed(core, entry, address, size, write)


@inlined
def allowed(core, entry, address, size, write):  # type: ignore[no-untyped-def]
    """The same, once the page has been looked up."""
    inside = address & (PAGE_BYTES - 1)
    if entry.frame < 0 or inside + size > PAGE_BYTES or (write and entry.writable == 0):
        return NOT_HERE
    if entry.user == 0 and get32(core, HFLAGS) & CPL == CPL:
        return NOT_HERE
    return int(entry.frame) + inside


@njit
def look_up(machine, core, entry, page):  # type: ignore[no-untyped-def]
    """Walk the guest's page tables. Nothing is charged: that is up to `memory.tlb`."""
    bus = array_at(machine.bus, 1, BUS)[0]
    entry.page = page
    entry.frame = NOT_HERE
    if get64(core, CR0) & PAGING == 0:
        if 0 <= page < bus.ram_bytes >> 12:
            entry.frame, entry.writable, entry.user = page << 12, 1, 1
        return
    if page >> 35 != 0 and page >> 35 != -1:  # not canonical
        return
    table, rights, shift = get64(core, CR3) & FRAME_MASK, WRITE | USER, 27
    found = 0
    while shift >= 0:
        at = table + 8 * (page >> shift & 0x1FF)
        found = read_ram(bus, at, 8) if 0 <= at < bus.ram_bytes else 0
        if found & (PRESENT | ACCESSED) != PRESENT | ACCESSED:
            return
        rights &= found
        table = found & FRAME_MASK
        if shift == 9 and found & LARGE:
            table = (table & ~0x1FFFFF) + ((page & 0x1FF) << 12)
            break
        shift -= 9
    if table + PAGE_BYTES <= bus.ram_bytes:
        entry.frame = table
        entry.writable = 1 if rights & WRITE and found & DIRTY else 0
        entry.user = 1 if rights & USER else 0


@njit
def forget_translations(core):  # type: ignore[no-untyped-def]
    """The tables may have changed."""
    entries = array_at(core.translations, PAGES, TRANSLATION)
    for each in range(PAGES):
        entries[each].page = -1
