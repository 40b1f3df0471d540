"""Where calls are carried out: what every place for them offers."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from emu.runner.outcome import C, Function, Outcome, R, ShouldStop, never


class Executor(Protocol):
    """A place for calls. What comes of one depends on the call alone, so it does not matter which place it is."""

    elsewhere: bool  # whether calls may be carried out on hosts that see other files

    @property
    def width(self) -> int:
        """How many calls are carried out at a time."""
        ...

    def run(
        self, function: Function[C, R], calls: Sequence[C], should_stop: ShouldStop = never, waves: Sequence[int] = ()
    ) -> Iterator[tuple[int, Outcome[R]]]:
        """The outcome of each call as it comes, with the call's number; `Stopped` soon after `should_stop` says so.

        `waves` are numbers of calls: none from there on begins before all in front of it are done.
        """
        ...

    def close(self) -> None:
        """Leave the place in order."""
        ...


def parted(total: int, waves: Sequence[int]) -> list[range]:
    """The numbers of calls wave by wave."""
    bounds = sorted({0, total, *(min(each, total) for each in waves)})
    return [range(begin, end) for begin, end in pairwise(bounds)]
