"""Random walk: each agent that may go on is as likely as any other; with `stay_bits`, the one that went last stays for a while."""

from emu.explore.strategy.chance import below
from emu.explore.strategy.records import NOBODY
from emu.native import njit


@njit
def pick_at_random(strategy):  # type: ignore[no-untyped-def]
    """One of the agents that may go on, or NOBODY. Whoever went last goes on with all but one of 2**stay_bits chances."""
    last = strategy.current
    if strategy.stay_bits > 0 and last != NOBODY and strategy.enabled[last] != 0 and below(strategy, 1 << strategy.stay_bits) != 0:
        return last
    ready = 0
    for agent in range(strategy.agents):
        ready += strategy.enabled[agent]
    if ready == 0:
        return NOBODY
    left = below(strategy, ready)
    for agent in range(strategy.agents):
        if strategy.enabled[agent] != 0:
            if left == 0:
                return agent
            left -= 1
    return NOBODY
