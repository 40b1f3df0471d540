"""A machine file of the machine under emu: what was measured, and from a template what cannot be."""

import json
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any

from pydantic import ValidationError

from emu.calibrate import branch_loops, exchanges, memory_loops
from emu.calibrate.benchmark import LINE_BYTES, Measurement, with_terms
from emu.calibrate.host_facts import CacheFacts
from emu.calibrate.native import HostResult
from emu.description import MachineFile
from emu.errors import CheckFailed
from emu.files import Output

NAME = "host"
STEADY = 0.05  # half of the spread, of the value: a figure of high confidence
# The figures of a machine file that benchmarks measure, by table and key; what is to be taken off is named behind.
FIGURES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("latencies", "l1_hit"): (memory_loops.L1_CHASE,),
    ("latencies", "memory"): (memory_loops.chase_name(memory_loops.FOOTPRINTS_KIB[-1]),),
    ("latencies", "store_forward"): (memory_loops.FORWARDED,),
    ("latencies", "store_forward_fail"): (memory_loops.FORWARD_FAILS,),
    ("latencies", "mispredict"): (branch_loops.CONDITIONAL,),
    ("latencies", "return_mispredict"): (branch_loops.RETURN,),
    ("latencies", "sibling_line"): (exchanges.transfer_name("load", "dirty", exchanges.SIBLING),),
    ("latencies", "sibling_locked"): (exchanges.transfer_name("RMW", "dirty", exchanges.SIBLING), exchanges.LOCKED_ADD),
    ("latencies", "remote_line"): (exchanges.transfer_name("load", "dirty", exchanges.ACROSS),),
    ("latencies", "remote_write"): (exchanges.transfer_name("RMW", "dirty", exchanges.ACROSS), exchanges.LOCKED_ADD),
    ("latencies", "upgrade"): (exchanges.transfer_name("store", "shared", exchanges.ACROSS),),
    ("tlb", "l2_hit"): (memory_loops.L1_TLB_MISS,),
    ("tlb", "page_walk"): (memory_loops.BOTH_TLBS_MISS, memory_loops.L1_TLB_MISS),
}
CORES_MAX = 64  # of a machine file
L2_CHASE_KIB = 128  # where the kernel does not say how large the L2 is


def host_machine(result: HostResult, template: MachineFile) -> dict[str, Any]:
    """The file's table, without L3 and near groups; a figure that no machine file can hold is a `CheckFailed`."""
    table: dict[str, Any] = _taken_over(template.model_dump(exclude={"instructions", "near", "l3"}), template.name)
    table["instructions"] = template.instructions.file
    known = result.known()
    table |= {"name": NAME, "summary": f"{result.host.model}, {len(result.host.cpus)} cores, as measured by emu calibrate host"}
    table["clock_hz"] |= {"value": result.clock_hz, "confidence": "medium"}
    table["clock_hz"]["source"] = "measured by emu calibrate host: a chain of additions beside the kernel's clock"
    for (part, key), (name, *less) in {**FIGURES, ("latencies", "l2_hit"): (_l2_chase(result),)}.items():
        if known.keys() >= {name, *less}:
            table[part][key] |= _figure(with_terms(known[name], tuple((each, -1.0) for each in less), known), less)
    for key, level in (("l1d", 1), ("l2", 2)):
        if (cache := result.host.cache(level)) is not None and _fits(cache):
            table[key] |= {"sets": cache.sets, "ways": cache.ways, "source": f"this kernel, of the level {level} data cache"}
    table["topology"] = _topology(result)
    try:
        MachineFile.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CheckFailed(f"what was measured makes no machine file: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return table


def write_machine(file: Output, table: dict[str, Any], template: str) -> None:
    """Write the file."""
    head = (
        "# The machine under emu, by `emu calibrate host`: spreads are the quartiles of the samples.\n"
        f"# Instruction costs are those of {template}: their table is named below. CPUID is {template}'s as well.\n\n"
    )
    file.write(head + "\n".join(_toml(table)) + "\n")


def _taken_over(value: Any, template: str) -> Any:
    """A copy of a template's table in which each source says that it is the template's."""
    if isinstance(value, dict):
        copy = {key: _taken_over(each, template) for key, each in value.items()}
        return copy | {"source": f"taken over from {template}: {value['source']}"} if "source" in value else copy
    return [_taken_over(each, template) for each in value] if isinstance(value, (list, tuple)) else value


def _figure(measured: Measurement, less: Sequence[str]) -> dict[str, Any]:
    spread = f"median of {measured.samples}, spread {measured.low:.1f}-{measured.high:.1f}"
    steady = (measured.high - measured.low) / 2 <= STEADY * max(abs(measured.cycles), 1)
    return {
        "value": max(round(measured.cycles), 0),
        "source": f"measured by emu calibrate host, {spread}: {' less '.join((measured.name, *less))}",
        "confidence": "high" if steady else "medium",
    }


def _l2_chase(result: HostResult) -> str:
    """A chase that the L2 holds and the L1 does not: without a pattern if there is one of that size."""
    level1, level2 = result.host.cache(1), result.host.cache(2)
    if level1 is None or level2 is None:
        return memory_loops.chase_name(L2_CHASE_KIB)
    inside = [kib for kib in memory_loops.FOOTPRINTS_KIB if 2 * level1.bytes <= kib << 10 <= level2.bytes // 2]
    if memory_loops.L2_LINES * LINE_BYTES in (kib << 10 for kib in inside):
        return memory_loops.packed_name(memory_loops.L2_LINES)
    return memory_loops.chase_name(inside[-1] if inside else L2_CHASE_KIB)


def _fits(cache: CacheFacts) -> bool:
    """Whether a machine file can say what this cache is like."""
    return (
        cache.line_bytes == LINE_BYTES and 0 < cache.sets <= 2**16 and cache.sets & (cache.sets - 1) == 0 and 0 < cache.ways <= 128
    )


def _topology(result: HostResult) -> dict[str, Any]:
    level2 = result.host.cache(2)
    cores = len(result.host.cpus)
    together = min(max(len(level2.shared_by & set(result.host.cpus)), 1), CORES_MAX) if level2 is not None else 1
    return {
        "modules": min(max(cores // together, 1), CORES_MAX),
        "cores_per_module": together,
        "source": "this kernel: " + ("cores that share a level 2 cache" if level2 is not None else "its cores; it names no caches"),
    }


def _toml(table: dict[str, Any]) -> list[str]:
    """A machine file's table as lines: plain values first, then a table each; figures of latencies in one line each."""
    lines = [f"{key} = {_value(each)}" for key, each in table.items() if not isinstance(each, (dict, list, NoneType))]
    for key, each in table.items():
        if isinstance(each, dict):
            lines += ["", f"[{key}]", *(f"{name} = {_value(value)}" for name, value in each.items() if value is not None)]
        elif isinstance(each, list):
            for row in each:
                lines += ["", f"[[{key}]]", *(f"{name} = {_word(value)}" for name, value in row.items())]
    return lines


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items() if each is not None) + " }"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _word(value: int) -> str:
    """A register's value, or a number that is none."""
    return f"{value:#010x}" if value >= 0 else str(value)
