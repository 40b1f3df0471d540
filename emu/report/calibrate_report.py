"""Microbenchmarks as text: one table a kind, what is out of bar, and the latency between each two cores as a map."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.calibrate.benchmark import HeatMap, Measurement
from emu.calibrate.instruction_loops import GROUP as INSTRUCTIONS
from emu.calibrate.instruction_loops import LATENCY, THROUGHPUT
from emu.calibrate.suite import Calibration, Row
from emu.report.grid import Grid, grid
from emu.report.page import page

_WORDS = {True: "in", False: "OUT", None: ""}


def render_calibration(result: Calibration, *, width: int, colour: bool) -> str:
    """The whole report."""
    parts: list[RenderableType] = []
    if result.partial:
        parts.append(Text.from_markup("[bold red]PARTIAL[/]  stopped early: the figures that were done"))
    parts += [
        Text(f"{result.machine} at {result.clock_hz / 1e9:.2f} GHz: core cycles, each beside its {result.expected_is} figure"),
        "",
    ]
    for group in dict.fromkeys(row.measured.group for row in result.rows):
        rows = [row for row in result.rows if row.measured.group == group]
        parts.append(_instructions(group, rows) if group == INSTRUCTIONS else _group(group, rows))
    if result.heat_map:
        parts += list(_heat_map(result))
    for form, why in result.unmeasured.items():
        parts.append(Text(f"no loop of its own: {form}: {why}"))
    if result.judged:
        parts += ["", Text(f"{result.judged - len(result.out)} of {result.judged} figures in bar")]
        parts += [Text(f"out of bar: {describe(row)}") for row in result.out]
    return page(parts, width=width, colour=colour)


def render_host(measured: Sequence[Measurement], heat_map: HeatMap, facts: Mapping[str, str], *, width: int, colour: bool) -> str:
    """Figures of the machine under us, each with its spread."""
    parts: list[RenderableType] = [Text(f"{name}: {value}") for name, value in facts.items()]
    parts.append("")
    for group in dict.fromkeys(each.group for each in measured):
        table = grid(group, "cycles", "spread", "samples")
        for each in measured:
            if each.group == group:
                spread = f"{figure(each.low)} - {figure(each.high)}"
                table.add_row(escape(each.name), figure(each.cycles), spread, str(each.samples))
        parts.append(table)
    if heat_map:
        parts.append(_matrix(heat_map, 1.0, "compare-and-swap between cores, one way, cycles"))
    return page(parts, width=width, colour=colour)


def describe(row: Row) -> str:
    """A row that is out of bar in a few words."""
    if row.expected is None:
        return row.measured.name
    low, high = row.expected.bar
    return f"{row.measured.name}: {figure(row.measured.cycles)} cycles, wanted {figure(low)} to {figure(high)}"


def figure(value: float) -> str:
    """Cycles in the digits that count."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _error(row: Row) -> str:
    return "" if row.error_percent is None else f"{row.error_percent:+.1f}%"


def _group(group: str, rows: Sequence[Row]) -> Grid:
    table = grid(group, "measured", "expected", "error", "range", "<confidence", "<bar")
    for row in rows:
        expected = row.expected
        stated = "" if expected is None or expected.low is None else f"{figure(expected.low)} - {figure(expected.high or 0)}"
        table.add_row(
            escape(row.measured.name),
            figure(row.measured.cycles),
            "" if expected is None else figure(expected.value),
            _error(row),
            stated,
            "" if expected is None else expected.confidence,
            _WORDS[row.in_bar],
        )
    return table


def _instructions(group: str, rows: Sequence[Row]) -> Grid:
    """Latency and throughput of a form on one line."""
    table = grid(
        group, "latency|here", "latency|exp.", "latency|error", "1/tput|here", "1/tput|exp.", "1/tput|error", "<conf.", "<bar"
    )
    forms: dict[str, dict[str, Row]] = {}
    for row in rows:
        form, _, what = row.measured.name.rpartition(": ")
        forms.setdefault(form, {})[what] = row
    for form, found in forms.items():
        cells: list[str] = []
        for what in (LATENCY, THROUGHPUT):
            row_or_none = found.get(what)
            if row_or_none is None:
                cells += ["", "", ""]
                continue
            expected = row_or_none.expected
            cells += [
                figure(row_or_none.measured.cycles),
                "" if expected is None else figure(expected.value),
                _error(row_or_none),
            ]
        confidence = next((row.expected.confidence for row in found.values() if row.expected is not None), "")
        verdicts = {row.in_bar for row in found.values()}
        verdict = False if False in verdicts else True if True in verdicts else None
        table.add_row(escape(form), *cells, confidence, _WORDS[verdict])
    return table


def _heat_map(result: Calibration) -> Iterator[RenderableType]:
    yield _matrix(result.heat_map, 1.0, "compare-and-swap between cores, one way, cycles")
    yield _matrix(result.heat_map, 1e9 / result.clock_hz, "the same in ns")


def _matrix(heat_map: HeatMap, scale: float, title: str) -> Grid:
    cores = sorted({core for pair in heat_map for core in pair})
    table = grid(title, *(f"core {core}" for core in cores))
    for first in cores:
        cells = ["-" if first == second else figure(heat_map[min(first, second), max(first, second)] * scale) for second in cores]
        table.add_row(f"core {first}", *cells)
    return table
