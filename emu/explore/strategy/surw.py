"""Uniform random walk (the base of SURW: Zhao and others, ASPLOS 2025): an agent is as likely as it has events left.

So each interleaving of the expected events is as likely as any other, where a plain random walk prefers those that change early.
"""

from emu.explore.strategy.chance import below
from emu.explore.strategy.records import NOBODY
from emu.native import njit


@njit
def left(strategy, agent):  # type: ignore[no-untyped-def]
    """Events that an agent has left, as far as is known: one that may go on has one at least."""
    return max(strategy.expected[agent] - strategy.done[agent], 1) if strategy.enabled[agent] != 0 else 0


@njit
def pick_surw(strategy):  # type: ignore[no-untyped-def]
    """One of the agents that may go on by what each has left, or NOBODY."""
    total = 0
    for agent in range(strategy.agents):
        total += left(strategy, agent)
    if total == 0:
        return NOBODY
    place = below(strategy, total)
    for agent in range(strategy.agents):
        place -= left(strategy, agent)
        if place < 0:
            return agent
    return NOBODY
