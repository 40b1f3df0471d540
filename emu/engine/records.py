"""The engine's state as flat records: `CORE` (one a core), `MACHINE` (one), `INSTRUCTION` (one a byte of text), `LOCK`.

Times are core cycles. Addresses named `..._at` are physical; fields that hold host addresses of arrays say so.
"""

import numpy as np

from emu.engine.core_parts import ACCESS, FAULTED, HOLDING, IRQ, LOCKING, SPINNING, VISIT, WAITING
from emu.trace.record import Cause, State

I64, I32, I16, I8, U8 = np.int64, np.int32, np.int16, np.int8, np.uint8
HISTORY = 32  # instructions remembered for a fault report
PAGE = 4096
WAIT_BUCKETS = 40  # of a histogram of waits and holds: by the bits of their cycles
STATES, CAUSES = len(State), len(Cause)

# INSTRUCTION.traits
(
    VALID,
    ORDERED,
    WAIT_STORES,
    LOCKED,
    PAUSE,
    SPECIAL,
    IF_CHANGE,
    STI,
    POINT,
    EVENT,
    PROBED,
    REPEAT,
    STORES,
    FIXUP,
    LOADS,
    SERIALISING,
    IF_ZERO,  # its event happens only if the register is 0
    MENDED,
    LOCK_CODE,  # of a lock's own routines: who called them takes the lock
    CALLS_LOCK,  # calls, or goes to, such a routine from outside, or another one that takes a lock
    COMPARES,  # a locked comparison and exchange: it may take a lock that nobody knows yet
    ESTIMATED,  # what it costs is that of its class
    GUEST,  # whoever runs the guest has something to do with it
) = (1 << n for n in range(23))
# INSTRUCTION.special
SP_NONE, SP_SYSCALL, SP_HLT, SP_RDTSC, SP_CPUID, SP_FAULT = range(6)
# INSTRUCTION.routine: what the routine that begins here does with the lock that is its first argument
R_NONE, R_TAKES, R_SPINS, R_WAITS, R_RELEASES = range(5)  # R_SPINS: takes one that is let go of by a change of its word
# CORE.status
RUNNING, HALTED, WAITING_FOR_STARTUP = range(3)
# CORE.stage: how far the instruction at `pc` has come
FRESH, ACCOUNTED, STALLED = range(3)
# CORE.stop: why emulation came back to the loop
STOP_NONE, STOP_YIELD, STOP_INTERRUPT, STOP_SPECIAL, STOP_FAULT, STOP_TRACE, STOP_EXCEPTION, STOP_HANDED_BACK = range(8)
# branch_outcomes: what a conditional branch has done, and whether an indirect jump has come here
TAKEN, NOT_TAKEN, JUMPED_TO = 1, 2, 4
# MACHINE.outcome: why the loop came back to Python
SLICE_DONE, RUN_DONE, FAULT, LIMIT, DEADLOCK, TRACE_FULL = range(6)
# CORE.fault.kind
NO_FAULT, FAULT_EXCEPTION, FAULT_MEMORY, FAULT_FETCH, FAULT_ENGINE, FAULT_UNSUPPORTED = range(6)

OPERATION = np.dtype(  # isa.operation.Operation
    [
        *((name, I8) for name in (
            "kind", "size", "source_size", "load_size", "target", "source", "destination", "base", "index", "scale", "segment",
            "condition", "load", "store",
        )),
        ("displacement", I64),
        ("immediate", I64),
    ],
    align=True,
)  # fmt: skip
INSTRUCTION = np.dtype(
    [
        # timing.schedule.Timing: register lists hold a number a byte; ticks and blocks are TICKS a cycle
        ("address_registers", I64),
        ("reads", I64),
        ("writes", I64),
        ("latency", I32),
        ("ticks", I32),
        ("blocks", I32),
        ("traits", I32),
        ("mark", I32),  # id of its event, -1: none
        ("point", I32),  # id of its stall point, -1: none
        ("probe", I32),  # of a PROBED load: which spin it belongs to
        ("register", I16),  # of its event: its number, and its bytes times 256; -1: none
        ("macro_ops", U8),
        ("unit", U8),
        ("length", U8),
        ("state", U8),
        ("branch", U8),
        ("special", U8),
        ("mend", U8),  # what mend.mend puts right behind it
        ("kept", U8, (2,)),  # registers that it keeps, if it sets ZF, and if it clears it
        ("routine", U8),  # R_TAKES and so on; up to here the record is one cache line of the host
        ("operation", OPERATION),
    ]
)

