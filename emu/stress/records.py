"""What the tester keeps as flat records: operations, the oracle's state, a run; and what can be violated, in words."""

import numpy as np

I64 = np.int64

OP_LOAD, OP_LOOK, OP_STORE, OP_XCHG, OP_ADD, OP_CMPXCHG, OP_WALK, OP_MARK, OP_FETCH = range(9)
# look: `access.peek`, a load that costs nothing; walk and mark: a page walk reads an entry, and sets bits of it; fetch: of code.
NAMES = ("load", "look", "store", "xchg", "add", "cmpxchg", "walk", "mark", "fetch")
WITHOUT_VALUE = (OP_LOAD, OP_LOOK, OP_WALK, OP_FETCH)
OF_ENTRIES = (OP_WALK, OP_MARK)  # which have eight bytes, aligned
FETCHED, WRITTEN = 2, 1  # of a frame: code has been fetched from it, and it has been written to since; 0: it has no code

# One operation of a core. It is issued `gap` cycles after the core's previous one has ended, and not before `time`;
# `time` then becomes the cycle at which it was issued.
OPERATION = np.dtype(
    [
        ("time", I64),
        ("address", I64),
        ("value", I64),  # stored, exchanged, added, put in place of `expected`, or the bits that a mark sets
        ("expected", I64),
        ("gap", np.int32),
        ("core", np.int16),
        ("kind", np.int8),
        ("width", np.int8),
    ]
)

# A byte of a store that all cores do not see yet. `following` bytes after it become visible in the same instant.
BYTE = np.dtype([("at", np.int32), ("lock", np.int32), ("value", np.uint8), ("following", np.uint8)])
FIFO = 2048  # bytes in flight of one core

ORACLE = np.dtype(
    [
        ("cores", I64),
        ("slots", I64),  # lines that the program touches; a byte's index is slot * 64 + offset
        ("lines", I64),
        ("slot_of_line", I64),  # i32[lines]
        ("agreed", I64),  # u8[slots * 64], what every core without a pending store sees
        ("newest", I64),  # u8[cores * slots * 64], value of the core's newest pending store to the byte
        ("pending", I64),  # i32[cores * slots * 64], pending stores of the core to the byte
        ("slot_pending", I64),  # i32[slots], pending bytes of all cores
        ("fifo", I64),  # BYTE[cores * FIFO]
        ("fifo_head", I64),  # i64[cores]
        ("fifo_count", I64),  # i64[cores]
    ]
)

COUNTS = (
    "operations", "loads", "stores", "atomics", "swapped", "forwards", "drains", "releases", "crossings", "full_stalls",
    "walks", "marks", "fetches", "code_stores", "forced_drains", "touches", "full_checks",
)  # fmt: skip

STRESS = np.dtype(
    [
        ("bus", I64),
        ("oracle", I64),
        ("slot_lines", I64),  # i64[slots], line of each slot
        ("operations_at", I64),
        ("operation_count", I64),
        ("order", I64),  # i64[operation_count], the operations of core 0, then of core 1, ..
        ("following", I64),  # i64[cores], place in `order` of the core's next operation
        ("end", I64),  # i64[cores]
        ("due", I64),  # i64[cores], when the core acts next
        ("waiting", I64),  # u8[cores], its atomic has begun to wait for the buffer
        ("counts_before", I64),  # i64[cores], room to remember how full the buffers were
        ("frames", I64),
        ("code", I64),  # u8[frames], whether a frame has code
        ("now", I64),
        ("period", I64),  # operations between two full checks
        ("limit", I64),  # no operation takes more cycles
        *((name, I64) for name in COUNTS),
        ("violation", I64),
        ("failed_operation", I64),
        ("failed_core", I64),
        ("failed_address", I64),
        ("wanted", I64),
        ("got", I64),
    ]
)

(
    V_NONE, V_VALUE, V_MEMORY, V_DRAIN_ORDER, V_DRAIN_TIME, V_STUCK, V_NOT_EMPTY, V_CYCLES, V_WRITERS, V_PLACES, V_NOT_HELD,
    V_PENDING, V_BUFFER, V_NEXT_DRAIN, V_RELEASE, V_COUNTERS, V_LOST_UPDATE, V_FETCH,
) = map(I64, range(18))  # fmt: skip
NOBODY = NOWHERE = I64(-1)  # typed, as the violations are: Numba would compile a function once for each plain constant

# Violation -> what is wrong; {wanted} and {got} are numbers, {where} is the core and the address.
WORDS = {
    V_VALUE: "{where} sees {got}, x86-TSO allows only {wanted}",
    V_MEMORY: "{where}: memory holds {got}, x86-TSO allows only {wanted}",
    V_DRAIN_ORDER: "{where}: a store became visible that is not the oldest one of its core, or only a part of it",
    V_DRAIN_TIME: "{where}: a store due at cycle {wanted} became visible at cycle {got}",
    V_STUCK: "{where}: a drain is due at cycle {wanted}, and at cycle {got} no store has become visible",
    V_NOT_EMPTY: "{where}: an atomic or a store to code does not wait, or again, for {got} bytes of older stores; wanted {wanted}",
    V_CYCLES: "{where}: the operation takes {got} cycles; 0 to {wanted} are possible",
    V_WRITERS: "{where}: a line in M or E has other copies, or two modules are its owner: {got} module is M or E, {wanted} O",
    V_PLACES: "{where}: state and place of the line in L2, or L1 and L2, disagree: wanted {wanted}, got {got}",
    V_NOT_HELD: "{where}: after the access its module must hold the line in state {wanted} or better, it is {got}",
    V_PENDING: "{where}: line.pending is {got}, {wanted} stores are pending on the line",
    V_BUFFER: "{where}: the store buffer holds {got} bytes, the core has stored {wanted} that are not yet visible",
    V_NEXT_DRAIN: "{where}: next_drain is {got}, the earliest pending store drains at {wanted}",
    V_RELEASE: "{where}: the drain of an unlocking store was not recorded: wanted {wanted}, got {got}",
    V_COUNTERS: "{where}: the counters of transfers, upgrades, reads and write-backs cannot be: {got}, possible {wanted}",
    V_FETCH: "{where}: code is fetched from a frame with {got} bytes pending in store buffers; wanted {wanted}",
    V_LOST_UPDATE: "{where}: a word that was only added to holds {got}, the sum is {wanted}",
}
