"""One way from a virtual to a physical address: an own TLB that forgets nothing before a flush, and the page walk.

Unicorn's TLB changes its size by the host's clock, so which of its entries it drops is no function of the guest. It asks us
(UC_HOOK_TLB_FILL), and we answer from a TLB that the guest alone empties: what the guest sees does not depend on the host.
Source of the walk: Intel SDM volume 3, 4.5 (4-level paging) and 4.7 (page-fault exceptions).
"""

from emu.boot.hot.code_pages import has_code, may_write, note_fetch
from emu.boot.hot.frames import LOCKED, read_word, write_word
from emu.boot.hot.records import I64, MMIO_AT, PAGE, STOP_UNSUPPORTED, TLB, TLB_ENTRIES, TLB_FULL
from emu.engine.env import CPL, CR0, CR3, EFER, GDT, HFLAGS, LDT, LMA, NO_EXECUTE, PAGING, TR, WRITE_PROTECT, get32, get64
from emu.native import array_at, call, njit

PRESENT, WRITABLE, USER, ACCESSED, DIRTY, LARGE = 1, 2, 4, 32, 64, 128
ADDRESS = 0xFFFFFFFFFF000
R_USER, R_WRITE, R_NO_EXECUTE, R_DIRTY = 1, 2, 4, 8  # TLB.rights
PF_PRESENT, PF_WRITE, PF_USER, PF_RESERVED, PF_FETCH = 1, 2, 4, 8, 16  # error code
READ, WRITE, FETCH = range(3)
FLUSH_TLB = 11 | 1 << 30  # uc_ctl: UC_CTL_TLB_FLUSH, written
NOWHERE = -1
NOT_CANONICAL = -2  # in the place of an error code: no page fault


@njit
def forget(core):  # type: ignore[no-untyped-def]
    """The guest has flushed its TLB: all of the own one goes."""
    core.generation += 1
    core.tlb_used = 0


@njit
def slot_of(core, page):  # type: ignore[no-untyped-def]
    """Where a page is in the own TLB, or where it would be."""
    entries = array_at(core.tlb, TLB_ENTRIES, TLB)
    at = (page ^ (page >> 14)) & (TLB_ENTRIES - 1)
    while entries[at].generation == core.generation and entries[at].page != page:
        at = (at + 1) & (TLB_ENTRIES - 1)
    return at


@njit
def forbidden(machine, core, rights, access, user):  # type: ignore[no-untyped-def]
    """Whether an access is one that a translation does not allow."""
    if user and not rights & R_USER:
        return True
    if access == WRITE and not rights & R_WRITE:
        return user or get64(core, CR0) & WRITE_PROTECT != 0
    return access == FETCH and rights & R_NO_EXECUTE != 0


@njit
def translate(machine, core, address, access, user):  # type: ignore[no-untyped-def]
    """Physical address of the page of a linear address, or NOWHERE with `core.fault_code` set; sets accessed and dirty bits."""
    if not get64(core, CR0) & PAGING:
        return address & 0xFFFFF000
    page = address >> 12
    entry = array_at(core.tlb, TLB_ENTRIES, TLB)[slot_of(core, page)]
    if entry.generation == core.generation and entry.page == page:
        rights = entry.rights
        if not forbidden(machine, core, rights, access, user) and (access != WRITE or rights & R_DIRTY):
            return entry.frame
    return walk(machine, core, address, access, user)


