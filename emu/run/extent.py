"""How far a hunt goes, and by what: one strategy, or, where none is asked for, walks, the whole search, and walks again."""

from dataclasses import dataclass, replace

from emu.explore.strategy.spec import StrategySpec, strategy_named
from emu.run.hunt import EXHAUSTIVE, Leg

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
            return [Leg(strategy_named(self.strategy, self.seed), bound)]
        first = min(WALK_FIRST, bound)
        pct = StrategySpec("pct", seed=self.seed)
        return [
            Leg(StrategySpec("random", seed=self.seed), first // 4, 0.2),
            Leg(pct, first, 0.4),
            Leg(None, states, 0.4 + SEARCH_SHARE / 2),
            Leg(replace(pct, seed=self.seed + 1), bound),
        ]
