"""The turn of a core of a real kernel: `engine.turn`, and around each instruction what its text, its pages and its guest need.

Where the core has no translation of a page of code, Unicorn fetches from there: it raises the fault, or the page is known.
"""

from emu.boot.full.hot.hooks import load_in_detail, store_in_detail
from emu.boot.full.hot.looks import STOPS, is_stop
from emu.boot.full.hot.records import (
    FULL,
    GEAR,
    I32,
    I64,
    PAGE,
    SP_FLUSH,
    SP_IRET,
    SP_MSR,
    SP_ONCE,
    SP_PAUSE,
    STOP_FAILED,
    STOP_MSR,
)
from emu.boot.full.hot.seqcount import begin_spin
from emu.boot.full.hot.text import LONGEST, find_text
from emu.boot.hot.msr import is_native
from emu.boot.hot.records import CORE as CPU
from emu.boot.hot.records import MACHINE as BOOT
from emu.boot.hot.records import TLB, TLB_ENTRIES
from emu.boot.hot.walk import FETCH, FLUSH_TLB, R_DIRTY, R_USER, R_WRITE, forbidden, forget, slot_of
from emu.engine.env import CPL, CR0, EIP, HFLAGS, PAGING, RCX, get32, get64, put64
from emu.engine.interpreter.carry_out import carry_out
from emu.engine.interpreter.translation import NOT_HERE, PAGES, TRANSLATION, allowed
from emu.engine.records import (
    ACCOUNTED,
    GUEST,
    INSTRUCTION,
    STOP_HANDED_BACK,
    STOP_NONE,
    STOP_TRACE,
    STOP_YIELD,
)
from emu.engine.registers import show_flags
from emu.engine.schedule import stall_dispatch
from emu.engine.step import step
from emu.engine.turn import leave_to_unicorn, start
from emu.memory.records import BUS
from emu.native import array_at, call, inlined, njit
from emu.trace.record import Cause

C_TLB = int(Cause.TLB_MISS)


@njit
def execute(machine, core):  # type: ignore[no-untyped-def]
    """Let a core execute; returns Unicorn's error. `core.stop` says why it is over."""
    error = go_on(machine, core)
    show_flags(core)
    if error == 0:
        put64(core, EIP, core.pc)
    return error


@inlined
def go_on(machine, core):  # type: ignore[no-untyped-def]
    """Instruction after instruction."""
    full = array_at(core.companion, 1, FULL)[0]
    gear = array_at(full.gear, 1, GEAR)[0]
    cpu = array_at(full.cpu, 1, CPU)[0]
    while True:
        if full.stops != 0 and is_stop(array_at(full.stops, 1, STOPS)[0], core, core.pc):
            core.stop = STOP_TRACE
            return 0
        reason = prepare(machine, gear, full, cpu, core, core.pc)
        if reason == STOP_NONE:
            reason = step(machine, core, core.pc)
        elif reason == STOP_HANDED_BACK:  # the page is to be fetched from
            error = start(machine, core)  # and no further than here: the page is known then, or it faults
            if core.stop != STOP_HANDED_BACK:
                return error
            core.stop = STOP_NONE
            continue
        if reason != STOP_NONE:
            core.stop = reason
            return 0
        instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
        ours = machine.unicorn.all_left == 0
        if instruction.traits & GUEST:
            for_guest(machine, full, cpu, core, instruction.special)
            if core.stop != STOP_NONE:
                return 0
            ours = ours and instruction.special in (SP_PAUSE, SP_ONCE)
        if ours and carry_out(machine, core, instruction, physical, load_in_detail, store_in_detail):
            continue
        error = leave_to_unicorn(machine, core, instruction)
        if core.stop != STOP_HANDED_BACK:
            return error
        core.stop = STOP_NONE


@njit
def attend(boot, cpu):  # type: ignore[no-untyped-def]
    """What the instruction before has left to be done; True if the core must be stopped, as its translations are old."""
    cpu.supervisor_reads = 0
    if cpu.unblock:
        cpu.unblock = 0
        cpu.nmi_blocked = 0
    if cpu.flushing:
        cpu.flushing = 0
        forget(cpu)
        call(boot.uc_ctl, cpu.uc, FLUSH_TLB, 0, 0, 0)
    return cpu.event != 0


