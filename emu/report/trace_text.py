"""A trace as text that fits a mail: a line a record (two for a long operand), or a line a visit to a routine."""

from collections.abc import Iterator
from typing import Any

from emu.observe.trace_file import TraceFile
from emu.observe.trace_header import TraceHeader
from emu.observe.trace_select import Selection
from emu.observe.visits import Visit, find_visits
from emu.report.trace_words import STATE_LEGEND, event_words, instruction_words, state_letter
from emu.trace_record import Kind

WIDTH = 100
CYCLE_WIDTH = 9
WHERE_WIDTH = 24
TEXT_WIDTH = 20
INSTRUCTION = int(Kind.INSTRUCTION)
# Too many for an outline: shown when asked for.
OUTLINE_QUIET = (int(Kind.LINE_TRANSFER), int(Kind.STORE_DRAINED), int(Kind.ACCESS))


def trace_lines(trace: TraceFile, selection: Selection, *, width: int = WIDTH) -> Iterator[str]:
    """A line a record: cycle, core, task, state, routine, cost, instruction; events are marked `--`."""
    layout = _Layout(trace.header, width)
    yield from preface(trace, selection, operands=not selection.events_only)
    yield layout.title(f"{'routine':<{WHERE_WIDTH}} {'cost':>5} instruction ; memory (= := <>); cause")
    for chunk in selection.of(trace):
        for record in chunk:
            yield from layout.record(record)


def outline_lines(trace: TraceFile, selection: Selection, *, width: int = WIDTH) -> Iterator[str]:
    """One line a visit to a routine, with its instructions and cycles; events between them."""
    layout = _Layout(trace.header, width)
    yield from preface(trace, selection, operands=False)
    yield layout.title("instr  cycles  routine, or -- event")
    rows: list[tuple[int, str]] = []
    first = 0
    for visit in find_visits(trace, selection):
        rows.append((visit.index, layout.visit(visit)))
    for chunk in selection.of(trace):
        for offset, record in enumerate(chunk):
            kind = int(record["kind"])
            if kind != INSTRUCTION and (selection.events_only or kind not in OUTLINE_QUIET):
                rows.append((first + offset, layout.event(record)))
        first += len(chunk)
    for _, line in sorted(rows, key=lambda row: row[0]):
        yield line


def preface(trace: TraceFile, selection: Selection, *, operands: bool) -> Iterator[str]:
    """What the trace is of, as comment lines."""
    header = trace.header
    yield f"# emu {header.arguments}"
    state = ", partial: the run was stopped" if trace.partial else ""
    yield f"# {header.variant} on {header.machine}, {header.cores} cores; {trace.record_count} records{state}"
    if selection.hand_off is not None:
        cut = selection.hand_off
        sender, receiver = header.task_name(cut.sender), header.task_name(cut.receiver)
        yield f"# hand-off {cut.number}: {sender} sends, {receiver} receives"
    yield f"# states: {STATE_LEGEND}"
    if operands:
        yield "# memory: OBJECT=loaded, OBJECT:=stored, OBJECT<>read and changed; then why it took longer"


class _Layout:
    """Columns of a line: the same for records, visits and events."""

    def __init__(self, header: TraceHeader, width: int) -> None:
        self._header = header
        self._width = width
        self._task_width = max(4, *(len(task.name) for task in header.tasks), 0)
        self._text_at = CYCLE_WIDTH + 3 + 1 + self._task_width + 3
        self._where: dict[int, str] = {}

    def title(self, rest: str) -> str:
        return self._cut(f"#{'cycle':>{CYCLE_WIDTH - 1}} {'co':>2} {'task':<{self._task_width}} s {rest}")

    def record(self, record: Any) -> Iterator[str]:
        """One line, or two when the operand does not fit beside the instruction."""
        if int(record["kind"]) != INSTRUCTION:
            yield self.event(record)
            return
        text, notes = instruction_words(record, self._header)
        start = f"{self._place(int(record['pc']))} {int(record['cost']):>5} "
        room = self._width - self._text_at - len(start)
        state = state_letter(int(record["state"]))
        for line in (text if not notes else f"{text:<{TEXT_WIDTH}} ; {notes}", f"{text} ; {notes}"):
            if len(line) <= room:
                yield self._line(record, state, start + line)
                return
        yield self._line(record, state, start + text)
        yield self._cut(" " * (self._text_at + len(start)) + f"; {notes}")

    def event(self, record: Any) -> str:
        return self._line(record, " ", f"-- {event_words(record, self._header)}")

    def visit(self, visit: Visit) -> str:
        name = visit.symbol if visit.offset == 0 else f"{visit.symbol}+{visit.offset:#x}"
        text = f"{visit.instructions:>5} {visit.cycles:>7}  {name}"
        return self._columns(visit.cycle, visit.core, visit.task, state_letter(visit.state), text)

    def _line(self, record: Any, state: str, text: str) -> str:
        return self._columns(int(record["cycle"]), int(record["core"]), int(record["task"]), state, text)

    def _columns(self, cycle: int, core: int, task: int, state: str, text: str) -> str:
        name = self._header.task_name(task)
        return self._cut(f"{cycle:>{CYCLE_WIDTH}} {core:>2} {name:<{self._task_width}} {state} {text}")

    def _place(self, pc: int) -> str:
        where = self._where.get(pc)
        if where is None:
            symbol, offset = self._header.symbol_at(pc)
            where = self._where[pc] = f"{_shorten(symbol, WHERE_WIDTH - len(f'+{offset:#x}'))}+{offset:#x}".ljust(WHERE_WIDTH)
        return where

    def _cut(self, line: str) -> str:
        line = line.rstrip()
        return line if len(line) <= self._width else line[: self._width - 1] + "~"


def _shorten(name: str, width: int) -> str:
    """Leave out the middle of a name that is too long: both its ends tell it from its neighbours."""
    if len(name) <= width:
        return name
    half = (width - 2) // 2
    return f"{name[: width - 2 - half]}..{name[-half:]}"
