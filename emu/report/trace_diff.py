"""What differs between two traces as text: first what each task does under its locks, then the paths side by side, then sums."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from emu.report.page import WIDTH, count
from emu.trace.difference import Holding, Item, LockDifference, LockRow, Place, Side, Spent, StreamDifference, TraceDiff
from emu.trace.words import shorten

LINES_PER_STREAM = 40
ROUTINES_SHOWN = 24
ROUTINE_WIDTH, ROUTINE_WIDTH_LEAST = 33, 16


def diff_lines(found: TraceDiff, *, lines_max: int = LINES_PER_STREAM, width: int = WIDTH) -> Iterator[str]:
    """The whole page."""
    for letter, side in (("A", found.a), ("B", found.b)):
        yield from _wrapped(f"{letter}  {_title(side)}", 3, width)
        if not side.instructions:
            yield "   nothing: no instruction passes the filters"
    yield ""
    locks = [(stream.name, lock) for stream in found.streams for lock in stream.locks]
    for name, lock in locks:
        for sentence, indent in _lock_sentences(name, lock):
            yield from _wrapped(sentence, indent, width)
    if locks:
        yield ""
    for stream in found.streams:
        yield from _stream_lines(stream, lines_max, width)
    if found.routines:
        yield ""
        yield from _totals(found.routines, width)


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    """Lines of a sentence, as far in as its first word, the further ones by `indent`."""
    before = " " * (len(text) - len(text.lstrip()))
    return wrap(text.strip(), width, initial_indent=before, subsequent_indent=" " * indent, break_on_hyphens=False)


def _title(side: Side) -> str:
    header = side.trace.header
    cut = f", hand-off {side.hand_off}" if side.hand_off is not None else ""
    partial = ", partial" if side.trace.partial else ""
    length = count(side.instructions, "instruction")
    return f"{side.trace.path}: {header.variant} on {header.machine}{cut}{partial}; {length}"


def _lock_sentences(name: str, lock: LockDifference) -> Iterator[tuple[str, int]]:
    """What moved out from under a lock, or in, and where the lock is let go; with the indent of further lines."""
    yield f"{name}, {lock.lock}: held {_held(lock.a)} in A; {_held(lock.b)} in B", 3
    for letter, side in (("A", lock.a), ("B", lock.b)):
        for each in side.let_go:
            times = f"{each.times} times " if each.times > 1 else ""
            yield f"   only {letter} lets go {times}at {_where(each.routine, each.offset)}, behind {each.behind or 'nothing'}", 6
    for routines, words in (
        (lock.moved_out, "under it in A, outside it in B"),
        (lock.gone, "under it in A, nowhere in B"),
        (lock.moved_in, "outside it in A, under it in B"),
        (lock.added, "nowhere in A, under it in B"),
    ):
        if routines:
            instructions = count(sum(each.instructions for each in routines.values()), "instruction")
            cycles = count(sum(each.cycles for each in routines.values()), "cycle")
            yield f"   {words} ({instructions}, {cycles} there): {', '.join(routines)}", 6


def _held(side: Holding) -> str:
    times = "" if side.holds == 1 else f"{side.holds} times, "
    return f"{times}{count(side.held_cycles, 'cycle')}, {count(side.instructions, 'instruction')}"


def _stream_lines(stream: StreamDifference, lines_max: int, width: int) -> Iterator[str]:
    if stream.a is None or stream.b is None:
        yield f"{stream.name}: only in {'B' if stream.a is None else 'A'}"
        return
    if stream.same_path:
        same = f"{stream.name}: the same, {count(stream.same_for, 'instruction')}"
        if stream.parts is not None and stream.costs is not None:
            same += f"; times part at {_step(None, stream.parts[0])}: A {stream.costs[0]}, B {stream.costs[1]} cycles"
        yield from _wrapped(same, 3, width)
        return
    yield f"{stream.name}: the same for {count(stream.same_for, 'instruction')}, then they part"
    for letter, place in zip("AB", stream.parts or (), strict=False):
        yield from _wrapped(f"   {letter}  {_step(stream.before, place)}", 6, width)
    rows = list(_aligned(stream, width))
    yield from rows[:lines_max]
    if len(rows) > lines_max:
        yield f"   ... {len(rows) - lines_max} more lines (--lines)"


def _where(routine: str, offset: int) -> str:
    return f"{routine}+{offset:#x}" if offset else routine


def _step(before: Place | None, place: Place | None) -> str:
    here = "the end" if place is None else f"{_where(*place[:2])} (cycle {place.cycle}, core {place.core})"
    return here if before is None else f"{_where(*before[:2])} -> {here}"


def _aligned(stream: StreamDifference, width: int) -> Iterator[str]:
    half = (width - 7) // 2
    yield f"     {'A: instructions, cycles, routine':<{half}} B"
    for group in stream.rows:
        yield "   ..."
        for mark, one, other in group:
            yield f"   {mark} {_item(one, half):<{half}} {_item(other, half)}".rstrip()


def _item(item: Item | None, width: int) -> str:
    """A visit; or a lock, with the cycles waited for it, or held until its release was visible."""
    if item is None:
        return ""
    if isinstance(item, LockRow):
        done = "takes" if item.taken else "lets go"
        return f"{'--':>5} {item.cycles or '':>7}  {shorten(f'{done} {item.lock}', width - 15)}"
    offset = f"+{item.offset:#x}" if item.offset else ""
    return f"{item.instructions:>5} {item.cycles:>7}  {shorten(item.symbol, width - 15 - len(offset))}{offset}"


def _totals(routines: Mapping[str, tuple[Spent, Spent]], width: int) -> Iterator[str]:
    """Instructions and cycles of each routine on either side, and all of them."""
    names = list(routines)
    groups = {name: [name] for name in names[:ROUTINES_SHOWN]}
    if len(names) > ROUTINES_SHOWN:
        groups[f"{len(names) - ROUTINES_SHOWN} others"] = names[ROUTINES_SHOWN:]
    groups["all"] = names
    texts = [_numbers([routines[name] for name in group]) for group in groups.values()]
    heads = ["instr A", "B", "B - A", "cycles A", "B", "B - A"]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    kept = range(6) if width - sum(widths) - 6 >= ROUTINE_WIDTH_LEAST else (0, 1, 3, 4)  # a difference can be worked out
    room = max(8, min(ROUTINE_WIDTH, width - sum(widths[place] + 1 for place in kept)))
    yield f"{'routine':<{room}}" + "".join(f" {heads[place]:>{widths[place]}}" for place in kept)
    for name, numbers in zip(groups, texts, strict=True):
        yield f"{shorten(name, room):<{room}}" + "".join(f" {numbers[place]:>{widths[place]}}" for place in kept)


def _numbers(rows: Sequence[tuple[Spent, Spent]]) -> list[str]:
    """Instructions of A and B and their difference, and the same of cycles, summed over some routines."""
    a, b = (Spent(sum(row[side].instructions for row in rows), sum(row[side].cycles for row in rows)) for side in (0, 1))
    return [
        str(a.instructions), str(b.instructions), f"{b.instructions - a.instructions:+}",
        str(a.cycles), str(b.cycles), f"{b.cycles - a.cycles:+}",
    ]  # fmt: skip
