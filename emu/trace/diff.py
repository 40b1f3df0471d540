"""Where two traces part: aligned by the routines that each task goes through and the locks it takes, not by addresses or times.

Two variants of a routine have other bytes at other addresses, so only names and offsets are compared. A full alignment
of long traces would take time and pages; what is found is the first place where the paths part, the routines around it
side by side, what is done under each lock, and the sums over everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from emu.trace.difference import (
    Aligned,
    Holding,
    Item,
    LetGo,
    LockDifference,
    LockRow,
    Place,
    Side,
    Spent,
    StreamDifference,
    TraceDiff,
)
from emu.trace.file import TraceFile
from emu.trace.header import IDLE, TraceHeader
from emu.trace.lock_steps import LockStep, Mask, instructions_under, read_lock_steps
from emu.trace.select import Selection
from emu.trace.visits import Path, Visit, read_path

WINDOW_VISITS = 400  # aligned on either side from the parting on
CONTEXT_VISITS = 3
_IDLE = 1 << 16  # above the number of any task: the idle task of core 0


@dataclass(frozen=True, slots=True)
class _Stream:
    """A task, or a core, on one side."""

    header: TraceHeader
    path: Path
    under: Mapping[str, Mask]  # by lock: which of its instructions are under it
    steps: Sequence[tuple[int, LockStep]]  # with the instruction of the path that makes each


def diff_traces(a: TraceFile, b: TraceFile, selection_a: Selection, selection_b: Selection, *, by: str = "task") -> TraceDiff:
    """Compare what the selections leave, task by task (`by`="core": core by core), hand-offs role by role."""
    paths = read_path(a, selection_a), read_path(b, selection_b)
    streams_a, streams_b = _streams(a, selection_a, paths[0], by), _streams(b, selection_b, paths[1], by)
    names = sorted(dict.fromkeys([*streams_a, *streams_b]), key=lambda name: name.startswith(IDLE))
    sums = _by_routine(paths[0]), _by_routine(paths[1])
    none = Spent(0, 0)
    routines = {name: (sums[0].get(name, none), sums[1].get(name, none)) for name in {**sums[0], **sums[1]}}
    largest = sorted(routines, key=lambda name: (-abs(routines[name][1].instructions - routines[name][0].instructions), name))
    return TraceDiff(
        Side(a, selection_a.cut.number if selection_a.cut else None, len(paths[0])),
        Side(b, selection_b.cut.number if selection_b.cut else None, len(paths[1])),
        tuple(_compare(name, streams_a.get(name), streams_b.get(name)) for name in names),
        {name: routines[name] for name in largest},
    )


def _streams(trace: TraceFile, selection: Selection, path: Path, by: str) -> dict[str, _Stream]:
    """The parts of a path by what is followed, in the order of tasks or cores."""
    steps = read_lock_steps(trace, selection)
    under = instructions_under(path, steps, trace.header)
    key = path.core.astype(np.int64)
    if by == "task":
        key = np.where(path.task < 0, _IDLE + key, path.task)
    places = np.searchsorted(path.index, [step.index for step in steps])
    streams: dict[str, _Stream] = {}
    for each in np.unique(key):
        positions = np.flatnonzero(key == each)
        own = [(place, step) for place, step in zip(places, steps, strict=True) if key[place] == each]
        streams[_name(int(each), trace.header, selection, by)] = _Stream(
            trace.header,
            path.of(positions),
            {name: mask[positions] for name, mask in under.items()},
            sorted(((int(np.searchsorted(positions, place)), step) for place, step in own), key=lambda each: each[0]),
        )
    return streams


def _name(key: int, header: TraceHeader, selection: Selection, by: str) -> str:
    if by == "core":
        return f"core {key}"
    if key >= _IDLE:
        return IDLE if selection.cut else f"{IDLE} of core {key - _IDLE}"
    return selection.cut.role(key) if selection.cut else header.task_name(key)


def _compare(name: str, a: _Stream | None, b: _Stream | None) -> StreamDifference:
    spent_a, spent_b = _spent(a), _spent(b)
    if a is None or b is None:
        return StreamDifference(name, spent_a, spent_b)
    parting = _common_prefix(a.path, b.path)
    if parting == len(a.path) == len(b.path):
        later = np.flatnonzero(np.diff(a.path.cycle) != np.diff(b.path.cycle))
        if not len(later):
            return StreamDifference(name, spent_a, spent_b, same_path=True, same_times=True, same_for=parting)
        at = int(later[0]) + 1
        places = _place(a.path, at), _place(b.path, at)
        costs = int(a.path.cost[at]), int(b.path.cost[at])
        return StreamDifference(name, spent_a, spent_b, same_path=True, same_for=parting, parts=places, costs=costs)
    return StreamDifference(
        name,
        spent_a,
        spent_b,
        same_for=parting,
        parts=(_place(a.path, parting), _place(b.path, parting)),
        before=_place(a.path, parting - 1) if parting else None,
        locks=tuple(sorted(_locks(a, b), key=lambda lock: -abs(lock.a.instructions - lock.b.instructions))),
        rows=tuple(_aligned(a, b, parting)),
    )


def _spent(stream: _Stream | None) -> Spent | None:
    return None if stream is None else Spent(len(stream.path), int(stream.path.cost.sum()))


def _common_prefix(a: Path, b: Path) -> int:
    """How many instructions are the same from the start, by routine and offset."""
    length = min(len(a), len(b))
    names = {name: number for number, name in enumerate(a.names)}
    translate = np.array([names.get(name, -1) for name in b.names], np.int32) if b.names else np.zeros(0, np.int32)
    differs = (a.symbol[:length] != translate[b.symbol[:length]]) | (a.offset[:length] != b.offset[:length])
    places = np.flatnonzero(differs)
    return int(places[0]) if len(places) else length


def _place(path: Path, at: int) -> Place | None:
    if at >= len(path):
        return None
    return Place(path.names[path.symbol[at]], int(path.offset[at]), int(path.cycle[at]), int(path.core[at]))


def _locks(a: _Stream, b: _Stream) -> Iterator[LockDifference]:
    """The locks under which the sides do not go through the same routines."""
    nothing_a, nothing_b = np.zeros(len(a.path), np.bool_), np.zeros(len(b.path), np.bool_)
    all_a, all_b = _by_routine(a.path), _by_routine(b.path)
    for lock in sorted({*a.under, *b.under}):
        mask_a, mask_b = a.under.get(lock, nothing_a), b.under.get(lock, nothing_b)
        in_a, in_b = _by_routine(a.path.of(mask_a)), _by_routine(b.path.of(mask_b))
        left = {name: spent for name, spent in in_a.items() if name not in in_b}
        came = {name: spent for name, spent in in_b.items() if name not in in_a}
        if left or came:
            places_a, places_b = _let_go(a, lock), _let_go(b, lock)
            yield LockDifference(
                lock,
                _holding(a, lock, mask_a, [each for key, each in places_a.items() if key not in places_b]),
                _holding(b, lock, mask_b, [each for key, each in places_b.items() if key not in places_a]),
                moved_out={name: spent for name, spent in left.items() if name in all_b},
                gone={name: spent for name, spent in left.items() if name not in all_b},
                moved_in={name: spent for name, spent in came.items() if name in all_a},
                added={name: spent for name, spent in came.items() if name not in all_a},
            )


def _holding(stream: _Stream, lock: str, mask: Mask, let_go: Sequence[LetGo]) -> Holding:
    held = [step.cycles for _, step in stream.steps if not step.taken and stream.header.locks[step.lock].name == lock]
    return Holding(len(held), sum(held), int(mask.sum()), tuple(let_go))


def _let_go(stream: _Stream, lock: str) -> dict[tuple[str, str], LetGo]:
    """Where a task lets go of a lock, by the routine and the other one that it came from."""
    path = stream.path
    found: dict[tuple[str, str], LetGo] = {}
    for at, step in stream.steps:
        if not step.taken and stream.header.locks[step.lock].name == lock:
            others = np.flatnonzero(path.symbol[:at] != path.symbol[at])
            key = path.names[path.symbol[at]], path.names[path.symbol[others[-1]]] if len(others) else ""
            known = found.get(key)
            found[key] = LetGo(key[0], int(path.offset[at]), key[1], 1 + (known.times if known else 0))
    return found


def _by_routine(path: Path) -> dict[str, Spent]:
    """Instructions and cycles of each routine, in the order in which the path comes to them."""
    instructions = np.bincount(path.symbol, minlength=len(path.names))
    cycles = np.bincount(path.symbol, weights=path.cost, minlength=len(path.names))
    symbols, first = np.unique(path.symbol, return_index=True)
    return {path.names[each]: Spent(int(instructions[each]), int(cycles[each])) for each in symbols[np.argsort(first)]}


def _aligned(a: _Stream, b: _Stream, parting: int) -> Iterator[tuple[Aligned, ...]]:
    """The routines and locks from shortly before the parting on, side by side, around what differs."""
    items_a, items_b = _window(a, parting), _window(b, parting)
    matcher = SequenceMatcher(None, [_key(item) for item in items_a], [_key(item) for item in items_b], autojunk=False)
    opcodes = matcher.get_opcodes()
    differ = any(tag != "equal" for tag, *_ in opcodes)
    for group in matcher.get_grouped_opcodes(CONTEXT_VISITS) if differ else [opcodes]:
        rows = []
        for tag, first_a, last_a, first_b, last_b in group:
            left, right = items_a[first_a:last_a], items_b[first_b:last_b]
            for row in range(max(len(left), len(right))):
                one = left[row] if row < len(left) else None
                other = right[row] if row < len(right) else None
                rows.append(Aligned(_mark(tag, one, other), one, other))
        yield tuple(rows)


def _key(item: Item) -> tuple[str, bool | None]:
    return (item.lock, item.taken) if isinstance(item, LockRow) else (item.symbol, None)


def _mark(tag: str, one: Item | None, other: Item | None) -> str:
    if tag != "equal":
        return {"delete": "<", "insert": ">"}.get(tag, "|" if one and other else "<" if one else ">")
    if isinstance(one, Visit) and isinstance(other, Visit) and (one.instructions, one.offset) != (other.instructions, other.offset):
        return "~"
    return " "


def _window(stream: _Stream, parting: int) -> list[Item]:
    """Visits from `CONTEXT_VISITS` before an instruction to `WINDOW_VISITS` behind it; behind each, its locks."""
    path = stream.path
    before = path.of(slice(max(0, parting - 4096), parting)).visits()[-CONTEXT_VISITS - 1 :]
    start = parting - sum(visit.instructions for visit in before)
    part = path.of(slice(start, None))
    changed = np.flatnonzero(np.diff(part.symbol)) + 1
    limit = WINDOW_VISITS + CONTEXT_VISITS
    end = int(changed[limit - 1]) if len(changed) >= limit else len(part)
    steps = [(at, step) for at, step in stream.steps if at >= start]
    items: list[Item] = []
    for visit in part.of(slice(0, end)).visits():
        items.append(visit)
        start += visit.instructions
        while steps and steps[0][0] < start:
            items.append(_lock_row(steps.pop(0)[1], stream.header))
    return items


def _lock_row(step: LockStep, header: TraceHeader) -> LockRow:
    lock = header.locks[step.lock]
    return LockRow(lock.name, lock.owner, step.taken, step.cycles)
