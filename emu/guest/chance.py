"""What a run leaves to chance, and a seed decides. The same seed, the same run.

- Start offsets: how long each task waits before its first call, up to `START_DELAY_MAX` iterations of a two-instruction loop.
- Placement ties: among cores that fork balancing finds equally free, where an unpinned task starts (`emu.guest.placement`).
- Timer phase: where in its period the first tick falls. All cores tick together, as in Linux without `skew_tick`.

Nothing else is left to chance: which idle core a wakeup takes, for one, follows from the order of the scheduling domains.
Each of the three draws from a stream of its own, so that turning one off leaves the others as they are.
"""

from collections.abc import Iterator

START_DELAY_MAX = 2048  # iterations of the two-instruction delay loop before a thread's first call
PLACEMENT_STREAM, TICK_STREAM = 1, 2
MASK64 = 2**64 - 1


def start_delays(seed: int) -> Iterator[int]:
    """Endless delays, from which each task takes one, in iterations of its delay loop."""
    return (word % START_DELAY_MAX for word in _splitmix64(seed))


def placement_words(seed: int) -> Iterator[int]:
    """Endless 64-bit numbers, from which each tie takes one."""
    return _stream(seed, PLACEMENT_STREAM)


def tick_phase(seed: int, period_cycles: int) -> int:
    """Cycles from the start of the run to the first tick, 1 to `period_cycles`."""
    return 1 + next(_stream(seed, TICK_STREAM)) % period_cycles


def _stream(seed: int, number: int) -> Iterator[int]:
    """One of several sequences that have nothing to do with each other: it begins at a word of the seed and its number."""
    return _splitmix64(next(_splitmix64(next(_splitmix64(seed)) ^ number)))


def _splitmix64(state: int) -> Iterator[int]:
    """Endless 64-bit random numbers (Steele, Lea, Flood 2014): the same on every Python."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK64
        word = state
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK64
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK64
        yield word ^ (word >> 31)
