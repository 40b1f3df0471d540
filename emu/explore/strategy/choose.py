"""The interface of all strategies: `begin_schedule`, then `choose` again and again."""

from emu.explore.strategy.chance import begin_chance
from emu.explore.strategy.pct import begin_pct, fall_behind_all, pick_pct
from emu.explore.strategy.pos import begin_pos, pick_pos
from emu.explore.strategy.random_walk import pick_at_random
from emu.explore.strategy.records import NOBODY, PCT, POS, RANDOM, REPLAY
from emu.explore.strategy.replay import pick_replay
from emu.explore.strategy.surw import pick_surw
from emu.native import njit


@njit
def begin_schedule(strategy, schedule):  # type: ignore[no-untyped-def]
    """Begin schedule number `schedule`: what it will choose is a function of the seed, that number and what it is shown."""
    begin_chance(strategy, schedule)
    strategy.events = 0
    strategy.current = NOBODY
    strategy.token = strategy.token_done = strategy.refused = strategy.fallen = 0
    for agent in range(strategy.agents):
        strategy.done[agent] = strategy.passed_over[agent] = 0
    if strategy.kind == PCT:
        begin_pct(strategy)
    elif strategy.kind == POS:
        begin_pos(strategy)


@njit
def choose(strategy):  # type: ignore[no-untyped-def]
    """The agent that goes next, or NOBODY if none may."""
    agent = waits_longest(strategy)
    if agent == NOBODY:
        if strategy.kind == RANDOM:
            agent = pick_at_random(strategy)
        elif strategy.kind == PCT:
            agent = pick_pct(strategy)
        elif strategy.kind == POS:
            agent = pick_pos(strategy)
        elif strategy.kind == REPLAY:
            agent = pick_replay(strategy)
        else:
            agent = pick_surw(strategy)
    elif strategy.kind == PCT:
        fall_behind_all(strategy)
    if agent != NOBODY:
        note_choice(strategy, agent)
    return agent


@njit
def waits_longest(strategy):  # type: ignore[no-untyped-def]
    """An agent that has been passed over as often as fairness allows, or NOBODY; a replay is as fair as what it repeats."""
    if strategy.fair_max == 0 or (strategy.kind == REPLAY and strategy.token < strategy.token_count):
        return NOBODY
    longest = NOBODY
    for agent in range(strategy.agents):
        waits = strategy.passed_over[agent]
        if (
            strategy.enabled[agent] != 0
            and waits >= strategy.fair_max
            and (longest == NOBODY or waits > strategy.passed_over[longest])
        ):
            longest = agent
    return longest


@njit
def note_choice(strategy, chosen):  # type: ignore[no-untyped-def]
    """Count the event."""
    strategy.events += 1
    strategy.done[chosen] += 1
    strategy.current = chosen
    for agent in range(strategy.agents):
        if agent == chosen or strategy.enabled[agent] == 0:
            strategy.passed_over[agent] = 0
        else:
            strategy.passed_over[agent] += 1
