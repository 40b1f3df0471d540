"""A routine beside what its instructions cost, as perf annotate shows it; exact, not sampled."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.export.annotation import Annotated, Annotation
from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, page, percent
from emu.trace.header import TraceHeader
from emu.trace.words import cause_words

SCHEMA = "emu-annotate/1"
CAUSES_MAX = 2  # named of an instruction
HOT_PERCENT = 10  # of the routine's cycles: such an instruction stands out


def render_annotation(found: Annotation, header: TraceHeader, *, width: int = WIDTH, colour: bool = False) -> str:
    """The page."""
    return page(_parts(found, header), width=width, colour=colour)


def _parts(found: Annotation, header: TraceHeader) -> Iterator[RenderableType]:
    whole = percent(found.cycles, found.cycles_of_run)
    yield Text(f"{found.routine}: {found.cycles:,} cycles, {whole} of all instructions, without what it calls")
    yield Text(f"emu {header.arguments}", style="dim")
    yield Text()
    yield _table(found)
    yield Text()
    yield Text(
        "cycles: from the retirement of the instruction before; waits: cycles of those in which the longest wait was for that; "
        "transfers: lines from other cores, or taken from them",
        style="dim",
    )


def _table(found: Annotation) -> Grid:
    table = grid("<at", "<instruction", "times", "cycles", "share", "transfers", "+~waits for")
    for row in found.rows:
        hot = 100 * row.cycles >= HOT_PERCENT * found.cycles > 0
        table.add_row(
            f"+{row.offset:#x}", escape(row.text), *_figures(row, found), style="bold" if hot else "" if row.times else "dim"
        )
    return table


def _figures(row: Annotated, found: Annotation) -> Iterator[str]:
    yield f"{row.times:,}" if row.times else ""
    yield f"{row.cycles:,}" if row.times else ""
    yield percent(row.cycles, found.cycles) if row.cycles else ""
    yield f"{row.transfers:,}" if row.transfers else ""
    waits = row.waits.most_common()[:CAUSES_MAX]
    yield escape(", ".join(f"{cause_words(cause) or cause.name.lower()} {cycles:,}" for cause, cycles in waits))


def annotation_json(found: Annotation, header: TraceHeader) -> dict[str, Any]:
    """The same as an object."""
    return {
        "schema": SCHEMA,
        "command": header.arguments,
        "routine": found.routine,
        "cycles": found.cycles,
        "cycles_of_run": found.cycles_of_run,
        "instructions": [
            {
                "offset": row.offset,
                "instruction": row.text,
                "times": row.times,
                "cycles": row.cycles,
                "transfers": row.transfers,
                "transfer_cycles": row.transfer_cycles,
                "waits": {cause.name.lower(): cycles for cause, cycles in row.waits.most_common()},
            }
            for row in found.rows
        ],
    }
