"""Partial order sampling (Yuan, Yang and Gu, CAV 2018): a priority an event, drawn anew for those that race with what was done."""

from emu.explore.strategy.chance import draw
from emu.explore.strategy.pct import pick_by_priority
from emu.explore.strategy.records import UNKNOWN
from emu.native import njit

WORD_SHIFT = 3


@njit
def begin_pos(strategy):  # type: ignore[no-untyped-def]
    """Priorities of the first events."""
    for agent in range(strategy.agents):
        strategy.priority[agent] = draw(strategy)


@njit
def pick_pos(strategy):  # type: ignore[no-untyped-def]
    """The event of highest priority; its agent's next one, and those that race with it, get new priorities."""
    chosen = pick_by_priority(strategy)
    if chosen < 0:
        return chosen
    for agent in range(strategy.agents):
        if agent == chosen or races(strategy, agent, chosen):
            strategy.priority[agent] = draw(strategy)
    return chosen


@njit
def races(strategy, one, other):  # type: ignore[no-untyped-def]
    """Whether the next events of two agents touch one word, and one of them changes it."""
    if strategy.address[one] == UNKNOWN or strategy.address[other] == UNKNOWN:
        return False
    same = strategy.address[one] >> WORD_SHIFT == strategy.address[other] >> WORD_SHIFT
    return same and (strategy.writes[one] != 0 or strategy.writes[other] != 0)
