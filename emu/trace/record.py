"""The vocabulary of a trace: one fixed-size record for each retired instruction and each event.

The engine fills a buffer of these; whoever writes or reads traces needs only this module. `FORMAT_VERSION` changes
whenever the meaning or the layout of a record does.
"""

from enum import IntEnum

import numpy as np

FORMAT_VERSION = 3


class State(IntEnum):
    """Where a cycle of a core went; every cycle belongs to exactly one."""

    USER = 0
    KERNEL = 1
    SCHEDULER = 2
    INTERRUPT = 3
    LOCK_WAIT = 4
    SPIN = 5
    STALL = 6
    IDLE = 7


class Kind(IntEnum):
    """What a record stands for; `detail`, `address` and `value` depend on it."""

    INSTRUCTION = 0
    MARK = 1  # an annotated instruction retired: detail = mark id, value = the register it asked for
    LOCK_ACQUIRED = 2  # detail = lock id, value = cycles waited (0: not contended)
    LOCK_CONTENDED = 3  # detail = lock id: the first failed attempt
    LOCK_RELEASED = 4  # detail = lock id, value = cycles held; cycle = when the store became visible
    SPIN_BEGIN = 5  # detail = probe: the first load that returned the value for which the core goes on
    SPIN_END = 6  # detail = probe, value = loads of the spin
    LINE_TRANSFER = 7  # a line that moved, where it was asked for: address, size = of the access, detail = Transfer, value = cycles
    IPI_SENT = 8  # detail = target core, value = vector
    INTERRUPT = 9  # detail = vector
    HALT = 10
    WAKE = 11  # left HLT, value = cycles halted
    STALL = 12  # detail = mark id of the point, value = cycles
    STORE_DRAINED = 13  # address, value: the store became visible
    ACCESS = 14  # an access before the last one of the instruction whose record follows: access, address, value, size


class Transfer(IntEnum):
    """Kinds of coherence transaction, in the order of the causes SIBLING_LINE to UPGRADE."""

    WITHIN_MODULE = 0
    ACROSS_MODULES = 1
    MEMORY_READ = 2
    UPGRADE = 3


class Cause(IntEnum):
    """What the time between two retirements went to; in a record of the trace, its largest part beyond mere execution."""

    NONE = 0  # execution: dispatch, dependencies, units, L1 hits
    L2_HIT = 1
    SIBLING_LINE = 2
    REMOTE_LINE = 3
    MEMORY = 4
    UPGRADE = 5
    STORE_BUFFER_FULL = 6
    STORE_BUFFER_DRAIN = 7
    STORE_FORWARD = 8
    MISPREDICT = 9
    TLB_MISS = 10
    LINE_BUSY = 11
    MMIO = 12
    SYSTEM = 13  # serialising instructions, and what the way into an interrupt costs
    LOCKED = 14  # a locked instruction's own time, lines apart
    L3_HIT = 15


class Access(IntEnum):
    """How an instruction touched memory: its last access; the ones before it, if any, are records of kind ACCESS."""

    NONE = 0
    LOAD = 1
    STORE = 2
    READ_MODIFY_WRITE = 3


TRACE_DTYPE = np.dtype(
    [
        ("cycle", np.int64),  # when the instruction retired (core cycles)
        ("pc", np.uint64),  # virtual address
        ("address", np.uint64),  # physical address of the access
        ("value", np.uint64),  # value loaded or stored
        ("cost", np.uint32),  # cycles since the previous instruction of this core retired
        ("detail", np.int32),
        ("task", np.int16),  # index in the task table, -1: the idle task or boot
        ("core", np.uint8),
        ("kind", np.uint8),
        ("state", np.uint8),
        ("cause", np.uint8),
        ("access", np.uint8),
        ("size", np.uint8),  # bytes accessed
    ]
)
assert TRACE_DTYPE.itemsize == 48
