"""Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010): priorities by chance, changed a few times by chance.

The agent of highest priority goes. A bug that d events in the right order make is hit with probability 1 / (n k^(d-1)) at least
by one schedule of n agents and k events.
"""

from emu.explore.strategy.chance import below, draw
from emu.explore.strategy.records import NOBODY
from emu.native import njit


@njit
def begin_pct(strategy):  # type: ignore[no-untyped-def]
    """Priorities of all agents, above those that a change will give, and where the changes are."""
    for agent in range(strategy.agents):
        strategy.priority[agent] = strategy.depth + draw(strategy)
    for change in range(strategy.depth - 1):
        strategy.change_at[change] = below(strategy, max(strategy.events_expected, 1))


@njit
def pick_by_priority(strategy):  # type: ignore[no-untyped-def]
    """The agent of highest priority that may go on, or NOBODY."""
    best = NOBODY
    for agent in range(strategy.agents):
        if strategy.enabled[agent] != 0 and (best == NOBODY or strategy.priority[agent] > strategy.priority[best]):
            best = agent
    return best


@njit
def pick_pct(strategy):  # type: ignore[no-untyped-def]
    """The same, after the changes that are due."""
    for change in range(strategy.depth - 1):
        if strategy.change_at[change] == strategy.events:
            falls = pick_by_priority(strategy)
            if falls != NOBODY:
                strategy.priority[falls] = change
    return pick_by_priority(strategy)


@njit
def fall_behind_all(strategy):  # type: ignore[no-untyped-def]
    """Fairness has had enough of the agent of highest priority: it falls behind all others, and those that it held up go first."""
    falls = pick_by_priority(strategy)
    if falls != NOBODY:
        strategy.fallen += 1
        strategy.priority[falls] = -strategy.fallen