@njit
def walk(machine, core, address, access, user):  # type: ignore[no-untyped-def]
    """The page walk, and what it finds into the own TLB."""
    core.walks += 1
    if not get32(core, HFLAGS) & LMA:
        core.stop |= STOP_UNSUPPORTED  # paging without long mode
        return I64(NOWHERE)
    execute_disable = get64(core, EFER) & NO_EXECUTE != 0
    code = (
        (PF_WRITE if access == WRITE else 0) | (PF_USER if user else 0) | (PF_FETCH if access == FETCH and execute_disable else 0)
    )
    table = get64(core, CR3) & ADDRESS
    rights = I64(R_USER | R_WRITE)
    shift = I64(39)
    if (address >> 47) + 1 & ~1 != 0:
        core.fault_code = NOT_CANONICAL
        return I64(NOWHERE)
    while True:
        at = table + ((address >> shift) & 511) * 8
        word = read_word(machine, core, at)
        if not word & PRESENT:
            core.fault_code = code
            return I64(NOWHERE)
        if not word & USER:
            rights &= ~R_USER
        if not word & WRITABLE:
            rights &= ~R_WRITE
        if word < 0:  # bit 63
            if not execute_disable:
                core.fault_code = code | PF_PRESENT | PF_RESERVED
                return I64(NOWHERE)
            rights |= R_NO_EXECUTE
        if shift == 12 or (shift <= 30 and word & LARGE):
            break
        if not word & ACCESSED:
            write_word(machine, core, at, word | ACCESSED, LOCKED)
        table = word & ADDRESS
        shift -= 9
    if forbidden(machine, core, rights, access, user):
        core.fault_code = code | PF_PRESENT
        return I64(NOWHERE)
    marked = word | ACCESSED | (DIRTY if access == WRITE else 0)
    if marked != word:
        write_word(machine, core, at, marked, LOCKED)
    if marked & DIRTY:
        rights |= R_DIRTY
    mask = (I64(1) << shift) - 1
    frame = (word & ADDRESS & ~mask) | (address & mask & ~(PAGE - 1))
    keep(machine, core, address >> 12, frame, rights)
    return frame


@njit
def keep(machine, core, page, frame, rights):  # type: ignore[no-untyped-def]
    """Remember a translation until the guest flushes; when there is no room, all are forgotten, Unicorn's too."""
    if core.flushing:
        return
    entries = array_at(core.tlb, TLB_ENTRIES, TLB)
    entry = entries[slot_of(core, page)]
    if entry.generation != core.generation:
        if core.tlb_used >= TLB_FULL:
            forget(core)
            call(machine.uc_ctl, core.uc, FLUSH_TLB, 0, 0, 0)
            entry = entries[slot_of(core, page)]
        core.tlb_used += 1
    entry.page = page
    entry.generation = core.generation
    entry.frame = frame
    entry.rights = rights


@njit
def rights_of(core, address):  # type: ignore[no-untyped-def]
    """What may be done with a page that `translate` has just found."""
    if not get64(core, CR0) & PAGING:
        return I64(R_USER | R_WRITE | R_DIRTY)
    entry = array_at(core.tlb, TLB_ENTRIES, TLB)[slot_of(core, address >> 12)]
    if entry.generation == core.generation and entry.page == address >> 12:
        return entry.rights
    return I64(0)  # not kept: asked for again


@njit
def reads_descriptor(core, address):  # type: ignore[no-untyped-def]
    """Whether a read in ring 3 is the implicit one of a descriptor table, which the processor does as supervisor."""
    if not core.supervisor_reads:
        return False
    for table in (GDT, LDT, TR):
        base = get64(core, table + 8)
        if (address >> 12) >= (base >> 12) and (address >> 12) <= ((base + get32(core, table + 16)) >> 12):
            return True
    return False


@njit
def fill(machine, core, address, access):  # type: ignore[no-untyped-def]
    """What Unicorn's TLB is to hold of a page: its physical address (or NOWHERE), and the rights in `core.scratch[1]`."""
    core.fills += 1
    user = get32(core, HFLAGS) & CPL == 3
    if user and access == READ and reads_descriptor(core, address):
        user = False
    frame = translate(machine, core, address, access, user)
    if frame == NOWHERE:
        core.fault = 1
        core.fault_access = access
        return frame
    inside = frame < machine.low_bytes or (frame >= 1 << 32 and frame < machine.ram_bytes - machine.low_bytes + (1 << 32))
    if not inside:
        core.scratch[1] = 3
        return frame if frame >= MMIO_AT and frame < 1 << 32 else machine.void_at
    allowed = 1
    if access == FETCH:
        allowed |= 4
        note_fetch(machine, core, frame)
    rights = rights_of(core, address)
    writable = rights & R_DIRTY and not forbidden(machine, core, rights, I64(WRITE), user)
    executable = rights & R_NO_EXECUTE == 0 and rights != 0
    if (access == WRITE or (writable and access == READ)) and may_write(machine, core, frame, access == WRITE, executable):
        allowed |= 6 if executable and has_code(machine, core, frame) else 2
    core.scratch[1] = allowed
    return frame
