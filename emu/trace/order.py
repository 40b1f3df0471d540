"""Records in order of time: a trace is written as its cores act, so a record can be of an earlier cycle than those before it."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from emu.trace.file import Records, TraceFile
from emu.trace.record import TRACE_DTYPE

Times = NDArray[np.int64]
TimeOf = Callable[[Records], Times]


def cycle_of(records: Records) -> Times:
    """When an instruction retired, or an event happened."""
    times: Times = records["cycle"]
    return times


def begin_of(records: Records) -> Times:
    """When the one before had retired, or an event happened: so what a core did in between is behind it."""
    times: Times = records["cycle"] - records["cost"].astype(np.int64)
    return times


def in_order(trace: TraceFile, parts: Iterable[Records], time_of: TimeOf) -> Iterator[Records]:
    """What is left of the chunks of a trace, one part a chunk, in order of time; what is of one time stays in trace order.

    The trace is read once before, for how early what is still to come can be: so no more is held than what may have to wait for it.
    """
    earliest = [int(time_of(chunk).min()) for chunk in trace.chunks()]
    to_come = [*np.minimum.accumulate(earliest[::-1])[::-1][1:], np.iinfo(np.int64).max]
    waiting = np.zeros(0, TRACE_DTYPE)
    for part, bound in zip(parts, to_come, strict=False):
        waiting = np.concatenate([waiting, part])
        times = time_of(waiting)
        order = np.argsort(times, kind="stable")
        waiting = waiting[order]
        ready = int(np.searchsorted(times[order], bound))
        if ready:
            yield waiting[:ready]
        waiting = waiting[ready:]
    if len(waiting):
        yield waiting
