"""Which records of a trace to show: by core, task, routine, time, event, or the length of one hand-off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emu.errors import UserError
from emu.trace.extent import Extents
from emu.trace.file import Records, TraceFile
from emu.trace.header import IDLE, TraceHeader
from emu.trace.order import cycle_of, in_order
from emu.trace.record import Kind
from emu.whole import whole

Mask = NDArray[np.bool_]

INSTRUCTION, MARK = int(Kind.INSTRUCTION), int(Kind.MARK)
EVENT_GROUPS = {
    "lock": (Kind.LOCK_ACQUIRED, Kind.LOCK_CONTENDED, Kind.LOCK_RELEASED),
    "spin": (Kind.SPIN_BEGIN, Kind.SPIN_END),
    "transfer": (Kind.LINE_TRANSFER,),
    "ipi": (Kind.IPI_SENT,),
    "interrupt": (Kind.INTERRUPT,),
    "halt": (Kind.HALT, Kind.WAKE),
    "stall": (Kind.STALL,),
    "store": (Kind.STORE_DRAINED,),
    "access": (Kind.ACCESS,),
    "mark": (Kind.MARK,),
    "all": tuple(kind for kind in Kind if kind != Kind.INSTRUCTION),
}
FILTERS = {  # by option: which fields of a `Selection` it sets
    "--core": ("cores",),
    "--task": ("tasks",),
    "--symbol": ("symbols",),
    "--cycles": ("cycles",),
    "--event": ("kinds", "marks"),
    "--hand-off": ("cut",),
}
QUIET_EVENTS = (Kind.STORE_DRAINED, Kind.ACCESS)  # one a store, or several an instruction: shown only when asked for


class Cut(Protocol):
    """A part of a trace that a subject has found, such as one hand-off: up to the trace's record `last`."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def last(self) -> int: ...  # noqa: D102

    def mask(self, chunk: Records, first: int) -> Mask:
        """Which records of a chunk, whose first is the trace's record `first`, belong to it."""

    def role(self, task: int) -> str:
        """The part that a task plays in it."""

    def words(self, header: TraceHeader) -> str:
        """What it is, in a sentence."""

    def to_dict(self, header: TraceHeader) -> dict[str, int | str]:
        """The same for `--json`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Records that pass every filter that is set. With `events` set, instructions do not pass."""

    cores: tuple[int, ...] = ()
    tasks: tuple[int, ...] = ()
    symbols: tuple[str, ...] = ()  # routine names, * and ? allowed: their instructions, and the events while they run
    cycles: tuple[int, int] | None = None  # both ends included
    kinds: tuple[int, ...] = ()
    marks: tuple[int, ...] = ()
    cut: Cut | None = None

    @property
    def events_only(self) -> bool:
        """Whether instructions are left out."""
        return bool(self.kinds or self.marks)

    def one_by_one(self) -> Iterator[tuple[str, "Selection"]]:
        """Each filter that is set, by its option, and a selection that has it alone."""
        for option, names in FILTERS.items():
            values = {name: getattr(self, name) for name in names}
            if any(value not in ((), None) for value in values.values()):
                yield option, replace(Selection(), **values)

    def of(self, trace: TraceFile) -> Iterator[Records]:
        """The records that pass, chunk by chunk, in trace order; never an empty chunk."""
        return (chosen for chosen in self._chosen(trace) if len(chosen))

    def in_time_order(self, trace: TraceFile) -> Iterator[Records]:
        """The same by their cycles; what is of one cycle stays in trace order."""
        return in_order(trace, self._chosen(trace), cycle_of)

    def _chosen(self, trace: TraceFile) -> Iterator[Records]:
        """What passes of each chunk, up to the last that can have any."""
        extents = Extents(trace.header, self._symbol_ranges(trace.header)) if self.symbols else None
        first = 0
        for chunk in trace.chunks():
            if self.cut is not None and first > self.cut.last:
                return
            yield chunk[self._mask(chunk, first, extents)]
            first += len(chunk)

    def _mask(self, chunk: Records, first: int, extents: Extents | None) -> Mask:
        mask = self._kind_mask(chunk)
        if self.cut is not None:
            mask &= self.cut.mask(chunk, first)
        if self.cores:
            mask &= np.isin(chunk["core"], self.cores)
        if self.tasks:
            mask &= np.isin(np.maximum(chunk["task"], -1), self.tasks)
        if self.cycles is not None:
            mask &= (chunk["cycle"] >= self.cycles[0]) & (chunk["cycle"] <= self.cycles[1])
        if extents is not None:
            instruction = chunk["kind"] == INSTRUCTION
            mask &= np.where(instruction, extents.code(chunk), extents.holds(chunk, mask & ~instruction))
        return mask

    def _kind_mask(self, chunk: Records) -> Mask:
        kind = chunk["kind"]
        if not self.events_only:
            return ~np.isin(kind, [int(quiet) for quiet in QUIET_EVENTS])
        chosen: Mask = np.isin(kind, self.kinds) | ((kind == MARK) & np.isin(chunk["detail"], self.marks))
        return chosen

    def _symbol_ranges(self, header: TraceHeader) -> list[tuple[int, int]]:
        return [
            (symbol.address, symbol.address + max(symbol.size, 1))
            for symbol in header.symbols
            if any(fnmatchcase(symbol.name, pattern) for pattern in self.symbols)
        ]


