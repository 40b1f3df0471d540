"""Where two traces part: aligned by the routines that each task goes through, not by addresses or times.

Two variants of a routine have other bytes at other addresses, so only names and offsets are compared. A full alignment
of long traces would take time and pages; what is shown is the first place where the paths part, the routines around it
side by side, and the sums over everything.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from emu.observe.trace_file import TraceFile
from emu.observe.trace_header import TraceHeader
from emu.observe.trace_select import Selection
from emu.observe.visits import Path, Visit, read_path
from emu.report.page import count

WIDTH = 100
WINDOW_VISITS = 400  # aligned on either side from the parting on
CONTEXT_VISITS = 3
LINES_PER_STREAM = 40
SYMBOLS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class TraceDiff:
    """The comparison as text, and whether the paths or the times differ at all."""

    lines: tuple[str, ...]
    same_path: bool
    same_times: bool


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two traces, read."""

    header: TraceHeader
    path: Path
    streams: dict[str, Path]


def diff_traces(
    trace_a: TraceFile,
    trace_b: TraceFile,
    selection_a: Selection,
    selection_b: Selection,
    *,
    by: str = "task",
    lines_max: int = LINES_PER_STREAM,
) -> TraceDiff:
    """Compare what the selections leave, task by task (`by`="core": core by core), hand-offs role by role."""
    a, b = _side(trace_a, selection_a, by), _side(trace_b, selection_b, by)
    lines = [f"A  {_title(trace_a, selection_a, a)}", f"B  {_title(trace_b, selection_b, b)}", ""]
    same_path = same_times = True
    for name in dict.fromkeys([*a.streams, *b.streams]):
        if name not in a.streams or name not in b.streams:
            lines.append(f"{name}: only in {'A' if name in a.streams else 'B'}")
            same_path = same_times = False
            continue
        text, path_equal, times_equal = _compare_stream(name, a.streams[name], b.streams[name], lines_max)
        same_path, same_times = same_path and path_equal, same_times and times_equal
        lines += text
    lines += ["", *_totals(a.path, b.path)]
    return TraceDiff(tuple(lines), same_path, same_times)


def _title(trace: TraceFile, selection: Selection, side: _Side) -> str:
    cut = f", hand-off {selection.hand_off.number}" if selection.hand_off else ""
    partial = ", partial" if trace.partial else ""
    length = count(len(side.path), "instruction")
    return f"{trace.path}: {side.header.variant} on {side.header.machine}{cut}{partial}; {length}"


def _side(trace: TraceFile, selection: Selection, by: str) -> _Side:
    path = read_path(trace, selection)
    streams: dict[str, Path] = {}
    if by == "core":
        for core in np.unique(path.core):
            streams[f"core {core}"] = path.of(path.core == core)
    else:
        for task in np.unique(path.task):
            own = path.of(path.task == task)
            if task >= 0:
                streams[selection.hand_off.role(int(task)) if selection.hand_off else trace.header.task_name(int(task))] = own
                continue
            for core in np.unique(own.core):
                streams[f"idle of core {core}" if selection.hand_off is None else "idle"] = own.of(own.core == core)
    return _Side(trace.header, path, streams)


def _compare_stream(name: str, a: Path, b: Path, lines_max: int) -> tuple[list[str], bool, bool]:
    parting = _common_prefix(a, b)
    if parting == len(a) == len(b):
        later = np.flatnonzero(np.diff(a.cycle) != np.diff(b.cycle))
        if len(later) == 0:
            return [f"{name}: the same, {count(len(a), 'instruction')}"], True, True
        at = int(later[0]) + 1
        costs = f"A {a.cost[at]}, B {b.cost[at]} cycles"
        same = f"{name}: the same {count(len(a), 'instruction')}"
        return [f"{same}; times part at {_where(a, at)}, {costs}"], True, False
    lines = [f"{name}: the same for {count(parting, 'instruction')}, then they part"]
    lines += [f"   A  {_step(a, parting)}", f"   B  {_step(b, parting)}"]
    rows = list(_aligned(a, b, parting))
    lines += rows[:lines_max]
    if len(rows) > lines_max:
        lines.append(f"   ... {len(rows) - lines_max} more lines (--lines)")
    return lines, False, False


def _common_prefix(a: Path, b: Path) -> int:
    """How many instructions are the same from the start, by routine and offset."""
    length = min(len(a), len(b))
    names = {name: number for number, name in enumerate(a.names)}
    translate = np.array([names.get(name, -1) for name in b.names], np.int32) if b.names else np.zeros(0, np.int32)
    differs = (a.symbol[:length] != translate[b.symbol[:length]]) | (a.offset[:length] != b.offset[:length])
    places = np.flatnonzero(differs)
    return int(places[0]) if len(places) else length


