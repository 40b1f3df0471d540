"""One routine, instruction by instruction: how often each retired, what that cost and waited for, and the lines that it took."""

from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np

from emu.errors import UserError
from emu.export.records import checked_chunks
from emu.export.walk import Progress
from emu.trace.file import TraceFile
from emu.trace.record import Cause, Kind, Transfer
from emu.trace.words import short_instruction

_INSTRUCTION, _TRANSFER = int(Kind.INSTRUCTION), int(Kind.LINE_TRANSFER)
NEVER_RETIRED = "(did not retire)"  # of an instruction that a real kernel's trace has no text of
CLOSEST = 4  # names that are offered for one that there is not


@dataclass(slots=True)
class Annotated:
    """An instruction of the routine, over all tasks and cores."""

    offset: int
    text: str
    times: int = 0
    cycles: int = 0  # from the retirement of the one before
    waits: Counter[Cause] = field(default_factory=Counter)  # cycles of those by what the longest wait in them was for
    transfers: int = 0  # of lines that it, or an interrupt in front of it, asked for: those from other cores, and upgrades
    transfer_cycles: int = 0


@dataclass(frozen=True, slots=True)
class Annotation:
    """A routine; `cycles` of the run are those of all its instructions."""

    routine: str
    rows: tuple[Annotated, ...]
    cycles_of_run: int

    @property
    def cycles(self) -> int:
        """Of the routine itself, without what it calls."""
        return sum(row.cycles for row in self.rows)


def annotate(trace: TraceFile, routine: str, progress: Progress) -> Annotation:
    """All instructions of a routine, in the order of their addresses; a routine that the trace does not know is a `UserError`."""
    header = trace.header
    symbol = next((each for each in header.symbols if each.name == routine), None)
    if symbol is None:
        close = get_close_matches(routine, [each.name for each in header.symbols], CLOSEST)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise UserError(f"trace {trace.path}: no routine in it is called {routine!r}{hint}")
    begin, end = symbol.address, symbol.address + max(symbol.size, 1)
    rows = {
        address: Annotated(address - begin, short_instruction(text, header).replace(f" {routine}+", " +"))
        for address, text in sorted(header.instructions.items())
        if begin <= address < end
    }
    done = total = 0
    for chunk in checked_chunks(trace):
        total += int(chunk["cost"][chunk["kind"] == _INSTRUCTION].sum(dtype=np.int64))
        _count(chunk[(chunk["pc"] >= np.uint64(begin)) & (chunk["pc"] < np.uint64(end))], rows, begin)
        done += len(chunk)
        progress(done, trace.record_count)
    return Annotation(routine, tuple(sorted(rows.values(), key=lambda row: row.offset)), total)


def _count(records: np.ndarray, rows: dict[int, Annotated], begin: int) -> None:
    instructions = records[records["kind"] == _INSTRUCTION]
    keys = np.stack((instructions["pc"], instructions["cause"].astype(np.uint64)), axis=1)
    distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
    times = np.bincount(inverse.reshape(-1), minlength=len(distinct))
    cycles = np.zeros(len(distinct), np.int64)
    np.add.at(cycles, inverse.reshape(-1), instructions["cost"].astype(np.int64))
    for (pc, cause), count, spent in zip(distinct.tolist(), times.tolist(), cycles.tolist(), strict=True):
        row = rows[pc]
        row.times += count
        row.cycles += spent
        if cause != Cause.NONE:
            row.waits[Cause(cause)] += spent
    moved = records[(records["kind"] == _TRANSFER) & (records["detail"] != int(Transfer.MEMORY_READ))]
    for pc, value in zip(moved["pc"].tolist(), moved["value"].tolist(), strict=True):
        row = rows.setdefault(pc, Annotated(pc - begin, NEVER_RETIRED))
        row.transfers += 1
        row.transfer_cycles += value
