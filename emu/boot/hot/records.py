"""The boot machine as flat records that compiled code and Python share: `CORE` (one a core) and `MACHINE` (one).

Times are instructions: the machine's clock goes on by one for each instruction that any core retires.
"""

import numpy as np

I64, U64, U32, U16, U8 = np.int64, np.uint64, np.uint32, np.uint16, np.uint8
PAGE_SHIFT, PAGE = 12, 4096
FOUR_GIB = 1 << 32
MMIO_AT = 0xFEC00000  # I/O APIC and local APICs: the only devices in memory

# CORE.status
RUNNING, HALTED, WAIT_FOR_SIPI, DEAD = range(4)  # DEAD: halted with interrupts off, until INIT or NMI
# CORE.stop: why Unicorn came back, as a hook said; a bit each
(
    STOP_LIMIT,
    STOP_SITE,
    STOP_EVENT,
    STOP_CALL,
    STOP_SHUTDOWN,
    STOP_USER,
    STOP_UNSUPPORTED,
    STOP_MSR,
    STOP_MARK,
    STOP_CODE,
) = (1 << n for n in range(10))
STOP_LOOK = 1 << 11  # a debugger's; 1 << 10 is the exploring gear's
EVENT_DEVICE, EVENT_CODE = 1, 2  # CORE.event
# MACHINE.outcome: why the round robin came back to Python
(
    SLICE_DONE,
    DEADLINE,
    INTERRUPT,
    ALL_HALTED,
    STOPPED,  # CORE.stop says why
    ENGINE_ERROR,
) = range(6)
# Instructions that are hooked one by one, wherever they are: what they do is not Unicorn's alone.
SITE_NONE, SITE_MSR, SITE_FLUSH, SITE_IRET, SITE_SEGMENT = range(5)

TLB_ENTRIES = 1 << 14
TLB_FULL = TLB_ENTRIES * 3 // 4  # then all of it is forgotten
BLOCK_ENTRIES = 1 << 16
SITES = 1 << 10  # slots of the set of hooked addresses, a core
STALE = 64  # pages whose translations a core must drop, before all of them go
CODE_BYTES = 8192  # room for the bytes of a translated block, and one instruction more
NEVER_MET = 2**62  # a place that no block has

TLB = np.dtype([("page", I64), ("frame", I64), ("generation", I64), ("rights", I64)])
BLOCK = np.dtype([("key", I64), ("what", I64)])  # what: instructions << 16 | bytes

CORE = np.dtype(
    [
        ("machine", I64),  # host address of MACHINE
        ("index", I64),
        ("bit", U64),  # 1 << index
        ("uc", I64),
        ("env", I64),  # host address of Unicorn's CPUX86State
        ("cpu", I64),  # and of its CPUState
        ("fault_at", I64),  # and of the address of the access that failed last
        ("status", I64),
        ("count", I64),  # instructions retired
        ("limit", I64),  # count at which this turn ends
        ("goal", I64),  # count at which to come back to Python; 0: none
        ("stop", I64),
        ("event", I64),  # why to stop before the next block: Unicorn repeats an access to a device in which it is stopped
        ("cut_end", I64),  # count at which the block ends that was cut last: nothing happens between its parts
        ("part", I64),  # instructions of its first part, 0: as many as fit
        ("next_block", I64),  # instructions of the block that did not fit
        ("error", I64),  # Unicorn's, of the last turn
        ("irq", I64),  # an interrupt waits whose priority is high enough
        ("nmi", I64),  # an NMI waits
        ("nmi_blocked", I64),  # until IRET
        ("unblock", I64),  # that IRET is being carried out
        # the block that is being carried out
        ("block_pc", I64),
        ("block_size", I64),
        ("block_count", I64),
        ("turn_start", I64),  # count at which it began
        # the own TLB and what Unicorn's holds of it
        ("tlb", I64),
        ("generation", I64),
        ("tlb_used", I64),
        ("flushing", I64),  # the block has an instruction that flushes: nothing is kept until the next one
        ("flush", I64),  # Unicorn's TLB is to be emptied before this core's next turn
        ("stale", I64),  # host address of I64[STALE]: frames whose translations are to be dropped
        ("stale_count", I64),
        ("supervisor_reads", I64),  # the block reads descriptor tables implicitly
        ("code_page", I64),
        ("code_frame", I64),
        ("code_generation", I64),
        # a page fault that Unicorn is leaving the block for
        ("fault", I64),
        ("fault_code", I64),
        ("fault_access", I64),
        ("blocks", I64),  # host address of BLOCK[BLOCK_ENTRIES]
        ("code", I64),  # host address of U8[CODE_BYTES]
        ("sites", I64),  # host address of I64[SITES]: addresses that have a hook
        ("new_site", I64),  # an address that needs one
        ("new_site_kind", I64),
        ("scratch_at", I64),  # host address of the next field
        ("scratch", I64, 4),
        ("companion", I64),  # host address of what full detail keeps of this core
        ("vector", I64),  # of the exception that could not be delivered, or is being
        # counts, for --verbose and --json
        ("fills", I64),
        ("walks", I64),
        ("decodes", I64),
        ("exceptions", I64),
        ("page_faults", I64),
        ("system_calls", I64),
        ("code_writes", I64),
        ("miscounted", I64),  # blocks in which our decoder and Unicorn's disagree: none
    ],
    align=True,
)

MACHINE = np.dtype(
    [
        ("cores", I64),  # host address of CORE[core_count]
        ("core_count", I64),
        ("ram", I64),  # host address
        ("ram_bytes", I64),
        ("low_bytes", I64),  # RAM from 0; the rest from 4 GiB on
        ("void_at", I64),  # physical address of a page where nothing answers
        ("code_pages", I64),  # host address of U64[frames]: bit n: core n has fetched from the frame
        ("writers", I64),  # host address of U64[frames]: bit n: core n may write there without asking
        ("now", I64),
        ("deadline", I64),  # of the nearest timer
        ("slice_end", I64),  # come back at the end of a turn from then on
        ("stop_at", I64),  # come back then
        ("resumed", I64),  # the turn goes on where Python had something to do
        ("turn", I64),  # the core whose turn it is
        ("quantum", I64),
        ("exact", I64),  # turns end within blocks
        ("random", U64),  # state of the generator of quanta; 0: all turns are one quantum
        ("turn_full", I64),  # length of the turn of that core
        ("turn_left", I64),  # what is left of the turn of that core
        ("outcome", I64),
        ("turns", I64),
        ("user_seen", I64),  # the first instruction in ring 3 has been met
        ("mark_left", I64),  # executions of the marked symbol until it counts
        ("finished", I64),  # Python wants to be asked before the next turn
        ("emu_start", I64),
        ("emu_stop", I64),
        ("reg_read", I64),
        ("uc_ctl", I64),
        ("road_read", I64),  # C functions by which words of RAM are read and written; 0: RAM is what all cores see
        ("road_write", I64),
    ],
    align=True,
)
