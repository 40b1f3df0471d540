"""A strategy as its user names it: `random`, `pct:3`, `pos`, `surw`; what it promises."""

from dataclasses import dataclass
from difflib import get_close_matches

from emu.errors import UserError
from emu.explore.strategy.records import CHANGES, STRATEGIES

NAMES = tuple(name for name in STRATEGIES if name != "replay")
PCT_DEPTH = 3
FAIR_MAX = 2_000  # events by which an agent is passed over: above what a slow path needs, far below a schedule's bound


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """Which strategy, how deep (pct), how fair, from which seed."""

    name: str
    depth: int = PCT_DEPTH
    seed: int = 1
    fair_max: int = FAIR_MAX

    @property
    def number(self) -> int:
        """As compiled code knows it."""
        return STRATEGIES.index(self.name)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.name}:{self.depth}" if self.name == "pct" else self.name

    def miss_chance(self, agents: int, events: int, schedules: int) -> float | None:
        """Most probable it can be that a bug of PCT's depth was there and so many schedules did not hit it; None: no bound."""
        if self.name != "pct" or events < 1:
            return None
        return float((1 - 1 / (agents * events ** (self.depth - 1))) ** schedules)


def strategy_named(text: str, seed: int = 1, others: tuple[str, ...] = ()) -> StrategySpec:
    """Read a strategy, or raise `UserError`; `others` are words that the caller has read itself."""
    name, colon, depth = text.partition(":")
    known = (*NAMES, *others)
    if name not in known:
        close = get_close_matches(name, known, 1)
        raise UserError(f"strategy: wanted {', '.join(known)}, got {text!r}" + (f"; did you mean {close[0]}?" if close else ""))
    if not colon:
        return StrategySpec(name, seed=seed)
    if name != "pct":
        raise UserError(f"strategy: {name} takes no depth, got {text!r}; pct:D does")
    if not depth.isdecimal() or not 1 <= int(depth) <= CHANGES:
        raise UserError(f"strategy: pct:D wants a depth D of 1 to {CHANGES}, got {text!r}")
    return StrategySpec(name, int(depth), seed)