CORE = np.dtype(
    [
        ("index", I64),
        ("uc", I64),  # host address of the Unicorn engine
        ("machine", I64),  # host address of the MACHINE record
        ("clock", I64),  # when its next instruction is dispatched: the order of the cores' instructions goes by it
        ("limit", I64),  # ordered instructions may start up to here
        ("horizon", I64),  # others up to here
        ("status", I64),
        ("stage", I64),
        ("stop", I64),
        ("pc", I64),
        ("current", I64),  # index of the instruction in flight, -1: none
        ("current_pc", I64),
        ("start", I64),  # of the instruction in flight: its access is made, or its operands are asked for
        ("operands_at", I64),  # when the registers that it computes with are ready
        ("data_at", I64),  # when what it loads is there
        ("barrier", I64),  # nothing behind it is dispatched before
        ("barrier_cause", I64),
        ("late_cause", I64),  # why the instruction in flight was dispatched late
        ("retired_at", I64),  # when the last instruction retired: every cycle up to here has its state
        ("cause", I64),  # trace_record.Cause: the longest wait of the instruction in flight
        ("cause_cycles", I64),
        ("access", ACCESS),  # of the instruction in flight, its last
        ("digest", I64),
        ("instructions", I64),
        ("pipeline", I64),  # host address of the pipeline.PIPELINE record
        ("predictor", I64),  # host address of the branch.PREDICTOR record
        ("text_slots", I64),  # host address of I32[4096]: records of the page of code that it is in; 0: the text lies in one piece
        ("env", I64),  # host address of Unicorn's CPUX86State (emu.engine.env)
        ("translations", I64),  # host address of interpreter.translation.TRANSLATION[PAGES]
        ("left", I64),  # the instruction at `pc` is left to Unicorn, which has not begun it
        ("visit", VISIT),
        ("parked", I64),  # cycles of an iteration of the loop in which it is left alone (`park`), 0: it takes turns
        ("locking", LOCKING),
        ("spin", SPINNING),
        ("wait", WAITING),
        ("hold", HOLDING),
        ("kept", I64, (2,)),  # registers before an instruction that is mended
        ("stall_pc", I64),  # the point in front of which this core has already been held up
        ("stalled", I64),  # part of the instruction in flight's time that is a stall
        ("entry_stack", I64),  # where the stack is as the routine is entered whose first instruction is in flight
        ("task", I64),
        ("task_pointer_at", I64),
        ("settling", I64),  # the span that ends once the task just switched to runs, -1: none
        ("settling_since", I64),  # when it began
        ("halted_at", I64),
        ("fault", FAULTED),
        ("companion", I64),  # host address of what whoever runs the guest keeps of this core
        ("event_value", I64),  # of the register of its event, as the instruction in flight began
        ("cycles", I64, (STATES,)),
        ("cycles_by_cause", I64, (CAUSES,)),  # of the cycles in states where a core works
        ("history_count", I64),
        ("history", I64, (HISTORY,)),
        ("retired", I64, (HISTORY,)),  # when each of those did
        ("irq", IRQ),
    ]
)

LOCK = np.dtype(
    [
        ("address", I64),
        ("guard", I64),  # number of the class of locks that events are counted under, -1: none
        ("kind", I64),  # of lock_word
        ("acquired_at", I64),
        ("released_at", I64),
        ("acquisitions", I64),
        ("contended", I64),
        ("wait_cycles", I64),
        ("wait_cycles_max", I64),
        ("hold_cycles", I64),
        ("hold_cycles_max", I64),
        ("spin_iterations", I64),
        ("owner", I64),
        ("owner_task", I64),  # the task that took it last,
        ("owner_pc", I64),  # and where
        ("next", I64),  # another lock on the same line, -1: none
        ("site", I64),  # of its last acquisition, -1: none
        ("virtual", I64),  # where who took it first saw it
        ("writer_leaves", I64),  # 1: a reader-writer lock's writer has stored what lets go of it
    ]
)
LOGGED = np.dtype(
    [
        ("cycle", I64),
        ("value", I64),  # of the event's register
        ("mark", I64),
        ("core", I64),
        ("lock", I64),  # that a routine was called with,
        ("site", I64),  # from where
    ]
)
FRAME = np.dtype(  # a call of a lock's routine that has not returned
    [
        ("stack", I64),  # where its return address is; 0: the slot is free
        ("site", I64),  # who called it: the return address, or the jump that led there
        ("routine", I64),  # mark of the routine that takes a lock, -1: of another one
        ("lock", I64),  # that it takes
        ("waits", I64),  # 1: it has had to wait
        ("spins", I64),  # 1: R_SPINS
    ]
)
SITE = np.dtype(  # a lock as taken from one place
    [
        ("lock", I64),
        ("address", I64),  # what the call returns to; of an inlined lock, the instruction itself; 0: the slot is free
        ("acquisitions", I64),
        ("contended", I64),
        ("wait_cycles", I64),
        ("wait_cycles_min", I64),  # of those that had to wait
        ("wait_cycles_max", I64),
        ("hold_cycles", I64),
        ("hold_cycles_min", I64),
        ("hold_cycles_max", I64),
        ("spin_iterations", I64),
        ("events", I64),  # that happened while it was held from here
        ("waits", I64, (WAIT_BUCKETS,)),
        ("holds", I64, (WAIT_BUCKETS,)),
    ]
)