def select(
    header: TraceHeader,
    *,
    cores: Sequence[int] = (),
    tasks: Sequence[str] = (),
    symbols: Sequence[str] = (),
    cycles: str | None = None,
    events: Sequence[str] = (),
    cut: Cut | None = None,
) -> Selection:
    """A selection from what a user wrote; raises `UserError` for names that the trace does not know."""
    for core in cores:
        if not 0 <= core < header.cores:
            raise UserError(f"the trace has cores 0 to {header.cores - 1}, not {core}")
    for pattern in symbols:
        if not any(fnmatchcase(symbol.name, pattern) for symbol in header.symbols):
            raise UserError(f"no routine in the trace is called {pattern!r}; `emu trace show FILE --outline` shows the names")
    kinds: list[int] = []
    marks: list[int] = []
    for name in events:
        if name in EVENT_GROUPS:
            kinds += [int(kind) for kind in EVENT_GROUPS[name]]
        elif name in header.marks:
            marks += [number for number, mark in enumerate(header.marks) if mark == name]
        else:
            known = ", ".join([*EVENT_GROUPS, *dict.fromkeys(header.marks)])
            raise UserError(f"event must be one of {known}, not {name!r}")
    return Selection(
        cores=tuple(cores),
        tasks=tuple(_task_number(header, name) for name in tasks),
        symbols=tuple(symbols),
        cycles=None if cycles is None else parse_cycles(cycles),
        kinds=tuple(kinds),
        marks=tuple(marks),
        cut=cut,
    )


def parse_cycles(text: str) -> tuple[int, int]:
    """Read FROM:TO, either end may be left out."""
    start, colon, end = text.partition(":")
    if not colon or not all(part == "" or (part.isascii() and part.isdigit()) for part in (start, end)):
        raise UserError(f"cycles must be FROM:TO in whole cycles, such as 120000:130000 or 120000:, not {text!r}")
    lowest, highest = whole("cycles", start or "0"), whole("cycles", end) if end else 2**62
    if lowest > highest:
        raise UserError(f"cycles must be FROM:TO with FROM not above TO, not {text!r}")
    return lowest, highest


def _task_number(header: TraceHeader, name: str) -> int:
    if name == IDLE:
        return -1
    names = [task.name for task in header.tasks]
    if name in names:
        return names.index(name)
    if name.isascii() and name.isdigit() and whole("task", name) < len(names):
        return int(name)
    known = f"{names[0]} to {names[-1]} or {IDLE}" if names else IDLE
    raise UserError(f"the trace has tasks {known}, not {name!r}")
