"""What `emu run --json` printed, read back: the same result, without why a run was stuck; and what `emu boot --from` did."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from emu.errors import UserError
from emu.files import LIST_BYTES_MAX, read_bounded
from emu.run.experiment_spec import Stall
from emu.run.result import (
    SCHEMA,
    Coherence,
    LockUse,
    MessageSpin,
    RunResult,
    StallCount,
    StateCycles,
    WakeupLatency,
    Wakeups,
)
from emu.subjects.ipc_msg.workload.plans import SUMMARIES
from emu.subjects.kernel.result import SCHEMA as REGION_SCHEMA
from emu.subjects.kernel.saved_region import SavedRegion, region_of

Part = TypeVar("Part")
WHOLE = (
    "cores", "modules", "threads", "seed", "messages_wanted", "messages", "cycles", "boot_cycles", "instructions", "tick_hz",
    "interprocessor_interrupts", "context_switches",
)  # fmt: skip
NUMBERS = ("seconds", "messages_per_second", "host_seconds")
WORDS = ("variant", "machine", "workload", "placement", "preempt", "trace_digest")
WORDS_OR_NONE = ("queues", "types")


def read_result(path: Path) -> RunResult | SavedRegion:
    """Read one, or say in a `UserError` what is wrong with the file."""
    text = read_bounded(path, LIST_BYTES_MAX, "result")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"result {path}: neither a trace nor JSON: {error}") from None
    schema = str(plain.get("schema", "")) if isinstance(plain, dict) else ""
    if schema not in READERS:
        wanted = " or ".join(f"`{command} --json` prints ({each})" for each, (command, _) in READERS.items())
        raise UserError(f"result {path}: wanted what {wanted}, got {schema or 'JSON without a schema'}")
    command, read = READERS[schema]
    try:
        return read(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"result {path}: not what `{command} --json` prints: {what}") from None


def result_of(plain: Mapping[str, Any]) -> RunResult:
    """The result whose `to_dict` this is; anything else is a KeyError, TypeError or ValueError."""
    known: dict[str, Any] = {name: _is(name, plain[name], int) for name in WHOLE}
    known |= {name: _is(name, plain[name], int | float) for name in NUMBERS}
    known |= {name: _is(name, plain[name], str) for name in WORDS}
    known |= {name: _is(name, plain[name], str | None) for name in WORDS_OR_NONE}
    if known["workload"] not in SUMMARIES:
        raise ValueError(f"workload must be one of {', '.join(SUMMARIES)}, not {known['workload']!r}")
    latency = plain["wakeup_latency"]
    return RunResult(
        **known,
        partial=_is("partial", plain["partial"], bool),
        cycles_by_core_and_state=tuple(_part(StateCycles, each) for each in plain["cycles_by_core_and_state"]),
        cycles_by_cause=_numbers("cycles_by_cause", plain["cycles_by_cause"]),
        message_spin=_part(MessageSpin, plain["message_spin"]),
        locks={name: _part(LockUse, use) for name, use in plain["locks"].items()},
        wakeups=_part(Wakeups, plain["wakeups"]),
        wakeup_latency=None if latency is None else _part(WakeupLatency, latency),
        coherence=_part(Coherence, plain["coherence"]),
        outcomes=_numbers("outcomes", plain["outcomes"]),
        overrides={name: _is(name, value, int | float) for name, value in plain["overrides"].items()},
        stall_schedule=tuple(Stall(each["point"], each["cycles"], each["every"]) for each in plain["stall_schedule"]),
        stalls={point: _part(StallCount, each) for point, each in plain["stalls"].items()},
    )


def _is(name: str, value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{name} is {value!r}")
    return value


def _part(kind: type[Part], plain: Mapping[str, Any]) -> Part:
    """A part whose fields are all whole numbers."""
    return kind(**{each.name: _is(each.name, plain[each.name], int) for each in fields(kind)})  # type: ignore[arg-type]


def _numbers(name: str, plain: Mapping[str, Any]) -> dict[str, int]:
    return {key: _is(f"{name}.{key}", value, int) for key, value in plain.items()}


READERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], RunResult | SavedRegion]]] = {
    SCHEMA: ("emu run", result_of),
    REGION_SCHEMA: ("emu boot --from", region_of),
}
