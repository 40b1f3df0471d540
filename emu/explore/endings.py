"""Can every state still come to an end? A lock that is lost for ever shows as states from which no end can be reached."""

import numpy as np

from emu.explore.records import EDGE, KINDS
from emu.native import address_of, array_at, njit


@njit
def _spread(edges_at, count, ending_at, states):  # type: ignore[no-untyped-def]
    edges, ending = array_at(edges_at, count, EDGE), array_at(ending_at, states, np.uint8)
    changed = True
    while changed:
        changed = False
        for back in range(count):  # a search goes forward: backwards, one pass does nearly all
            edge = edges[count - 1 - back]
            if ending[edge.target] != 0 and ending[edge.source] == 0:
                ending[edge.source] = 1
                changed = True


def without_end(edges: np.ndarray, states: int, ends: list[int]) -> np.ndarray:
    """Numbers of the states from which none of `ends` can be reached, in the order in which they were found."""
    ending = np.zeros(states, np.uint8)
    ending[ends] = 1
    if len(edges):
        _spread(address_of(edges), len(edges), address_of(ending), states)
    return np.flatnonzero(ending == 0)


def way_to(edges: np.ndarray, state: int) -> list[tuple[int, int]]:
    """The transitions, as (core, kind), that first led from the beginning to a state."""
    first: dict[int, tuple[int, int]] = {}
    for source, target, choice in edges.tolist():
        if target != 0:
            first.setdefault(target, (source, choice))
    way = []
    while state != 0:
        state, choice = first[state]
        way.append(divmod(choice, KINDS))
    return way[::-1]
