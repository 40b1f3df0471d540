"""Replay: agents in a given order, each so often; then whoever went last goes on for as long as it can."""

from emu.explore.strategy.records import I64, NOBODY
from emu.native import array_at, njit


@njit
def pick_replay(strategy):  # type: ignore[no-untyped-def]
    """The agent that is written down; one that may not go on now is counted as refused, and the next one tried."""
    tokens = array_at(strategy.tokens, 2 * strategy.token_count, I64)
    while strategy.token < strategy.token_count:
        agent, count = tokens[2 * strategy.token], tokens[2 * strategy.token + 1]
        if strategy.token_done < count and strategy.enabled[agent] != 0:
            strategy.token_done += 1
            return agent
        strategy.refused += max(count - strategy.token_done, 0)
        strategy.token += 1
        strategy.token_done = 0
    return stay(strategy)


@njit
def stay(strategy):  # type: ignore[no-untyped-def]
    """The agent that was chosen last if it may go on, else the first that may, or NOBODY."""
    if strategy.current != NOBODY and strategy.enabled[strategy.current] != 0:
        return strategy.current
    for agent in range(strategy.agents):
        if strategy.enabled[agent] != 0:
            return agent
    return NOBODY
