"""Random numbers of a schedule: a function of the search's seed and the schedule's number alone."""

from emu.native import mix, njit

STEP = 0x5851F42D4C957F2D  # odd
POSITIVE = (1 << 62) - 1


@njit
def begin_chance(strategy, schedule):  # type: ignore[no-untyped-def]
    """Begin the numbers of one schedule."""
    strategy.random = mix(mix(STEP, strategy.seed), schedule)


@njit
def draw(strategy):  # type: ignore[no-untyped-def]
    """The next number, 0 to 2**62 - 1."""
    strategy.random = mix(strategy.random, STEP)
    value = mix(STEP, strategy.random)
    return (value ^ (value >> 32)) & POSITIVE


@njit
def below(strategy, bound):  # type: ignore[no-untyped-def]
    """A number from 0 to `bound` - 1; the bias of the remainder is below 2**-40 for the bounds of a schedule."""
    return draw(strategy) % bound
