"""What `records.CORE` consists of, where several fields tell of one thing."""

import numpy as np

from emu.engine.probes import GUARDS

I64 = np.int64
VECTORS = 256
HELD = 16  # locks that a core is seen to hold at once
WAITS = 4  # locks a core can be waiting for at once: a task, and interrupts on top of it

ACCESS = np.dtype(
    [
        ("address", I64),
        ("value", I64),
        ("size", I64),
        ("kind", I64),  # of trace.record.Access, 0: there has been none
    ]
)
IRQ = np.dtype(  # what has been asked of the core, and its local APIC
    [
        ("at", I64),  # earliest pending interrupt
        ("watch", I64),  # the same, or never while interrupts are known to be masked
        ("masked", I64),  # IF was found clear and nothing has changed it since
        ("shadow", I64),  # interrupts are held off for one more instruction
        ("in_service", I64),
        ("startup_at", I64),
        ("timer_period", I64),
        ("icr_high", I64),
        ("arrival", I64, (VECTORS,)),
    ]
)
WAITING = np.dtype(  # for locks: one task, and interrupts on top of it
    [
        ("depth", I64),
        ("lock", I64, (WAITS,)),
        ("start", I64, (WAITS,)),
        ("ticket", I64, (WAITS,)),  # drawn from a ticket lock
        ("site", I64, (WAITS,)),  # where each is to be taken
        ("stack", I64, (WAITS,)),  # and in which call of a lock's routine: FRAME.stack, 0 if that is not known
    ]
)
HOLDING = np.dtype(
    [
        ("count", I64),
        ("locks", I64, (HELD,)),  # that it holds and whose sites are known
        ("guards", I64, (GUARDS,)),  # locks held, by guard
    ]
)
LOCKING = np.dtype(  # what the instruction in flight does with a lock: its number, -1: nothing
    [
        ("acquiring", I64),
        ("failing", I64),
        ("releasing", I64),
        ("word", I64),  # as a locked instruction has read it
        ("ticket", I64),  # drawn
    ]
)
SPINNING = np.dtype(
    [
        ("probed", I64),  # the PROBED load in flight returned: 0 the value for which the core spins on, 1 another; -1: no such load
        ("probe", I64),  # of the spin that the core is in, -1: none
        ("start", I64),
        ("loads", I64),
    ]
)
FAULTED = np.dtype([("kind", I64), ("code", I64), ("address", I64)])
VISIT = np.dtype(  # the core's last load
    [
        ("pc", I64),
        ("address", I64),  # physical, -1: it reaches into a second line
        ("value", I64),  # what it has returned
        ("count", I64),  # how often in a row all that has been so: the core may be waiting
        ("wanted", I64),  # from so many on, somebody looks
    ]
)
