"""Replay: agents in a given order, each so often; then whoever went last goes on for as long as it can."""

from emu.explore.strategy.records import I64, NOBODY, REPLAY
from emu.native import array_at, njit

TO_ITS_END = 1 << 30  # as often as an agent may go on, in place of a count


@njit
def is_told(strategy):  # type: ignore[no-untyped-def]
    """Whether this step is written down by itself: then it is taken, even by a core that is known to wait for a change."""
    if strategy.kind != REPLAY or strategy.token >= strategy.token_count:
        return False
    return array_at(strategy.tokens, 2 * strategy.token_count, I64)[2 * strategy.token + 1] < TO_ITS_END


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
