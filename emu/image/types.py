"""Structures of a guest, by name: where their fields lie, and which of them are lock words."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its offset and size in bytes, the structure embedded there if any, the lock class if it is a lock word."""

    name: str
    offset: int
    size: int
    struct: str | None = None
    lock: str | None = None
    note: str = ""
    sleeping: bool = False  # the lock word is the owner's address, bit 0 aside, and not a spin lock's


@dataclass(slots=True)
class Struct:
    """A structure; `prefix` begins the names of its offsets in assembly."""

    name: str
    prefix: str
    size: int
    source: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