def _where(path: Path, at: int) -> str:
    if at >= len(path):
        return "the end"
    return f"{path.names[path.symbol[at]]}+{int(path.offset[at]):#x}"


def _step(path: Path, at: int) -> str:
    before = f"{_where(path, at - 1)} -> " if at else ""
    when = f"   (cycle {path.cycle[at]}, core {path.core[at]})" if at < len(path) else ""
    return f"{before}{_where(path, at)}{when}"


def _aligned(a: Path, b: Path, parting: int) -> Iterator[str]:
    """The routines from shortly before the parting on, side by side."""
    window_a, window_b = _window(a, parting), _window(b, parting)
    half = (WIDTH - 8) // 2
    yield f"     {'A: instructions, cycles, routine':<{half}} {'B':<{half}}".rstrip()
    matcher = SequenceMatcher(None, [v.symbol for v in window_a], [v.symbol for v in window_b], autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT_VISITS) if not _all_equal(matcher) else [matcher.get_opcodes()]:
        yield "   ..."
        for tag, first_a, last_a, first_b, last_b in group:
            left, right = window_a[first_a:last_a], window_b[first_b:last_b]
            for row in range(max(len(left), len(right))):
                one = left[row] if row < len(left) else None
                other = right[row] if row < len(right) else None
                yield f"   {_marker(tag, one, other)} {_visit(one, half):<{half}} {_visit(other, half)}".rstrip()


def _all_equal(matcher: SequenceMatcher[str]) -> bool:
    return all(tag == "equal" for tag, *_ in matcher.get_opcodes())


def _window(path: Path, parting: int) -> list[Visit]:
    """Visits around an instruction: `CONTEXT_VISITS` before it, `WINDOW_VISITS` from it on."""
    before = path.of(slice(max(0, parting - 4096), parting)).visits()[-CONTEXT_VISITS - 1 :]
    start = parting - sum(visit.instructions for visit in before)
    part = path.of(slice(start, None))
    changed = np.flatnonzero(np.diff(part.symbol)) + 1
    limit = WINDOW_VISITS + CONTEXT_VISITS
    end = int(changed[limit - 1]) if len(changed) >= limit else len(part)
    return part.of(slice(0, end)).visits()


def _marker(tag: str, one: Visit | None, other: Visit | None) -> str:
    if tag == "equal" and one and other:
        return " " if one.instructions == other.instructions and one.offset == other.offset else "~"
    return {"delete": "<", "insert": ">"}.get(tag, "|" if one and other else "<" if one else ">")


def _visit(visit: Visit | None, width: int) -> str:
    if visit is None:
        return ""
    where = visit.symbol if visit.offset == 0 else f"{visit.symbol}+{visit.offset:#x}"
    return f"{visit.instructions:>5} {visit.cycles:>7}  {where}"[:width]


def _totals(a: Path, b: Path) -> Iterator[str]:
    """Instructions and cycles of each routine on either side, largest difference first."""
    count_a, count_b = _by_symbol(a), _by_symbol(b)
    names = sorted({*count_a[0], *count_b[0]}, key=lambda name: (-abs(count_a[0][name] - count_b[0][name]), name))
    yield f"{'routine':<33} {'instructions A':>14} {'B':>9} {'B - A':>9} {'cycles A':>11} {'B':>9} {'B - A':>9}"
    for name in names[:SYMBOLS_SHOWN]:
        yield _total(name, count_a[0][name], count_b[0][name], count_a[1][name], count_b[1][name])
    if len(names) > SYMBOLS_SHOWN:
        rest = names[SYMBOLS_SHOWN:]
        yield _total(f"{len(rest)} others", *(sum(c[n] for n in rest) for c in (count_a[0], count_b[0], count_a[1], count_b[1])))
    yield _total("all", *(sum(c.values()) for c in (count_a[0], count_b[0], count_a[1], count_b[1])))


def _total(name: str, a: int, b: int, cycles_a: int, cycles_b: int) -> str:
    return f"{name[:33]:<33} {a:>14} {b:>9} {b - a:>+9} {cycles_a:>11} {cycles_b:>9} {cycles_b - cycles_a:>+9}"


def _by_symbol(path: Path) -> tuple[Counter[str], Counter[str]]:
    instructions = np.bincount(path.symbol, minlength=len(path.names))
    cycles = np.bincount(path.symbol, weights=path.cost, minlength=len(path.names))
    return (
        Counter({name: int(count) for name, count in zip(path.names, instructions, strict=True) if count}),
        Counter({name: int(count) for name, count in zip(path.names, cycles, strict=True)}),
    )