TEXT = np.dtype([("kernel_base", I64), ("kernel_bytes", I64), ("user_base", I64), ("user_bytes", I64)])
COSTS = np.dtype(
    [
        ("mispredict", I64),
        ("return_mispredict", I64),
        ("btb_l2_hit", I64),  # a taken branch that only the second level of the BTB knows
        ("resteer", I64),  # and one that neither level knows
        ("ipi_flight", I64),
        ("interrupt_entry", I64),
        ("halt_exit", I64),
        ("mmio_read", I64),
        ("mmio_write", I64),
    ]
)
UNICORN = np.dtype(
    [
        ("emu_start", I64),  # its functions
        ("emu_stop", I64),
        ("all_left", I64),  # 1: it carries out all instructions
        ("told", I64),  # function that hears of each instruction before it is carried out, and may stop its core; 0: nobody
    ]
)
TASKS = np.dtype([("base", I64), ("stride", I64), ("count", I64)])  # where the guest's tasks lie
MARKS = np.dtype([("counts", I64), ("roles", I64)])  # i64[marks]; u8[marks], ENDS_RUN and so on
STALLS = np.dtype([("cycles", I64), ("every", I64), ("seen", I64), ("total", I64)])  # i64[marks] each
PROBES = np.dtype(
    [
        ("spins", I64),  # host address of probes.SPIN[spin_count]
        ("spin_count", I64),
        ("spans", I64),  # of probes.SPAN[span_count]
        ("span_count", I64),
        ("unders", I64),  # of probes.UNDER[under_count]
        ("under_count", I64),
        ("errnos", I64),  # of probes.ERRNO[errno_count]
        ("errno_count", I64),
    ]
)
LOCKING = np.dtype(
    [
        ("locks", I64),  # host address of LOCK[count]
        ("count", I64),
        ("room", I64),
        ("of_line", I64),  # i16[lines]
        ("sites", I64),  # host address of SITE[site_count], a power of two; 0 of them: nobody asks where locks are taken
        ("site_count", I64),
        ("sites_used", I64),
        ("frames", I64),  # host address of FRAME[frame_room], a power of two; 0 of them: nobody asks who calls locks' routines
        ("frame_room", I64),
        ("frame_count", I64),
        ("frames_lost", I64),  # calls for which there was no room
        ("releases_seen", I64),
    ]
)
COUNTERS = np.dtype([("ipis", I64), ("apic_writes", I64), ("interrupts", I64), ("halts", I64)])
TRACING = np.dtype(
    [
        ("at", I64),  # host address of TRACE_DTYPE[capacity], 0: tracing is off
        ("capacity", I64),
        ("count", I64),
        ("kept", I64),  # of them, those that the last part left when it was closed
        ("moves_seen", I64),  # of those that the bus has logged
        ("asked", I64),  # host address of i64[cores * RING]: 1 + the record that is kept for the line of a store in a buffer; or 0
        ("recent", I64),  # host address of TRACE_DTYPE[(1 + tasks) * RECENT]: first of the idle tasks, then of each task
        ("recent_counts", I64),  # and of i64[1 + tasks]
    ]
)
LOG = np.dtype(
    [
        ("at", I64),  # host address of LOGGED[room]: events one after the other, for whoever empties it; 0 of them: nobody
        ("room", I64),
        ("count", I64),  # those for which there was no room are counted, too
    ]
)
PARKING = np.dtype([("parks", I64), ("parked", I64)])  # host address of PARK[cores], 0: no core is parked; how many are

MACHINE = np.dtype(
    [
        ("bus", I64),  # host address of the memory.BUS record
        ("cores", I64),
        ("core_count", I64),
        ("threads_per_core", I64),  # neighbours by number; what they share is who dispatches, and the L1
        ("instructions", I64),
        ("text", TEXT),
        ("secondary_pc", I64),
        ("costs", COSTS),
        ("unicorn", UNICORN),
        ("run_ahead", I64),
        ("run_ahead_max", I64),  # the longest that changes nothing
        ("max_cycles", I64),
        ("slice_cycles", I64),
        ("untimed", I64),  # an instruction is a cycle, whatever it waits for
        ("outcome", I64),
        ("outcome_core", I64),
        ("done_wanted", I64),  # how often the event that ends the run must come
        ("end_at", I64),  # set once the last task is done: every core runs up to here, and no further
        ("boot_cycles", I64),
        ("turns", I64),
        ("tasks", TASKS),
        ("marks", MARKS),
        ("stalls", STALLS),
        ("probes", PROBES),
        ("locking", LOCKING),
        ("counters", COUNTERS),
        ("parking", PARKING),
        ("tracing", TRACING),
        ("log", LOG),
        ("cpuid", I64),  # host address of CPUID rows
        ("cpuid_rows", I64),
        ("estimated", I64),  # host address of i64[records]: how often each with ESTIMATED has retired
        ("branch_outcomes", I64),  # host address of u8[text bytes], TAKEN and so on; 0: nobody asks
        ("sharing", I64),  # host address of a sharing.SHARING record; 0: nobody asks which bytes cores share
    ]
)
