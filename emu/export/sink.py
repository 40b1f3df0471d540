"""What a picture of a run is made of: tracks in groups, with slices, instants, arrows between them, and counters."""

from collections.abc import Mapping
from typing import Protocol

Arguments = Mapping[str, int | str]
NO_ARROW = 0  # arrows are numbered from 1; each leaves once and arrives at most once
NOTHING: Arguments = {}


class Sink(Protocol):
    """A format that has such things. Times are cycles; on one track they come in order, and slices lie inside each other."""

    def group(self, group: int, name: str) -> None:
        """A group of tracks, before any of them."""

    def track(self, track: int, group: int, name: str, unit: str = "") -> None:
        """A track; one with a unit is of a counter."""

    def begin(self, at: int, track: int, name: str, *, arrives: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """A slice begins."""

    def end(self, at: int, track: int, *, leaves: int = NO_ARROW) -> None:
        """The innermost slice of a track ends."""

    def instant(self, at: int, track: int, name: str, *, leaves: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """Something happens on a track."""

    def counter(self, at: int, track: int, value: int) -> None:
        """From here on a counter has this value."""
