"""The lines that moved in a run, by kind: as its own report counts them, which is what all that comes from its trace comes to."""

from collections import Counter
from collections.abc import Mapping

from emu.trace.file import TraceFile
from emu.trace.record import Kind, Transfer

COUNTED = {
    Transfer.WITHIN_MODULE: "transfers_within_module",
    Transfer.ACROSS_MODULES: "transfers_across_modules",
    Transfer.MEMORY_READ: "memory_reads",
    Transfer.UPGRADE: "upgrades",
}


def moved_lines(coherence: Mapping[str, int]) -> dict[int, int]:
    """By `Transfer`, those that there are, of a report's `coherence`."""
    return {int(kind): coherence[name] for kind, name in COUNTED.items() if coherence[name]}


def traced_lines(trace: TraceFile) -> dict[int, int]:
    """The same of a trace."""
    records = trace.records()
    return dict(Counter(records["detail"][records["kind"] == int(Kind.LINE_TRANSFER)].tolist()))
