"""How many states will there be? An estimate while a depth-first search goes on, from the part that it has done.

A state whose transitions have all been tried tells how many states its later transitions have added to those that were found from
the first one. That depends on how many those were, and is taken from states with as many; so what is to come from the states of the
path is guessed from its end to its beginning. Compare the recursive estimator of Kilby, Slaney, Thiebaux and Walsh 2006
("Estimating search tree size"), which takes each later branch to be as large as the first: here most of it is known by then.
"""

import numpy as np

from emu.explore.records import GROWTH, SIZES
from emu.native import array_at, njit


@njit
def note_first(search, frame):  # type: ignore[no-untyped-def]
    """A transition from this frame's state has been followed to its end."""
    if frame.first == 0:
        frame.first = search.states - frame.state


@njit
def note_all(search, frame):  # type: ignore[no-untyped-def]
    """All transitions from this frame's state have been."""
    if frame.first == 0:
        return
    digits, rest = 0, frame.first
    while rest > 1:
        rest >>= 1
        digits += 1
    row = array_at(search.growth, SIZES, GROWTH)[digits]
    row.first += frame.first * (frame.ways - 1)
    row.further += search.states - frame.state - frame.first


def estimate(frames: np.ndarray, states: int, growth: np.ndarray) -> float:
    """How many states there may be in all; `frames` are those on the path."""
    known = np.flatnonzero(growth["first"])
    if not len(known):
        return float(states)
    factors = growth["further"] / np.maximum(growth["first"], 1)
    to_come = 0.0  # from the states further along the path
    for frame in frames[::-1]:
        first = int(frame["first"]) or states - int(frame["state"]) + to_come
        digits = min(max(int(np.log2(first)), known[0]), known[-1])
        to_come += int(frame["ways"] - frame["tried"]) * factors[digits] * first
    return states + to_come
