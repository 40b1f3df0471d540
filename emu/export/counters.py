"""How much of something there is in each stretch of time: counts that go on from one part of a trace to the next."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


class Rate:
    """Counts what happens in one stretch after the other; what comes late counts in the stretch that is under way."""

    def __init__(self, stretch: int) -> None:
        """Of so many cycles each."""
        self._stretch = stretch
        self._place = self._count = 0
        self._said = 0  # up to which stretch a value is known

    def add(self, times: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Something happened at these times; gives the beginning and the count of each stretch that is over."""
        if not len(times):
            return
        places = np.maximum.accumulate(np.maximum(times // self._stretch, self._place))
        for place, count in zip(*(each.tolist() for each in np.unique(places, return_counts=True)), strict=True):
            if place != self._place:
                yield from self.close()
                self._place = place
            self._count += count

    def close(self) -> Iterator[tuple[int, int]]:
        """The stretch that is under way is over; where nothing happened before it, the count there was 0."""
        if self._count:
            if self._place > self._said:
                yield self._said * self._stretch, 0
            yield self._place * self._stretch, self._count
            self._said, self._count = self._place + 1, 0

    def last(self) -> Iterator[tuple[int, int]]:
        """Nothing happens any more."""
        yield from self.close()
        yield self._said * self._stretch, 0
