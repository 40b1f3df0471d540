"""Contended lines as `perf c2c report` shows them: the lines that moved most, and who touches which field of each from where."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.export.line_census import LineUse, Move, User
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, page
from emu.trace.header import TraceHeader
from emu.trace.record import Transfer
from emu.trace.words import place_words

SCHEMA = "emu-lines/1"
LINES_MAX = 12  # in the table of lines
DETAILS_MAX = 4  # of which each place is shown
PLACES_MAX = 8  # of a line


@dataclass(slots=True)
class _Place:
    """A field and an instruction, over all cores."""

    offset: int
    pc: int
    cores: set[int] = field(default_factory=set)
    loads: int = 0
    stores: int = 0
    transfers: int = 0
    cycles: int = 0
    locks: Counter[str] = field(default_factory=Counter)  # transfers by what was held


def render_lines(lines: Sequence[LineUse], header: TraceHeader, *, width: int = WIDTH, colour: bool = False) -> str:
    """The page."""
    return page(line_parts(lines, header), width=width, colour=colour)


def line_parts(lines: Sequence[LineUse], header: TraceHeader) -> Iterator[RenderableType]:
    """The page, part by part."""
    total, lost = sum(line.transfers for line in lines), sum(line.lost for line in lines)
    yield Text(f"{count(len(lines), 'line')} moved between cores {total:,} times, {lost:,} cycles until they were there")
    yield Text("a census of all accesses, not samples; what a store waits for its line, its buffer may hide", style="dim")
    yield Text()
    yield _table(lines, header)
    if len(lines) > LINES_MAX:
        left = lines[LINES_MAX:]
        yield Text(f"{count(len(left), 'more line')}: {sum(line.transfers for line in left):,} transfers (--json has all)")
    for line in lines[:DETAILS_MAX]:
        yield Text()
        yield _details(line, header)
        yield from _false_sharing(line, header)


def _table(lines: Sequence[LineUse], header: TraceHeader) -> Grid:
    kinds = ("transfers|within", "transfers|across", "transfers|upgrades")
    table = grid("line", *kinds, "cycles", "false", "<cores|load", "<cores|store", title="Lines that moved most")
    for line in lines[:LINES_MAX]:
        kind = Counter[Transfer]()
        for move, times in line.moves.items():
            kind[move.kind] += times
        table.add_row(
            escape(header.object_at(line.address)),
            *(f"{kind[each]:,}" for each in (Transfer.WITHIN_MODULE, Transfer.ACROSS_MODULES, Transfer.UPGRADE)),
            f"{line.lost:,}",
            f"{line.false:,}",
            _cores(user.core for user in line.loads),
            _cores(user.core for user in line.stores),
        )
    return table


def _details(line: LineUse, header: TraceHeader) -> Grid:
    heads = ("~where", "<cores", "loads", "stores", "transfers", "cycles", "~under")
    table = grid("~field", *heads, title=f"{header.object_at(line.address)}: {line.transfers:,} transfers", keys=2)
    places = _places(line, header)
    for each in places[:PLACES_MAX]:
        table.add_row(
            escape(header.object_at(line.address + each.offset)),
            escape(place_words(each.pc, header)),
            _cores(each.cores),
            f"{each.loads:,}",
            f"{each.stores:,}",
            f"{each.transfers:,}",
            f"{each.cycles:,}",
            escape(each.locks.most_common(1)[0][0]) if each.locks else "",
        )
    if left := places[PLACES_MAX:]:
        row = (f"{count(len(left), 'more place')}", "", _cores(core for each in left for core in each.cores))
        sums = (sum(getattr(each, name) for each in left) for name in ("loads", "stores", "transfers", "cycles"))
        table.add_row(*row, *(f"{each:,}" for each in sums), "")
    return table


def _places(line: LineUse, header: TraceHeader) -> list[_Place]:
    """Those with most transfers first."""
    found: dict[tuple[int, int], _Place] = {}

    def place(user: User) -> _Place:
        each = found.setdefault((user.offset, user.pc), _Place(user.offset, user.pc))
        each.cores.add(user.core)
        return each

    for user, times in line.loads.items():
        place(user).loads += times
    for user, times in line.stores.items():
        place(user).stores += times
    for move, times in line.moves.items():
        each = place(move.user)
        each.transfers += times
        each.cycles += line.cycles[move]
        each.locks[_locks(move, header)] += times
    return sorted(found.values(), key=lambda each: (-each.transfers, -each.loads - each.stores, each.offset, each.pc))


def _false_sharing(line: LineUse, header: TraceHeader) -> Iterator[Text]:
    """In a sentence: which fields have a core each, and share the line all the same."""
    if not line.false:
        return
    cores: dict[str, int] = {}
    for byte, core in line.bytes_of_one_core().items():
        if any(user.offset <= byte < user.offset + user.size for user in line.stores | line.loads):
            cores.setdefault(header.object_at(line.address + byte // 8 * 8), core)
    fields = ", ".join(f"{name} (core {core})" for name, core in list(cores.items())[:PLACES_MAX])
    yield Text(f"false sharing: {line.false:,} of {line.transfers:,} transfers are for what only one core touches: {fields}")


def _locks(move: Move, header: TraceHeader) -> str:
    return " ".join(dict.fromkeys(header.locks[lock].name for lock in move.locks)) or "no lock"


def _cores(cores: Iterable[int]) -> str:
    """In order, runs of them as FIRST-LAST."""
    runs: list[list[int]] = []
    for core in sorted(set(cores)):
        if runs and core == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], core]
        else:
            runs.append([core, core])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs) or "-"


def lines_json(lines: Sequence[LineUse], header: TraceHeader) -> dict[str, Any]:
    """All lines with all that touches them."""
    return {
        "schema": SCHEMA,
        "command": header.arguments,
        "lines": [
            {
                "address": line.address,
                "object": header.object_at(line.address),
                "transfers": line.transfers,
                "cycles": line.lost,
                "false_transfers": line.false,
                "places": [
                    {
                        "offset": each.offset,
                        "object": header.object_at(line.address + each.offset),
                        "place": place_words(each.pc, header),
                        "cores": sorted(each.cores),
                        "loads": each.loads,
                        "stores": each.stores,
                        "transfers": each.transfers,
                        "cycles": each.cycles,
                        "under": dict(each.locks.most_common()),
                    }
                    for each in _places(line, header)
                ],
            }
            for line in lines
        ],
    }
