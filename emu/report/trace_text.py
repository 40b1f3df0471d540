"""A trace as text that fits a mail: a line a record (two for a long operand), or a line a visit to a routine."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import numpy as np

from emu.trace.file import TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Kind
from emu.trace.select import Selection
from emu.trace.visits import Visit, find_visits
from emu.trace.words import STATE_LEGEND, event_words, instruction_words, shorten, state_letter

WIDTH = 100
WIDTH_MIN, WIDTH_MAX = 60, 1000
CYCLE_WIDTH = 9
WHERE_WIDTH, WHERE_WIDTH_NARROW = 24, 14
NARROW = 80  # columns below which a page is one
TEXT_WIDTH = 20
INSTRUCTION = int(Kind.INSTRUCTION)
# Too many for an outline: shown when asked for.
OUTLINE_QUIET = (int(Kind.LINE_TRANSFER), int(Kind.STORE_DRAINED), int(Kind.ACCESS))


def trace_lines(trace: TraceFile, selection: Selection, *, width: int = WIDTH) -> Iterator[str]:
    """A line a record: cycle, core, task, state, routine, cost, instruction; events are marked `--`."""
    layout = _Layout(trace.header, width)
    yield from preface(trace, selection, width, operands=not selection.events_only)
    yield from layout.title("-- event" if selection.events_only else layout.heading)
    empty = True
    for chunk in selection.in_time_order(trace):
        empty = False
        for record in chunk:
            yield from layout.record(record)
    if empty:
        yield from _comment(nothing_passes(trace, selection), width)


def outline_lines(trace: TraceFile, selection: Selection, *, width: int = WIDTH) -> Iterator[str]:
    """One line a visit to a routine, with its instructions and cycles; events between them."""
    layout = _Layout(trace.header, width)
    yield from preface(trace, selection, width, operands=False)
    yield from layout.title("instr  cycles  routine, or -- event")
    empty = True
    for row in outline(trace, selection):
        empty = False
        yield from layout.visit(row) if isinstance(row, Visit) else layout.event(row)
    if empty:
        yield from _comment(nothing_passes(trace, selection), width)


def outline(trace: TraceFile, selection: Selection) -> list[Any]:
    """Visits to routines, and the records of the events between them, in time order."""
    rows = [(visit.cycle, visit.index, visit) for visit in find_visits(trace, selection)]
    first = 0
    for chunk in selection.of(trace):
        kind = chunk["kind"]
        for place in np.flatnonzero((kind != INSTRUCTION) & ~np.isin(kind, OUTLINE_QUIET)):
            rows.append((int(chunk["cycle"][place]), first + int(place), chunk[place]))
        first += len(chunk)
    return [row for _, _, row in sorted(rows, key=lambda each: each[:2])]


def preface(trace: TraceFile, selection: Selection, width: int, *, operands: bool) -> Iterator[str]:
    """What the trace is of, as comment lines."""
    header = trace.header
    state = ", partial: the run was stopped" if trace.partial else ""
    sentences = [
        f"emu {header.arguments}",
        f"{header.variant} on {header.machine}, {header.cores} cores; {trace.record_count} records{state}",
    ]
    if selection.cut is not None:
        sentences.append(selection.cut.words(header))
    sentences.append("in time order: an instruction is at the cycle when it retires, an event when it happens")
    if not selection.events_only:
        sentences.append(f"states: {STATE_LEGEND}")
    if operands:
        sentences.append("memory: OBJECT=loaded, OBJECT:=stored, OBJECT<>read and changed; then why it took longer")
    for sentence in sentences:
        yield from _comment(sentence, width)


def nothing_passes(trace: TraceFile, selection: Selection) -> str:
    """Why there is no line: how many records each filter alone lets through."""
    if not trace.record_count:
        return "nothing: the trace has no records"
    alone = [f"{option} alone lets {sum(map(len, each.of(trace)))} pass" for option, each in selection.one_by_one()]
    return f"nothing: of {trace.record_count} records none passes; {', '.join(alone)}"


def _comment(sentence: str, width: int) -> list[str]:
    return wrap(sentence, width, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


class _Layout:
    """Columns of a line: the same for records, visits and events. What does not fit goes on in the next line."""

    def __init__(self, header: TraceHeader, width: int) -> None:
        self._header = header
        self._width = width
        self._task_width = max(4, *(len(task.name) for task in header.tasks), 0)
        self._text_at = CYCLE_WIDTH + 3 + 1 + self._task_width + 3
        self._where_width = WHERE_WIDTH if width >= NARROW else WHERE_WIDTH_NARROW
        self._where: dict[int, str] = {}

    @property
    def heading(self) -> str:
        return f"{'routine':<{self._where_width}} {'cost':>5} instruction ; memory (= := <>); cause"

    def title(self, rest: str) -> Iterator[str]:
        columns = f"#{'cycle':>{CYCLE_WIDTH - 1}} {'co':>2} {'task':<{self._task_width}} s"
        return (f"#{line[1:]}" for line in self._lines(columns, rest, self._text_at))

    def record(self, record: Any) -> Iterator[str]:
        """An instruction, or an event."""
        if int(record["kind"]) != INSTRUCTION:
            return self.event(record)
        text, notes = instruction_words(record, self._header)
        start = f"{self._place(int(record['pc']))} {int(record['cost']):>5} "
        room = self._width - self._text_at - len(start)
        line = f"{text:<{TEXT_WIDTH}} ; {notes}" if notes else text
        if len(line) > room and notes:
            line = f"{text} ; {notes}"
        columns = self._columns(int(record["cycle"]), int(record["core"]), int(record["task"]), int(record["state"]))
        return self._lines(columns, start + line, self._text_at + len(start))

    def event(self, record: Any) -> Iterator[str]:
        columns = self._columns(int(record["cycle"]), int(record["core"]), int(record["task"]))
        return self._lines(columns, f"-- {event_words(record, self._header)}", self._text_at + 3)

    def visit(self, visit: Visit) -> Iterator[str]:
        name = visit.symbol if visit.offset == 0 else f"{visit.symbol}+{visit.offset:#x}"
        text = f"{visit.instructions:>5} {visit.cycles:>7}  {name}"
        return self._lines(self._columns(visit.cycle, visit.core, visit.task, visit.state), text, self._text_at + 15)

    def _columns(self, cycle: int, core: int, task: int, state: int | None = None) -> str:
        letter = " " if state is None else state_letter(state)
        return f"{cycle:>{CYCLE_WIDTH}} {core:>2} {self._header.task_name(task):<{self._task_width}} {letter}"

    def _lines(self, columns: str, text: str, indent: int) -> Iterator[str]:
        """One line; or the note on memory below it, as far right as it fits; what is longer than a line is wrapped."""
        if len(columns) + 1 + len(text) <= self._width:
            yield f"{columns} {text}".rstrip()
            return
        text, _, notes = text.partition(" ; ")
        yield from self._wrapped(text.rstrip(), f"{columns} ", indent)
        if notes:
            yield from self._wrapped(f"; {notes}", " " * indent, indent)

    def _wrapped(self, text: str, before: str, indent: int) -> list[str]:
        """A text behind what stands before it, or before as many blanks as leave room for it."""
        room = self._width - len(text)
        if before.isspace() and 0 < room < indent:
            before = " " * room
        return wrap(
            text, self._width, initial_indent=before, subsequent_indent=" " * min(indent, self._width // 2), break_on_hyphens=False
        )

    def _place(self, pc: int) -> str:
        where = self._where.get(pc)
        if where is None:
            symbol, offset = self._header.symbol_at(pc)
            short = shorten(symbol, self._where_width - len(f"+{offset:#x}"))
            where = self._where[pc] = f"{short}+{offset:#x}".ljust(self._where_width)
        return where
