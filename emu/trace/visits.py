"""The path through the routines: a visit is a run of instructions of one core and task in one routine."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.errors import UserError
from emu.trace.file import TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Kind
from emu.trace.select import Selection

INSTRUCTIONS_MAX = 20_000_000  # held in memory at once
_COLUMNS = ("cycle", "pc", "cost", "task", "core", "state")


@dataclass(frozen=True, slots=True)
class Visit:
    """Instructions of one routine without a break; `index` is the place of the first among the selected records."""

    index: int
    cycle: int  # when its first instruction retired
    core: int
    task: int
    state: int
    symbol: str
    offset: int  # of its first instruction
    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True)
class Path:
    """All selected instructions, column by column, with the routine of each."""

    index: NDArray[np.int64]
    cycle: NDArray[np.int64]
    cost: NDArray[np.uint32]
    task: NDArray[np.int16]
    core: NDArray[np.uint8]
    state: NDArray[np.uint8]
    symbol: NDArray[np.int32]  # index in `names`
    offset: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        """Number of instructions."""
        return len(self.index)

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Path":
        """Some of its instructions."""
        columns = {name: getattr(self, name)[chosen] for name in self.__slots__ if name != "names"}
        return Path(**columns, names=self.names)

    def visits(self) -> list[Visit]:
        """Its visits, in the order of their first instructions; the path must be of one stream."""
        if not len(self):
            return []
        changed = (np.diff(self.symbol) != 0) | (np.diff(self.task) != 0) | (self.core[1:] != self.core[:-1])
        starts = np.concatenate(([0], np.flatnonzero(changed) + 1))
        counts = np.diff(np.concatenate((starts, [len(self)])))
        cycles = np.add.reduceat(self.cost.astype(np.int64), starts)
        return [
            Visit(
                index=int(self.index[start]),
                cycle=int(self.cycle[start]),
                core=int(self.core[start]),
                task=int(self.task[start]),
                state=int(self.state[start]),
                symbol=self.names[self.symbol[start]],
                offset=int(self.offset[start]),
                instructions=int(count),
                cycles=int(spent),
            )
            for start, count, spent in zip(starts, counts, cycles, strict=True)
        ]


def read_path(trace: TraceFile, selection: Selection) -> Path:
    """The selected instructions of a trace; raises `UserError` when they are too many to hold."""
    parts: dict[str, list[NDArray[np.generic]]] = {name: [] for name in (*_COLUMNS, "index")}
    first = count = 0
    for chunk in selection.of(trace):
        at = np.flatnonzero(chunk["kind"] == int(Kind.INSTRUCTION))
        parts["index"].append(at + first)
        for name in _COLUMNS:
            parts[name].append(chunk[name][at])
        first += len(chunk)
        count += len(at)
        if count > INSTRUCTIONS_MAX:
            raise UserError(
                f"trace {trace.path}: more than {INSTRUCTIONS_MAX} instructions at once; "
                "narrow it with --cycles, --task or --hand-off"
            )
    joined = {name: np.concatenate(chunks) if chunks else np.zeros(0, np.int64) for name, chunks in parts.items()}
    symbol, offset, names = _locate(trace.header, joined.pop("pc").astype(np.uint64))
    return Path(**joined, symbol=symbol, offset=offset, names=names)  # type: ignore[arg-type]


def find_visits(trace: TraceFile, selection: Selection) -> Iterator[Visit]:
    """Every core's visits, core by core."""
    path = read_path(trace, selection)
    for core in np.unique(path.core):
        yield from path.of(path.core == core).visits()


def _locate(header: TraceHeader, pc: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64], tuple[str, ...]]:
    """Routine (index in the names returned) and offset of each address."""
    distinct, inverse = np.unique(pc, return_inverse=True)
    names: dict[str, int] = {}
    symbols = np.zeros(len(distinct), np.int32)
    offsets = np.zeros(len(distinct), np.int64)
    for place, address in enumerate(distinct):
        name, offsets[place] = header.symbol_at(int(address))
        symbols[place] = names.setdefault(name, len(names))
    return symbols[inverse], offsets[inverse], tuple(names)
