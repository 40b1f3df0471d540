"""A trace as JSON: what it is of, and a row a record or visit; written row by row, as a trace can be long."""

import json
from collections.abc import Iterator
from typing import Any

from emu.report.trace_text import outline
from emu.trace.file import TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Cause, Kind, State
from emu.trace.select import Selection
from emu.trace.visits import Visit
from emu.trace.words import event_words, instruction_words

SCHEMA = "emu-trace/1"
_LOCK_KINDS = (Kind.LOCK_ACQUIRED, Kind.LOCK_CONTENDED, Kind.LOCK_RELEASED)


def json_lines(trace: TraceFile, selection: Selection, *, outlined: bool) -> Iterator[str]:
    """Lines that are one JSON object: rows as `emu trace show` prints them, in time order."""
    head = json.dumps(_head(trace, selection), indent=2)
    yield head.removesuffix("\n}") + ","
    rows = outline(trace, selection) if outlined else (record for chunk in selection.in_time_order(trace) for record in chunk)
    yield '  "rows": ['
    line = ""
    for row in rows:
        if line:
            yield f"{line},"
        line = f"    {json.dumps(_row(row, trace.header))}"
    if line:
        yield line
    yield "  ]"
    yield "}"


def _head(trace: TraceFile, selection: Selection) -> dict[str, Any]:
    header, cut = trace.header, selection.cut
    return {
        "schema": SCHEMA,
        "path": str(trace.path),
        "command": header.arguments,
        "variant": header.variant,
        "machine": header.machine,
        "cores": header.cores,
        "clock_hz": header.clock_hz,
        "partial": trace.partial,
        "trace_digest": trace.trace_digest,
        "records": trace.record_count,
        "hand_off": None if cut is None else cut.to_dict(header),
    }  # fmt: skip


def _row(row: Any, header: TraceHeader) -> dict[str, Any]:
    if isinstance(row, Visit):
        return {
            **_when("visit", row.cycle, row.core, row.task, header),
            "state": State(row.state).name.lower(),
            "routine": row.symbol,
            "offset": row.offset,
            "instructions": row.instructions,
            "cycles": row.cycles,
        }
    kind = Kind(int(row["kind"]))
    when = _when(kind.name.lower(), int(row["cycle"]), int(row["core"]), int(row["task"]), header)
    if kind == Kind.INSTRUCTION:
        return when | _instruction(row, header)
    detail = {"words": event_words(row, header), "value": int(row["value"])}
    if kind in _LOCK_KINDS:
        detail["lock"] = header.lock_name(int(row["detail"]))
    elif kind == Kind.MARK:
        detail["mark"] = header.mark_name(int(row["detail"]))
    return when | detail


def _when(kind: str, cycle: int, core: int, task: int, header: TraceHeader) -> dict[str, Any]:
    return {"kind": kind, "cycle": cycle, "core": core, "task": header.task_name(task)}


def _instruction(row: Any, header: TraceHeader) -> dict[str, Any]:
    routine, offset = header.symbol_at(int(row["pc"]))
    access = Access(int(row["access"]))
    touches = access != Access.NONE
    return {
        "state": State(int(row["state"])).name.lower(),
        "routine": routine,
        "offset": offset,
        "cost": int(row["cost"]),
        "instruction": instruction_words(row, header)[0],
        "access": access.name.lower() if touches else None,
        "object": header.object_at(int(row["address"])) if touches else None,
        "value": int(row["value"]) if touches else None,
        "cause": Cause(int(row["cause"])).name.lower(),
    }
