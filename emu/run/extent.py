"""How far a hunt goes, by what, and who looks. Where no strategy is asked for: walks, the whole search, and walks again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emu.errors import UserError
from emu.explore.strategy.spec import StrategySpec, strategy_named
from emu.run.hunt import EXHAUSTIVE, FAIRNESS, OFF, Leg
from emu.schedules.data_races import CHECKER as DATA_RACE

AUTO = "auto"
STATES_A_SCHEDULE = 100  # of a whole search, where the budget is a number of schedules
WALK_FIRST, SEARCH_SHARE = 2_000, 0.5
FOREVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Extent:
    """What was asked for."""

    strategy: str = AUTO
    seconds: float = float("inf")  # of the host's clock, for all scenarios together
    schedules: int | None = None  # of a strategy and scenario
    seed: int = 1

    def legs(self) -> list[Leg]:
        """What is done with each scenario; a strategy that is not there is a `UserError`."""
        bound = self.schedules or FOREVER
        states = bound if self.schedules is None else bound * STATES_A_SCHEDULE
        if self.strategy == EXHAUSTIVE:
            return [Leg(None, states)]
        if self.strategy != AUTO:
            return [Leg(strategy_named(self.strategy, self.seed, (EXHAUSTIVE, AUTO)), bound)]
        first = min(WALK_FIRST, bound)
        pct = StrategySpec("pct", seed=self.seed)
        return [
            Leg(StrategySpec("random", seed=self.seed), first // 4, 0.2),
            Leg(pct, first, 0.4),
            Leg(None, states, 0.4 + SEARCH_SHARE / 2),
            Leg(replace(pct, seed=self.seed + 1), bound),
        ]


def checkers_off(
    also: Sequence[str], without: Sequence[str], known: Sequence[str], optional: Sequence[str], strategy: str
) -> frozenset[str]:
    """Who does not look, as a user names those that do too and those that do not; `known` are those that look by themselves."""
    for name in also:
        if name not in optional:
            raise UserError(f"with: wanted {' or '.join(optional)}, got {name!r}; all others look unless they are left out")
        if name == DATA_RACE and strategy == EXHAUSTIVE:
            raise UserError(f"--with {name}: it looks at walks, and {EXHAUSTIVE} makes none; take auto, random, pct:D, pos or surw")
        if name == FAIRNESS and strategy not in (AUTO, EXHAUSTIVE):
            raise UserError(f"--with {name}: a whole search proves it, and {strategy} is none; take {AUTO} or {EXHAUSTIVE}")
    for name in without:
        if name not in known:
            raise UserError(f"without: wanted one of {', '.join(known)}, got {name!r}")
    return frozenset(without) | (OFF - frozenset(also))
