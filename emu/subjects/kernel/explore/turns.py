"""A schedule as people read it: whose turn it was, what it did first and last, and in which routine and word."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from emu.boot.explore.hot.records import LOAD, STORE, VISIBLE
from emu.native import MASK64
from emu.subjects.kernel.places import Places

WORD_SHIFT = 3
KERNEL_HALF = 1 << 63
ENDS, LAST = 2, 6  # accesses at each end of a turn that are shown, and at the end of the last one
ROWS_MAX = 60  # of the end of a schedule
WORDS = {LOAD: "loads", STORE: "stores", VISIBLE: "is visible:"}


@dataclass(frozen=True, slots=True)
class Row:
    """One access of a core to a shared word, or a gap: so many accesses that are not shown."""

    cpu: int
    where: str  # routine and offset
    action: str
    what: str  # the word, by name where it has one
    value: int
    skipped: int = 0


def rows(steps: Any, places: Places) -> list[Row]:
    """The first and last accesses of each turn of a core and of the program in it, and stores that became visible between turns.

    Accesses to words that no other core has touched in this schedule are left out, for no order of them matters.
    """
    turns = [list(turn) for _, turn in groupby(_that_matter(steps), key=lambda step: (int(step["core"]), _drains(step)))]
    made = [row for number, turn in enumerate(turns) for row in _turn(turn, places, last=number == len(turns) - 1)]
    if len(made) <= ROWS_MAX:
        return made
    gone = made[:-ROWS_MAX]
    return [Row(-1, "", "", "", 0, skipped=sum(row.skipped or 1 for row in gone)), *made[-ROWS_MAX:]]


def _drains(step: Any) -> bool:
    return int(step["what"]) == VISIBLE


def _that_matter(steps: Any) -> Iterator[Any]:
    """Accesses to words that several cores touch, one of them by a store; and drains between the turns of others."""
    touched: dict[int, set[int]] = defaultdict(set)
    stored = set[int]()
    for core, address, what in zip(*(steps[name].tolist() for name in ("core", "address", "what")), strict=True):
        touched[address >> WORD_SHIFT].add(core)
        if what == STORE:
            stored.add(address >> WORD_SHIFT)
    kept = [step for step in steps if (word := int(step["address"]) >> WORD_SHIFT) in stored and len(touched[word]) > 1]
    running = -1
    for step, following in zip(kept, _following(kept), strict=True):
        if not _drains(step):
            running = int(step["core"])
        elif running == following == int(step["core"]):
            continue
        yield step


def _following(steps: list[Any]) -> list[int]:
    """For each step the core that makes the next access behind it; -1 for none."""
    core, found = -1, []
    for step in reversed(steps):
        found.append(core)
        if not _drains(step):
            core = int(step["core"])
    return found[::-1]


def _turn(steps: list[Any], places: Places, *, last: bool) -> Iterator[Row]:
    tail = LAST if last else ENDS
    programs = [number for number, step in enumerate(steps) if int(step["pc"]) >= 0]
    shown = {*range(ENDS), *range(max(len(steps) - tail, 0), len(steps)), *programs[:ENDS], *programs[-ENDS:]}
    skipped = 0
    for number, step in enumerate(steps):
        if number not in shown:
            skipped += 1
            continue
        if skipped:
            yield Row(int(step["core"]), "", "", "", 0, skipped=skipped)
        skipped = 0
        yield _row(step, places)


def _row(step: Any, places: Places) -> Row:
    pc, address, what = int(step["pc"]) & MASK64, int(step["address"]), int(step["what"])
    place = places.line(address)
    where = places.code(pc) if pc >= KERNEL_HALF else f"program {pc:#x}"
    return Row(
        cpu=int(step["core"]),
        where="" if what == VISIBLE else where,
        action=WORDS[what],
        what=f"{address:#x}" if place is None else str(place),
        value=int(step["value"]) & (1 << 8 * min(int(step["size"]), 8)) - 1,
    )
