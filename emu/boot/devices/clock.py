"""The clock that devices go by: one instruction is one nanosecond."""

from collections.abc import Callable

SECOND = 10**9  # ticks of the machine's clock
NEVER = 2**62
Now = Callable[[], int]  # the machine's clock as it is read
Raise = Callable[[bool], None]  # the level of an interrupt line


def cycles(ticks: int, hertz: int) -> int:
    """Periods of a clock of `hertz` that have passed after so many ticks."""
    return ticks * hertz // SECOND


def ticks(cycles: int, hertz: int) -> int:
    """Ticks until so many periods of a clock of `hertz` are over."""
    return -(-cycles * SECOND // hertz)
