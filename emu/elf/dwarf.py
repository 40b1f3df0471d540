"""DWARF: the types in a vmlinux with debugging information. Reading it takes seconds, so each structure is looked for once."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from elftools.common.exceptions import DWARFError, ELFError

from emu.elf.members import Member, path
from emu.errors import UserError

POINTER_BYTES = 8
STRUCTURES = ("DW_TAG_structure_type", "DW_TAG_union_type")
_Answer = TypeVar("_Answer")
ALIASES = ("DW_TAG_typedef", "DW_TAG_volatile_type", "DW_TAG_const_type", "DW_TAG_restrict_type")
DEPTH_MAX = 32  # of types inside types
_SENSELESS = (DWARFError, ELFError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Dwarf:
    """The types in a file; `what` is what messages call the kernel."""

    def __init__(self, information: Any, what: str) -> None:
        """`information` is what pyelftools makes of the file."""
        self._information, self._what = information, what
        self._structs: dict[str, Any] = {}

    def member(self, struct_name: str, name: str) -> Member | None:
        """A member of a structure or of what is anonymous in it, None if it has none of that name."""
        return self._ask(struct_name, lambda struct: _member(struct, name, 0, DEPTH_MAX))

    def member_at(self, struct_name: str, offset: int, types: Collection[str]) -> str | None:
        """The path to the member around an offset whose type has one of these names, such as "sighand.siglock"."""
        wanted = frozenset(name.encode() for name in types)
        return self._ask(struct_name, lambda struct: _path(struct, offset, wanted, DEPTH_MAX))

    def size(self, struct_name: str) -> int | None:
        """Bytes of a structure, None if there is none of that name."""
        return self._ask(struct_name, lambda struct: _size(struct, DEPTH_MAX))

    def variable(self, name: str) -> str | None:
        """The structure that a variable is: never said, as looking for one would read all there is, for minutes."""
        return None

    def _ask(self, struct_name: str, question: Callable[[Any], _Answer | None]) -> _Answer | None:
        try:
            if struct_name not in self._structs:
                self._structs[struct_name] = self._find(struct_name)
            entry = self._structs[struct_name]
            return None if entry is None else question(entry)
        except _SENSELESS:
            raise UserError(f"{self._what}: its debugging information makes no sense; copy it again") from None

    def _find(self, name: str) -> Any:
        """The first definition of a structure, in whichever unit it is."""
        wanted = name.encode()
        for unit in self._information.iter_CUs():
            for entry in unit.get_top_DIE().iter_children():
                if entry.tag in STRUCTURES and "DW_AT_declaration" not in entry.attributes and _name(entry) == wanted:
                    return entry
        return None


def _name(entry: Any) -> bytes:
    attribute = entry.attributes.get("DW_AT_name")
    return b"" if attribute is None else bytes(attribute.value)


def _number(entry: Any, attribute: str, default: int | None = None) -> int:
    found = entry.attributes.get(attribute)
    if found is None:
        if default is None:
            raise KeyError(attribute)
        return default
    return int(found.value)


def _member(struct: Any, name: str, base: int, depth: int) -> Member | None:
    for entry in struct.iter_children():
        if entry.tag != "DW_TAG_member":
            continue
        offset, found = base + _number(entry, "DW_AT_data_member_location", 0), _name(entry)
        if found == name.encode():
            return _place(entry, base, offset, depth)
        if not found and depth:
            inside = _resolved(entry, depth)
            if inside is not None and inside.tag in STRUCTURES and (deeper := _member(inside, name, offset, depth - 1)) is not None:
                return deeper
    return None


def _path(struct: Any, offset: int, types: frozenset[bytes], depth: int) -> str | None:
    for entry in struct.iter_children():
        if entry.tag != "DW_TAG_member" or "DW_AT_bit_size" in entry.attributes:
            continue
        inside = offset - _number(entry, "DW_AT_data_member_location", 0)
        if not 0 <= inside < _size(_resolved(entry, depth), depth):
            continue
        if (rest := _path_in(entry, inside, types, depth - 1)) is not None:
            return path(_name(entry).decode("utf-8", "replace"), rest)
    return None


def _path_in(entry: Any, offset: int, types: frozenset[bytes], depth: int) -> str | None:
    """From what an entry is of on: nothing more if its type, or another name of that, is among those looked for."""
    for _ in range(max(depth, 0)):
        if "DW_AT_type" not in entry.attributes:
            return None
        entry = entry.get_DIE_from_attribute("DW_AT_type")
        if _name(entry) in types:
            return ""
        if entry.tag in STRUCTURES:
            return _path(entry, offset, types, depth)
        if entry.tag == "DW_TAG_array_type":
            rest = _path_in(entry, offset % max(_size(_resolved(entry, depth), depth), 1), types, depth - 1)
            return None if rest is None else path("[]" * sum(1 for _ in entry.iter_children()), rest)  # a dimension each
        if entry.tag not in ALIASES:
            return None
    return None


def _place(entry: Any, base: int, offset: int, depth: int) -> Member:
    """Of a member, or of the bytes that a bit field lies in: DWARF 4 counts its bits from the other end of its type."""
    if "DW_AT_bit_size" not in entry.attributes:
        return Member(offset, _size(_resolved(entry, depth), depth))
    width = _number(entry, "DW_AT_bit_size")
    if "DW_AT_data_bit_offset" in entry.attributes:
        first, offset = _number(entry, "DW_AT_data_bit_offset"), base
    else:
        first = 8 * _number(entry, "DW_AT_byte_size") - _number(entry, "DW_AT_bit_offset") - width
    return Member(offset + first // 8, -(-(first + width) // 8) - first // 8)


def _resolved(entry: Any, depth: int) -> Any:
    """The type of an entry that is no other name of one; None for void."""
    for _ in range(depth):
        if "DW_AT_type" not in entry.attributes:
            return None
        entry = entry.get_DIE_from_attribute("DW_AT_type")
        if entry.tag not in ALIASES:
            return entry
    raise ValueError("names of names without end")


def _size(entry: Any, depth: int) -> int:
    if entry is None or depth == 0:
        return 0
    if entry.tag == "DW_TAG_array_type":
        size = _size(_resolved(entry, depth), depth - 1)
        for dimension in entry.iter_children():
            size *= _number(dimension, "DW_AT_upper_bound", -1) + 1 or _number(dimension, "DW_AT_count", 0)
        return size
    return POINTER_BYTES if entry.tag == "DW_TAG_pointer_type" else _number(entry, "DW_AT_byte_size", 0)
