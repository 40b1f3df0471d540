"""Accesses of the kernel that expect others at the same time: READ_ONCE and the like. `marked.toml` has them with their sources."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emu.files import read_toml
from emu.image import Image
from emu.isa.operands import memory_operands
from emu.tables import Key, check
from emu.trace.header import TraceHeader

TABLE = Path(__file__).with_name("marked.toml")
KEYS = {"marked": Key(list)}
ROW_KEYS = {
    "field": Key(str, optional=True),
    "load": Key(str, optional=True),
    "routines": Key(list, optional=True),
    "by": Key(str),
    "source": Key(str),
}
INSTRUCTION_MAX = 15  # bytes


@dataclass(frozen=True, slots=True)
class Row:
    """Accesses to a field, by some routines or by all, or annotated loads."""

    struct: str
    field: str
    routines: frozenset[str]
    load: str


@cache
def rows() -> tuple[Row, ...]:
    """The table."""
    content = read_toml(TABLE, "marked accesses")
    check(str(TABLE), content, KEYS)
    found = []
    for row in content["marked"]:
        check(str(TABLE), row, ROW_KEYS)
        struct, _, field = row.get("field", "").partition(".")
        found.append(Row(struct, field, frozenset(row.get("routines", ())), row.get("load", "")))
    return tuple(found)


class MarkedAccesses:
    """Which accesses of an image are marked."""

    def __init__(self, image: Image, header: TraceHeader) -> None:
        """`header` says what lies where."""
        self._image, self._header = image, header
        loads = {row.load for row in rows() if row.load}
        self._loads = {mark.address for mark in image.marks if mark.kind == "load" and mark.name in loads}
        self._fields = [(row, header.structs[row.struct][row.field]) for row in rows() if row.field]

    def is_marked(self, pc: int, address: int) -> bool:
        """Whether the access of the instruction at `pc` to a physical address is."""
        if pc in self._loads:
            return True
        routine, region = self._image.routine_at(pc), self._header.region_at(address)
        name = "" if routine is None else routine.name
        rows_here = [(row, offset) for row, offset in self._fields if not row.routines or name in row.routines]
        if region is not None and region.struct:
            return any(row.struct == region.struct and offset == address - region.address for row, offset in rows_here)
        return bool({offset for _, offset in rows_here if offset} & self._displacements(pc))

    def _displacements(self, pc: int) -> set[int]:
        text = self._image.text
        begins = pc - text.virtual
        return {each.displacement for each in memory_operands(text.data[begins : begins + INSTRUCTION_MAX], pc)}
