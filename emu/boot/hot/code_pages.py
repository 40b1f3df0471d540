"""Code that changes: which cores have fetched from a frame, and which may write there without asking.

An instance of Unicorn knows nothing of the others' translations. And it drops its own, byte by byte, only while the page that is
written is executable in its TLB, at the address that is written: then every write to it is looked at. So
- a first fetch from a frame takes the right to write there without asking away from all cores, by emptying their TLBs;
- a write to a frame from which others have fetched makes theirs stale; so does a write through an address that is not executable
  with the core's own, and its turn ends with the block;
- an executable page of a frame with the core's own translations is written as such.
"""

from emu.boot.hot.frames import offset_of
from emu.boot.hot.records import CORE, EVENT_CODE, I64, STALE, U64
from emu.native import array_at, call, njit

FLUSH_TLB = 11 | 1 << 30  # uc_ctl: UC_CTL_TLB_FLUSH, written
FLUSH_BLOCKS = 10 | 1 << 30  # UC_CTL_TB_FLUSH
REMOVE_BLOCKS = 9 | 2 << 26 | 1 << 30  # UC_CTL_TB_REMOVE_CACHE: two arguments, a first and a last address
FALSE_ADDRESS = 0x5A5A  # bits 63 to 48 of an address that the TLB is told to be physical: no other reaches a frame for sure


@njit
def frames_of(machine, which):  # type: ignore[no-untyped-def]
    """One of the two tables of cores by frame."""
    return array_at(which, machine.ram_bytes >> 12, U64)


@njit
def note_fetch(machine, core, address):  # type: ignore[no-untyped-def]
    """A core fetches from a frame: from now on writes there are seen."""
    frame = offset_of(machine, address) >> 12
    codes, writers = frames_of(machine, machine.code_pages), frames_of(machine, machine.writers)
    if codes[frame] & core.bit:
        return
    codes[frame] |= core.bit
    if writers[frame] == U64(0):
        return
    cores = array_at(machine.cores, machine.core_count, CORE)
    for each in range(machine.core_count):
        if writers[frame] & cores[each].bit:
            if each == core.index:
                call(machine.uc_ctl, core.uc, FLUSH_TLB, 0, 0, 0)
            else:
                cores[each].flush = 1
    writers[frame] = U64(0)


@njit
def may_write(machine, core, address, writes, executable):  # type: ignore[no-untyped-def]
    """Whether a core may have a frame in its TLB for writing; if it `writes` now, translations that this makes stale go."""
    frame = offset_of(machine, address) >> 12
    codes, writers = frames_of(machine, machine.code_pages), frames_of(machine, machine.writers)
    stale = codes[frame] & ~core.bit if executable else codes[frame]
    if stale:
        if not writes:
            return False
        core.code_writes += 1
        cores = array_at(machine.cores, machine.core_count, CORE)
        for each in range(machine.core_count):
            if stale & cores[each].bit:
                cores[each].flush = 1
                cores[each].event |= EVENT_CODE
                if cores[each].stale_count < STALE:
                    array_at(cores[each].stale, STALE, I64)[cores[each].stale_count] = address
                cores[each].stale_count += 1
        codes[frame] &= ~stale
    writers[frame] |= core.bit
    return True


@njit
def has_code(machine, core, address):  # type: ignore[no-untyped-def]
    """Whether a core has translations of code in a frame."""
    return frames_of(machine, machine.code_pages)[offset_of(machine, address) >> 12] & core.bit != U64(0)


@njit
def catch_up(machine, core):  # type: ignore[no-untyped-def]
    """Before a turn: drop what other cores have made stale."""
    if core.stale_count > STALE:
        call(machine.uc_ctl, core.uc, FLUSH_BLOCKS, 0, 0, 0)
    else:
        for each in range(core.stale_count):
            first = array_at(core.stale, STALE, I64)[each] | I64(FALSE_ADDRESS << 48)
            call(machine.uc_ctl, core.uc, REMOVE_BLOCKS, first, first + 4096, 0)
    core.stale_count = 0
    if core.flush:
        core.flush = 0
        call(machine.uc_ctl, core.uc, FLUSH_TLB, 0, 0, 0)
