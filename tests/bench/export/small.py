"""A trace of a few records: two cores take one lock, of which one has to wait for the other, and share a line."""

from pathlib import Path

import numpy as np

from bench.report.canned import header
from emu.trace.file import TraceWriter
from emu.trace.record import TRACE_DTYPE, Access, Cause, Kind, Transfer

LOCK = 0x600000
DO_MSGSND = next(each.address for each in header().symbols if each.name == "do_msgsnd")
ROWS = (  # cycle, core, kind, detail, value, access: of the lock's word
    (10, 0, Kind.INSTRUCTION, 0, 1, Access.READ_MODIFY_WRITE),
    (10, 0, Kind.LOCK_ACQUIRED, 0, 0, Access.NONE),
    (14, 1, Kind.LINE_TRANSFER, Transfer.WITHIN_MODULE, 6, Access.NONE),
    (20, 1, Kind.INSTRUCTION, 0, 1, Access.READ_MODIFY_WRITE),
    (20, 1, Kind.LOCK_CONTENDED, 0, 0, Access.NONE),
    (30, 0, Kind.INSTRUCTION, 0, 0, Access.STORE),
    (35, 0, Kind.LOCK_RELEASED, 0, 25, Access.NONE),
    (40, 1, Kind.INSTRUCTION, 0, 1, Access.READ_MODIFY_WRITE),
    (40, 1, Kind.LOCK_ACQUIRED, 0, 20, Access.NONE),
    (60, 1, Kind.INSTRUCTION, 0, 0, Access.STORE),
    (61, 1, Kind.LOCK_RELEASED, 0, 21, Access.NONE),
)


def contended_trace(path: Path) -> Path:
    records = np.zeros(len(ROWS), TRACE_DTYPE)
    for record, row in zip(records, ROWS, strict=True):
        for name, value in zip(("cycle", "core", "kind", "detail", "value", "access"), row, strict=True):
            record[name] = value
        record["task"], record["pc"], record["address"], record["size"] = row[1], DO_MSGSND, LOCK, 4
        record["cost"], record["cause"] = 5, int(Cause.SIBLING_LINE)
    with TraceWriter(path, header()) as writer:
        writer.append(records)
        writer.close()
    return path
