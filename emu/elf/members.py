"""Where a member of a structure lies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes from the start of the structure to it, and its own; a bit field is the whole bytes that it lies in."""

    offset: int
    size: int
