"""Where a member of a structure lies, and how the way to one is written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes from the start of the structure to it, and its own; a bit field is the whole bytes that it lies in."""

    offset: int
    size: int


def path(name: str, rest: str) -> str:
    """The way to a member inside the one called `name`: `sighand` and `siglock`, `[]` of an array, nothing of what is anonymous."""
    return f"{name}{'.' if name and rest and not rest.startswith('[') else ''}{rest}"
