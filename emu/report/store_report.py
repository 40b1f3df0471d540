"""What a store of results holds, by kind and by the emu that made it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emu.report.grid import grid
from emu.report.page import WIDTH, page
from emu.runner.kind import Keeping
from emu.runner.store import Damaged, Entry, Store
from emu.sources import code_digest


@dataclass(frozen=True, slots=True)
class Shelf:
    """Results of one kind by one emu."""

    kind: str
    code: str
    results: int

    @property
    def of_this_emu(self) -> bool:
        """Whether a command of this emu would take them."""
        return self.code == code_digest()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"kind": self.kind, "code": self.code, "this_emu": self.of_this_emu, "results": self.results}


def shelves_of(store: Store, kept: Mapping[str, Keeping[Any]]) -> tuple[list[Shelf], list[Damaged]]:
    """What there is, this emu's first; and what is damaged. `kept` are the kinds whose answers this emu can read."""
    counts: Counter[tuple[str, str]] = Counter()
    damaged = []
    for each in store.entries():
        found = _looked_at(each, kept)
        if isinstance(found, Entry):
            counts[found.code, found.question.kind] += 1
        else:
            damaged.append(found)
    shelves = [Shelf(kind, code, number) for (code, kind), number in sorted(counts.items())]
    return sorted(shelves, key=lambda each: not each.of_this_emu), damaged


def _looked_at(found: Entry | Damaged, kept: Mapping[str, Keeping[Any]]) -> Entry | Damaged:
    """With the answer read, if it is this emu's."""
    if isinstance(found, Entry) and found.code == code_digest() and found.question.kind in kept:
        try:
            kept[found.question.kind].answer(found.answer)
        except ValueError as error:
            return Damaged(found.path, str(error))
    return found


def render_shelves(shelves: Sequence[Shelf], *, width: int = WIDTH, colour: bool = False) -> str:
    """A row each."""
    table = grid("kind", "<by the emu", "results")
    for each in shelves:
        table.add_row(each.kind, f"{each.code} (this one)" if each.of_this_emu else each.code, f"{each.results:,}")
    return page([table if shelves else "The store is empty."], width=width, colour=colour)