@njit
def prepare(machine, gear, full, cpu, core, pc):  # type: ignore[no-untyped-def]
    """Before a step: the record of the instruction at `pc` is there. STOP_NONE, or why the core must stop.

    STOP_HANDED_BACK: Unicorn is to fetch from its page first.
    """
    if (cpu.flushing | cpu.unblock | cpu.event | cpu.supervisor_reads) and attend(array_at(gear.boot, 1, BOOT)[0], cpu):
        return STOP_YIELD
    if (
        pc >> 12 != full.text_page
        or full.text_generation != cpu.generation
        or array_at(core.text_slots, PAGE, I32)[pc & (PAGE - 1)] == 0
    ):
        if core.clock > core.limit:  # a fetch touches memory: it waits for its turn
            return STOP_YIELD
        if full.fetched != pc and not fetches_known_pages(gear, cpu, pc):
            full.fetched = pc
            return STOP_HANDED_BACK
        full.fetched = -1
        bus = array_at(machine.bus, 1, BUS)[0]
        if not find_text(gear, array_at(gear.boot, 1, BOOT)[0], bus, full, core, cpu, pc):
            return STOP_FAILED
    if full.road_cycles != 0:
        stall_dispatch(core, core.clock + full.road_cycles, C_TLB)
        full.road_cycles = 0
    return STOP_NONE


@njit
def fetches_known_pages(gear, cpu, pc):  # type: ignore[no-untyped-def]
    """Whether the pages that an instruction may lie in are known, and code may be fetched from there."""
    boot = array_at(gear.boot, 1, BOOT)[0]
    if get64(cpu, CR0) & PAGING == 0:
        return True
    user = get32(cpu, HFLAGS) & CPL == CPL
    for page in range(pc >> 12, (pc + LONGEST - 1 >> 12) + 1):
        entry = array_at(cpu.tlb, TLB_ENTRIES, TLB)[slot_of(cpu, page)]
        if entry.generation != cpu.generation or entry.page != page or forbidden(boot, cpu, entry.rights, I64(FETCH), user):
            return False
    return True


@njit
def for_guest(machine, full, cpu, core, special):  # type: ignore[no-untyped-def]
    """The instruction that is about to be carried out changes, or reads, more than registers and memory."""
    if special == SP_FLUSH:
        cpu.flushing = 1
        forget(cpu)
    elif special == SP_MSR:
        if get32(cpu, HFLAGS) & CPL == 0 and not is_native(get64(cpu, RCX) & 0xFFFFFFFF):
            core.stage = ACCOUNTED
            core.stop = STOP_MSR
    elif special == SP_PAUSE:
        begin_spin(full, core)
    elif special == SP_ONCE:
        array_at(core.text_slots, PAGE, I32)[core.current_pc & (PAGE - 1)] = 0
    else:
        cpu.supervisor_reads = 1
        cpu.unblock = 1 if special == SP_IRET else 0


@inlined
def physical(machine, core, address, size, write):  # type: ignore[no-untyped-def]
    """As `engine.interpreter.translation` has it, of pages that the core has translations of and whose code is not changed."""
    page = address >> 12
    full = array_at(core.companion, 1, FULL)[0]
    cpu = array_at(full.cpu, 1, CPU)[0]
    entry = array_at(core.translations, PAGES, TRANSLATION)[page & (PAGES - 1)]
    if entry.page != page or entry.generation != cpu.generation or entry.frame < 0 or (write and entry.writable == 0):
        look_up(array_at(full.gear, 1, GEAR)[0], cpu, entry, page)
    place = allowed(core, entry, address, size, write)
    if write and place != NOT_HERE:
        gear = array_at(full.gear, 1, GEAR)[0]
        if array_at(gear.frame_slots, gear.frames, I64)[place >> 12] != 0:
            return NOT_HERE
    return place


@njit
def look_up(gear, cpu, entry, page):  # type: ignore[no-untyped-def]
    """A page in the core's own TLB."""
    entry.page = page
    entry.generation = cpu.generation
    entry.frame = NOT_HERE
    if get64(cpu, CR0) & PAGING == 0:
        return
    found = array_at(cpu.tlb, TLB_ENTRIES, TLB)[slot_of(cpu, page)]
    if found.generation == cpu.generation and found.page == page and found.frame >> 12 < gear.frames:
        entry.frame = found.frame
        entry.writable = 1 if found.rights & R_WRITE and found.rights & R_DIRTY else 0
        entry.user = 1 if found.rights & R_USER else 0
