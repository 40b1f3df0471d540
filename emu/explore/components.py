"""Which states are for ever? Those that lead to each other (a strongly connected component), to no others, and to no end.

From every state transitions lead into such a component or to an end; so if there is none, an end can be reached from every state.
Tarjan's algorithm (1972) finds them while a depth-first search goes back: states are numbered in the order in which they are
found, and `low` of a frame is the lowest number that its state and those found from it lead back to.
"""

import numpy as np

from emu.native import array_at, njit

I32 = np.int32
NONE, CLOSED = -1, -2


@njit
def open_state(search, frame):  # type: ignore[no-untyped-def]
    """The search has come to the new state of this frame; the open states are a list from the newest to the oldest."""
    array_at(search.links, search.visited_capacity, I32)[frame.state] = search.newest_open
    search.newest_open = frame.state
    frame.low = frame.state
    frame.leaves = frame.first = frame.tried = 0


@njit
def meet_state(search, frame, state):  # type: ignore[no-untyped-def]
    """A transition from this frame's state leads to one that is known."""
    if array_at(search.links, search.visited_capacity, I32)[state] == CLOSED:
        frame.leaves = 1
    else:
        frame.low = min(frame.low, state)


@njit
def come_back(search, frame, child):  # type: ignore[no-untyped-def]
    """All that can be reached from the frame behind this one is known."""
    if array_at(search.links, search.visited_capacity, I32)[child.state] == CLOSED:
        frame.leaves = 1
    else:
        frame.low = min(frame.low, child.low)
        frame.leaves = max(frame.leaves, child.leaves)


@njit
def close_states(search, frame):  # type: ignore[no-untyped-def]
    """Whether the search, before it leaves this frame's state, has just seen the last of a component that is for ever."""
    links = array_at(search.links, search.visited_capacity, I32)
    if frame.low != frame.state or links[frame.state] == CLOSED:
        return False
    while links[frame.state] != CLOSED:
        state = search.newest_open
        search.newest_open = links[state]
        links[state] = CLOSED
    return frame.leaves == 0
