"""BTF: the types that a kernel carries for BPF, in its section .BTF and behind the symbol __start_BTF.

Source: Documentation/bpf/btf.rst of Linux. Types are numbered from 1 on in the order in which they stand; 0 is void.
"""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from emu.elf.members import Member, path
from emu.errors import UserError

MAGIC = 0xEB9F
POINTER_BYTES = 8
INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT = range(1, 17)
DECL_TAG, TYPE_TAG, ENUM64 = 17, 18, 19
SIZED = frozenset((INT, STRUCT, UNION, ENUM, FLOAT, DATASEC, ENUM64))  # their third word is a size; that of the others a type
ALIASES = frozenset((TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG))
# Bytes behind the three words: once, and for each of the entries that the second word counts.
BEHIND = {INT: (4, 0), ARRAY: (12, 0), VAR: (4, 0), DECL_TAG: (4, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8)}
BEHIND |= {FUNC_PROTO: (0, 8), DATASEC: (0, 12), ENUM64: (0, 12)}
NAMED_ROWS = frozenset((STRUCT, UNION, ENUM, FUNC_PROTO, ENUM64))  # the first word of their rows is a name
DEPTH_MAX = 32  # of types inside types


@dataclass(frozen=True, slots=True)
class Entry:
    """A type as it stands in the section: its head, and the rows behind that."""

    kind: int
    name: str
    flag: bool  # kind_flag
    third: int  # a size, or the number of another type
    names: tuple[str, ...]  # of its rows, if these have names
    rows: tuple[tuple[int, ...], ...]  # the other words of each


