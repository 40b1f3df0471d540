"""Probes: counters for what a subject wants to know, which know nothing of the subject.

A *spin* is a run of loads, marked in the text, that return the value for which a core goes on waiting. A *span* goes from one
event to another, of a task or of a core. An event *under* a lock is counted while its core holds a lock of some class. An *errno*
counts an event by the error that its register says a system call has returned.
"""

import numpy as np

from emu.engine.trace import note
from emu.native import array_at, njit
from emu.trace.record import Kind

I64, U8 = np.int64, np.uint8
GUARDS = 4  # classes of locks that events can be counted under
SUB_BUCKETS = 8  # of a histogram: each power of two in so many parts
ERRORS = 4096  # the last page of numbers: a system call that returns one of them has failed
BUCKETS = SUB_BUCKETS * 61
# What a mark is for beside being counted.
ENDS_RUN, BEGINS_RUN, PROBED_EVENT, ERRNO_EVENT, UNDER_LOCKS, LOGGED_EVENT = 1, 2, 4, 8, 16, 32

K_SPIN_BEGIN, K_SPIN_END = int(Kind.SPIN_BEGIN), int(Kind.SPIN_END)

SPIN = np.dtype([("awaited_not", I64), ("entries", I64), ("iterations", I64), ("cycles", I64)])
SLOT = np.dtype([("began", I64), ("since", I64)])  # of a task or a core: its last begin; the begin that an end will close, or 0
SPAN = np.dtype(
    [
        ("begin", I64),  # marks
        ("armed", I64),  # the begin counts once this has followed, -1: at once
        ("end", I64),
        ("by_task", I64),  # the event's register holds a task; 0: of the core that retires the event
        ("settles", I64),  # it goes on from its end to the first instruction in user or kernel state
        ("slots", I64),  # host address of SLOT[slot_count]
        ("slot_count", I64),
        ("count", I64),
        ("cycles", I64),
        ("cycles_max", I64),
        ("histogram", I64, (BUCKETS,)),
    ]
)
UNDER = np.dtype([("mark", I64), ("guard", I64), ("count", I64)])
ERRNO = np.dtype([("mark", I64), ("counts", I64, (ERRORS,))])


@njit
def bucket_of(value):  # type: ignore[no-untyped-def]
    """Place of a number of at least 0 in a histogram: exact below 2 * SUB_BUCKETS, then within an eighth of a power of two."""
    shift = 0
    while value >> shift >= 2 * SUB_BUCKETS:
        shift += 1
    return shift * SUB_BUCKETS + (value >> shift)


def bucket_floor(place: int) -> int:
    """The least number that `bucket_of` puts at a place."""
    if place < 2 * SUB_BUCKETS:
        return place
    shift = place // SUB_BUCKETS - 1
    return (place - shift * SUB_BUCKETS) << shift


@njit
def account_spin(machine, core, probe):  # type: ignore[no-untyped-def]
    """Retire a marked load: it returned the value for which the core goes on (`core.spin.probed` 0), or another one (1)."""
    spin = array_at(machine.probes.spins, machine.probes.spin_count, SPIN)[probe]
    if core.spin.probed == 0:
        if core.spin.probe < 0:
            core.spin.probe = probe
            core.spin.start = core.retired_at
            core.spin.loads = 0
            spin.entries += 1
            note(machine, core, K_SPIN_BEGIN, core.retired_at, probe, core.access.address, 0)
        core.spin.loads += 1
        spin.iterations += 1
    elif core.spin.probe == probe:
        end_spin(machine, core)
    core.spin.probed = -1


@njit
def end_spin(machine, core):  # type: ignore[no-untyped-def]
    """The task on this core spins no more: it has what it waits for, or is switched out and begins anew once it is back."""
    probe = core.spin.probe
    core.spin.probe = -1
    array_at(machine.probes.spins, machine.probes.spin_count, SPIN)[probe].cycles += core.retired_at - core.spin.start
    note(machine, core, K_SPIN_END, core.retired_at, probe, core.access.address, core.spin.loads)


@njit
def account_errno(machine, mark, value):  # type: ignore[no-untyped-def]
    """Retire an event whose register has what a system call returned: the negative of an error number."""
    errnos = array_at(machine.probes.errnos, machine.probes.errno_count, ERRNO)
    for place in range(machine.probes.errno_count):
        if errnos[place].mark == mark:
            errnos[place].counts[-value % ERRORS] += 1


@njit
def account_event(machine, core, mark, task):  # type: ignore[no-untyped-def]
    """Retire an event that a probe names; `task` is the index of the task in its register, -1 for none."""
    unders = array_at(machine.probes.unders, machine.probes.under_count, UNDER)
    for place in range(machine.probes.under_count):
        if unders[place].mark == mark and core.hold.guards[unders[place].guard] > 0:
            unders[place].count += 1
    spans = array_at(machine.probes.spans, machine.probes.span_count, SPAN)
    for place in range(machine.probes.span_count):
        move_span(core, spans[place], place, mark, task if spans[place].by_task else core.index)


@njit
def move_span(core, span, place, mark, key):  # type: ignore[no-untyped-def]
    """One event of one span, for the task or the core `key`."""
    if mark == span.end and span.settles:
        core.settling = -1
    if key < 0:
        return
    slot = array_at(span.slots, span.slot_count, SLOT)[key]
    if mark == span.end and slot.since != 0:
        if span.settles:
            core.settling = place
            core.settling_since = slot.since
        else:
            close_span(span, core.retired_at - slot.since)
        slot.since = 0
    if mark == span.begin:
        slot.began = core.retired_at
        if span.armed < 0:
            slot.since = slot.began
    if mark == span.armed:
        slot.since = slot.began


@njit
def settle_span(machine, core, began):  # type: ignore[no-untyped-def]
    """The task that a span has led to runs again, in user or kernel state, since `began`."""
    span = array_at(machine.probes.spans, machine.probes.span_count, SPAN)[core.settling]
    core.settling = -1
    close_span(span, began - core.settling_since)


@njit
def close_span(span, cycles):  # type: ignore[no-untyped-def]
    """Count a span."""
    span.count += 1
    span.cycles += cycles
    span.cycles_max = max(span.cycles_max, cycles)
    span.histogram[bucket_of(cycles)] += 1
