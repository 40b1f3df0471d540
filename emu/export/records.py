"""The records of a trace as an export takes them: what its header does not know is refused, in one place, before it is met."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from emu.errors import UserError
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.order import begin_of
from emu.trace.record import Access, Cause, Kind, State, Transfer

TIME_MAX = 1 << 62  # cycles
_LOCKS = (int(Kind.LOCK_ACQUIRED), int(Kind.LOCK_CONTENDED), int(Kind.LOCK_RELEASED))
_LENGTHS = (*_LOCKS, int(Kind.LINE_TRANSFER), int(Kind.STALL))  # kinds whose value is a number of cycles

Wrong = Callable[[Records, TraceHeader], NDArray[np.bool_]]
_WRONG: Mapping[str, Wrong] = {
    "core": lambda records, header: records["core"] >= header.cores,
    "cycle": lambda records, header: (begin_of(records) < 0) | (records["cycle"] >= TIME_MAX),
    "state": lambda records, header: records["state"] >= len(State),
    "cause": lambda records, header: records["cause"] >= len(Cause),
    "access": lambda records, header: records["access"] >= len(Access),
    "kind": lambda records, header: records["kind"] >= len(Kind),
    "lock": lambda records, header: (
        np.isin(records["kind"], _LOCKS) & ((records["detail"] < 0) | (records["detail"] >= len(header.locks)))
    ),
    "transfer": lambda records, header: (
        (records["kind"] == int(Kind.LINE_TRANSFER)) & ((records["detail"] < 0) | (records["detail"] >= len(Transfer)))
    ),
    "length of time": lambda records, header: np.isin(records["kind"], _LENGTHS) & (records["value"] >= np.uint64(TIME_MAX)),
}


def checked_chunks(trace: TraceFile) -> Iterator[Records]:
    """The chunks of a trace; a record that cannot be is a `UserError`."""
    first = 0
    for chunk in trace.chunks():
        for what, wrong in _WRONG.items():
            places = np.flatnonzero(wrong(chunk, trace.header))
            if len(places):
                raise UserError(f"trace {trace.path} is damaged: record {first + int(places[0])} has a {what} that cannot be")
        first += len(chunk)
        yield chunk
