"""A schedule that fails, with as few switches as can be found: those that it does not need are left out, the rest stays as it was.

Leaving a turn out means that its core does later, when it is next chosen, what it would have done in it. What is left of a schedule
goes on by itself: whoever went last stays for as long as it can.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from emu.explore.replay_string import Token, joined

TRIES_MIN, TRIES_MAX = 20, 400
INSTRUCTIONS = 60_000_000  # of all tries together, about


class Minimiser:
    """Shortens one schedule; `fails` says whether tokens still lead to the same failure."""

    def __init__(self, fails: Callable[[Sequence[Token]], bool], instructions: int) -> None:
        """Nothing tried; a try takes about so many instructions."""
        self._fails, self.tries = fails, 0
        self._most = min(max(INSTRUCTIONS // max(instructions, 1), TRIES_MIN), TRIES_MAX)

    def minimise(self, tokens: Sequence[Token]) -> tuple[Token, ...]:
        """Fewest turns that as many tries find; of equal many, the failure that comes first."""
        best = self._cut_end(joined(tokens))
        size = max(len(best) // 2, 1)
        while self.tries < self._most:
            shorter = self._leave_out(best, size)
            if len(shorter) == len(best) and size == 1:
                break
            if len(shorter) == len(best) or size > len(shorter) // 2:
                size = max(size // 2, 1)
            best = shorter
        return tuple(best)

    def _try(self, tokens: Sequence[Token]) -> bool:
        self.tries += 1
        return self._fails(tokens)

    def _cut_end(self, tokens: list[Token]) -> list[Token]:
        """The shortest beginning that is enough, as far as halving finds it."""
        low, high = 0, len(tokens)
        while low < high and self.tries < self._most:
            middle = (low + high) // 2
            if self._try(tokens[:middle]):
                high = middle
            else:
                low = middle + 1
        return tokens[:high]

    def _leave_out(self, tokens: list[Token], size: int) -> list[Token]:
        """Try to leave out each stretch of `size` turns, from the end on: the later ones are those that least depends on."""
        at = len(tokens) - size
        while at >= 0 and self.tries < self._most:
            shorter = without(tokens, at, at + size)
            if len(shorter) < len(tokens) and self._try(shorter):
                tokens = shorter
            at = min(at - size, len(tokens) - size)
        return tokens


def without(tokens: Sequence[Token], begin: int, end: int) -> list[Token]:
    """Tokens without some turns: what those did is done when their agents are next chosen."""
    put_off = Counter[int]()
    for agent, count in tokens[begin:end]:
        put_off[agent] += count
    return joined([*tokens[:begin], *((agent, count + put_off.pop(agent, 0)) for agent, count in tokens[end:])])