class Btf:
    """The types in a section, found where they stand; `what` is what messages call the kernel."""

    def __init__(self, section: bytes, what: str) -> None:
        """Refuse, as a `UserError`, what is no BTF."""
        self._what = what
        try:
            magic, version, _, header, types, types_bytes, strings, strings_bytes = struct.unpack_from("<HBBIIIII", section)
            if magic != MAGIC or version != 1 or header + max(types + types_bytes, strings + strings_bytes) > len(section):
                raise ValueError
            self._types = section[header + types : header + types + types_bytes]
            self._strings = section[header + strings : header + strings + strings_bytes]
            self._at = self._places()
            self._structs, self._variables = dict[str, int](), dict[str, int]()
            self._read_names()
        except (struct.error, ValueError):
            raise self._damaged() from None

    def member(self, struct_name: str, name: str) -> Member | None:
        """A member of a structure or of what is anonymous in it, None if it has none of that name."""
        try:
            at = self._structs.get(struct_name)
            return None if at is None else self._member(at, name, 0, DEPTH_MAX)
        except (struct.error, IndexError, ValueError):
            raise self._damaged() from None

    def member_at(self, struct_name: str, offset: int, types: Collection[str]) -> str | None:
        """The path to the member around an offset whose type has one of these names, such as "sighand.siglock"."""
        try:
            at = self._structs.get(struct_name)
            return None if at is None else self._path(at, offset, types, DEPTH_MAX)
        except (struct.error, IndexError, ValueError):
            raise self._damaged() from None

    def size(self, struct_name: str) -> int | None:
        """Bytes of a structure, None if there is none of that name."""
        at = self._structs.get(struct_name)
        return None if at is None else int(struct.unpack_from("<I", self._types, at + 8)[0])

    def variable(self, name: str) -> str | None:
        """The structure that a per-CPU variable is, or an array of which; None for others, which BTF does not have."""
        try:
            type_id = self._variables.get(name)
            for _ in range(DEPTH_MAX):
                if type_id is None:
                    return None
                at = self._at[self._resolved(type_id, DEPTH_MAX)]
                word, info, _ = struct.unpack_from("<III", self._types, at)
                if info >> 24 & 31 != ARRAY:
                    return self._string(word) or None if info >> 24 & 31 in (STRUCT, UNION) else None
                (type_id,) = struct.unpack_from("<I", self._types, at + 12)
            return None
        except (struct.error, IndexError, ValueError):
            raise self._damaged() from None

    def heads(self) -> Iterator[tuple[int, int, str]]:
        """Number, kind and name of every type that has a name."""
        for number, at in enumerate(self._at[1:], 1):
            name, info = struct.unpack_from("<II", self._types, at)
            if name:
                yield number, info >> 24 & 31, self._string(name)

    def __len__(self) -> int:
        """How many types there are, void apart."""
        return len(self._at) - 1

    def kind(self, number: int) -> int:
        """What a type is, by its number."""
        return int(struct.unpack_from("<I", self._types, self._at[number] + 4)[0]) >> 24 & 31

    def entry(self, number: int) -> Entry:
        """A type by its number, which is not 0."""
        try:
            at = self._at[number]
            name, info, third = struct.unpack_from("<III", self._types, at)
            kind = info >> 24 & 31
            once, each = BEHIND.get(kind, (0, 0))
            rows = [at + 12] if once else range(at + 12, at + 12 + each * (info & 0xFFFF), max(each, 1))
            words = [struct.unpack_from(f"<{(once or each) // 4}I", self._types, row) for row in rows]
            named = kind in NAMED_ROWS
            names = tuple(self._string(row[0]) for row in words) if named else ()
            return Entry(kind, self._string(name), bool(info >> 31), third, names, tuple(row[named:] for row in words))
        except (struct.error, IndexError, ValueError):
            raise self._damaged() from None

    def _places(self) -> list[int]:
        """Where each type stands, by its number."""
        places, at = [0], 0
        while at < len(self._types):
            places.append(at)
            (info,) = struct.unpack_from("<I", self._types, at + 4)
            once, each = BEHIND.get(info >> 24 & 31, (0, 0))
            at += 12 + once + each * (info & 0xFFFF)
        return places

    def _read_names(self) -> None:
        """Where each structure stands, and the type of each variable, by its name: the first of several."""
        for at in self._at[1:]:
            name, info, third = struct.unpack_from("<III", self._types, at)
            kind = info >> 24 & 31
            if name and kind in (STRUCT, UNION):
                self._structs.setdefault(self._string(name), at)
            elif kind == VAR:
                self._variables.setdefault(self._string(name), third)

    def _member(self, at: int, name: str, base_bits: int, depth: int) -> Member | None:
        for word, type_id, bits, width in self._members(at):
            found = self._string(word)
            if found == name:
                offset = (base_bits + bits) // 8
                end = -(-(base_bits + bits + width) // 8) if width else offset + self._size(type_id, depth)
                return Member(offset, end - offset)
            if not found and depth:
                inside = self._at[self._resolved(type_id, depth)]
                if (deeper := self._member(inside, name, base_bits + bits, depth - 1)) is not None:
                    return deeper
        return None

    def _path(self, at: int, offset: int, types: Collection[str], depth: int) -> str | None:
        for word, type_id, bits, width in self._members(at):
            inside = offset - bits // 8
            if width or not 0 <= inside < self._size(type_id, depth):
                continue
            if (rest := self._path_in(type_id, inside, types, depth - 1)) is not None:
                return path(self._string(word), rest)
        return None

    def _path_in(self, type_id: int, offset: int, types: Collection[str], depth: int) -> str | None:
        """From something of a type on: nothing more if the type, or another name of it, is among those looked for."""
        for _ in range(max(depth, 0)):
            at = self._at[type_id]
            word, info, third = struct.unpack_from("<III", self._types, at)
            kind = info >> 24 & 31
            if word and self._string(word) in types:
                return ""
            if kind in (STRUCT, UNION):
                return self._path(at, offset, types, depth)
            if kind == ARRAY:
                (element,) = struct.unpack_from("<I", self._types, at + 12)
                rest = self._path_in(element, offset % max(self._size(element, depth), 1), types, depth - 1)
                return None if rest is None else path("[]", rest)
            if type_id == 0 or kind not in ALIASES:
                return None
            type_id = third
        return None

    def _members(self, at: int) -> Iterator[tuple[int, int, int, int]]:
        """Name, type, first bit and, of a bit field, bits of each member; nothing for what is no structure."""
        _, info, _ = struct.unpack_from("<III", self._types, at)
        if info >> 24 & 31 not in (STRUCT, UNION):
            return
        for index in range(info & 0xFFFF):
            name, type_id, place = struct.unpack_from("<III", self._types, at + 12 + 12 * index)
            yield (name, type_id, place & 0xFFFFFF, place >> 24) if info >> 31 else (name, type_id, place, 0)

    def _resolved(self, type_id: int, depth: int) -> int:
        """A type that is no other name of one."""
        for _ in range(depth):
            _, info, target = struct.unpack_from("<III", self._types, self._at[type_id])
            if type_id == 0 or info >> 24 & 31 not in ALIASES:
                return type_id
            type_id = target
        raise ValueError

    def _size(self, type_id: int, depth: int) -> int:
        type_id = self._resolved(type_id, depth)
        at = self._at[type_id]
        _, info, size = struct.unpack_from("<III", self._types, at)
        kind = info >> 24 & 31
        if type_id == 0:
            return 0
        if kind == ARRAY:
            element, _, count = struct.unpack_from("<III", self._types, at + 12)
            return int(count) * self._size(element, depth - 1)
        return int(size) if kind in SIZED else POINTER_BYTES if kind == PTR else 0

    def _string(self, at: int) -> str:
        return self._strings[at : self._strings.index(b"\0", at)].decode("utf-8", "replace")

    def _damaged(self) -> UserError:
        return UserError(f"{self._what}: its BTF makes no sense; copy it again")
