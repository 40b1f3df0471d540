"""A schedule that fails, made simple: a cause rather than what comes of it, fewest switches of cores, then the earliest."""

from collections.abc import Callable

from emu.explore.records import DRAIN, KINDS, STEP
from emu.explore.strategy.replay import TO_ITS_END
from emu.schedules.walker import Tokens, switches

TRIES_MAX = 600  # replays

TURNS = 12  # between instructions that wait for stores: enough for a way out of the kernel

Fails = Callable[[Tokens], tuple[int, Tokens] | None]  # how far from a cause it fails, and what was chosen up to there


def minimise(tokens: Tokens, fails: Fails, should_stop: Callable[[], bool] = lambda: False) -> Tokens:
    """Try to leave runs of choices out, and to let others come together, for as long as that makes it simpler."""
    best, tries = fails(tokens) or (0, tokens), 0
    again = True
    while again:
        again = False
        for candidate in _simpler(best[1]):
            tries += 1
            if tries > TRIES_MAX or should_stop():
                return best[1]
            found = fails(candidate)
            if found is not None and _cost(*found) < _cost(*best):
                best, again = found, True
                break
    return best[1]


def _cost(rank: int, tokens: Tokens) -> tuple[int, int, int, int]:
    return rank, switches(tokens), sum(count for _, count in tokens), len(tokens)


def _simpler(tokens: Tokens) -> list[Tokens]:
    """Candidates: a core that goes on as long as it can, an end left out, a run joined to the next of its agent, a run left out."""
    stretched = [(*tokens[:at], *_all_of(tokens[at][0] // KINDS), *tokens[at + 1 :]) for at in range(len(tokens) - 1, -1, -1)]
    cut = [tokens[:place] for place in _halving(len(tokens))]
    dropped = [tokens[:at] + tokens[at + 1 :] for at in range(len(tokens) - 1, -1, -1)]
    joined = [_joined(tokens, at) for at in range(len(tokens) - 2)]
    return stretched + cut + joined + dropped


def _all_of(core: int) -> Tokens:
    """A core's instructions and drains, in turns, for as long as there are any."""
    step, drain = core * KINDS + STEP, core * KINDS + DRAIN
    return ((step, TO_ITS_END), (drain, TO_ITS_END)) * TURNS


def _halving(length: int) -> list[int]:
    places, step = [], length
    while step > 1:
        step = -(-step // 2)
        places.append(step)
        places.append(length - step)
    return sorted(set(places) - {length})


def _joined(tokens: Tokens, at: int) -> Tokens:
    """The run at a place joined to the next run of the same agent."""
    agent, count = tokens[at]
    for later in range(at + 1, len(tokens)):
        if tokens[later][0] == agent:
            return (*tokens[:at], *tokens[at + 1 : later], (agent, count + tokens[later][1]), *tokens[later + 1 :])
    return tokens[:at] + tokens[at + 1 :]
