"""The page: one file that fetches nothing, made of a frame, a style, a script of our own, and what there is to show."""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files

from emu.compare.comparison import Step
from emu.html import story
from emu.html.sides import Side
from emu.html.tables import html_of, words
from emu.html.told import report_of
from emu.report.line_report import line_parts
from emu.report.waterfall import step_name, waterfall_table

NO_BREAK = "\u00a0"
SCRIPTS = ("columns.js", "model.js", "draw.js", "details.js", "main.js")


def page_of(sides: Sequence[Side]) -> str:
    """All of it."""
    names = " and ".join(side.name for side in sides)
    parts = {
        "TITLE": words(names),
        "STYLE": _file("page.css"),
        "HEADLINE": words(names),
        "RUNS": "\n".join(_run(side) for side in sides),
        "SHORT": "\n".join(f"<p>{words(sentence).replace(' %', NO_BREAK + '%')}</p>" for sentence in story.sentences(sides)),
        "CHANGES": "\n".join(_changes(sides)),
        "TABLES": "\n".join(_tables(side) for side in sides),
        "DATA": _json([{"name": side.name, **side.timeline.page_data()} for side in sides if side.timeline is not None]),
        "SCRIPT": "\n".join(_file(name) for name in SCRIPTS),
    }
    return _fill(_file("page.html"), parts)


def _fill(frame: str, parts: dict[str, str]) -> str:
    """Each `<!--NAME-->` of the frame; what is put in is not looked at again."""
    pieces = frame.split("<!--")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, rest = piece.split("-->", 1)
        filled.append(parts[name] + rest)
    return "".join(filled)


def _file(name: str) -> str:
    return (files("emu.html") / "static" / name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """JSON in a script element: nothing in it ends the element, or begins another."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _run(side: Side) -> str:
    lines = [f"<strong>{words(side.name)}</strong>"]
    if side.trace is not None:
        header = side.trace.header
        cores = f"{header.cores} core{'s' if header.cores != 1 else ''}"
        partial = ", partial" if side.trace.partial else ""
        lines.append(f"{words(header.machine)}, {cores}, {side.trace.record_count:,} records{partial}")
        lines.append(f"<code>emu {words(header.arguments)}</code>")
    elif side.told is not None:
        lines.append(words(side.told.about))
    digest = side.result.trace_digest if side.result is not None else side.trace.trace_digest if side.trace is not None else ""
    lines.append(f"<small>digest {words(digest)}</small>")
    return f'<div class="run">{"<br>".join(lines)}</div>'


def _changes(sides: Sequence[Side]) -> Iterator[str]:
    if len(sides) < 2:
        return
    unit = f"cycles {story.one_of(sides)}" if all(side.items for side in sides) else "cycles"
    for account, steps in (("state", story.waterfall(sides)), ("cause", story.causes(sides))):
        if steps:
            yield _waterfall(f"{unit}, all cores, by {account}", (sides[0].name, sides[1].name), steps)
    yield html_of(story.sections_beside(sides))


def _waterfall(title: str, names: tuple[str, str], steps: Sequence[Step]) -> str:
    """The figures of the report's own waterfall, each with a bar from where the level was to where it is."""
    shown = [row.cells for row in waterfall_table(title, names, steps).rows]
    named = {cells[0].plain.strip() for cells in shown[1:-1]}
    level = peak = sum(step.a for step in steps)
    bars = [(0.0, level, "whole")]
    for step in steps:
        after = level + step.difference
        if step_name(step.name) in named:  # what rounds to nothing on both sides has no row
            bars.append((min(level, after), max(level, after), "less" if after < level else "more"))
        level, peak = after, max(peak, after)
    bars.append((0.0, level, "whole"))
    rows = []
    for cells, (low, high, kind) in zip(shown, bars, strict=True):
        name, *figures = (words(cell.plain) for cell in cells[:4])
        left, width = 100 * low / max(peak, 1), max(100 * (high - low) / max(peak, 1), 0.4)
        bar = f'<td class="bar"><span class="{kind}" style="left:{left:.2f}%;width:{width:.2f}%"></span></td>'
        rows.append(f'<tr><th scope="row">{name}</th>{bar}{"".join(f"<td>{each}</td>" for each in figures)}</tr>')
    heads = "".join(f'<th scope="col">{words(each)}</th>' for each in (*names, "change"))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{words(title)}"><table class="waterfall">'
        f'<caption>{words(title)}</caption><thead><tr><th></th><th class="bar"></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _tables(side: Side) -> str:
    """Everything of one side, folded together."""
    parts = []
    if side.counts is not None and side.trace is not None:
        parts.append(html_of(story.counted_tables(side.counts)))
        parts.append(f"<h3>Lines</h3>{html_of(line_parts(side.lines, side.trace.header))}")
    if side.result is not None:
        title, report = report_of(side.result)
        parts.append(f"<h3>{title}</h3>{html_of(report)}")
    return f'<details class="tables"><summary>{words(side.name)}</summary>{"".join(parts)}</details>'
