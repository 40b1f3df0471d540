"""What keeps a strategy from starving somebody: staying for a while, falling behind, and the end of a replay."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from emu.explore.strategy.choose import begin_schedule, choose
from emu.explore.strategy.records import PCT, RANDOM, REPLAY, STRATEGY
from emu.native import address_of, array_at


class Agents:
    """So many agents that can always go on."""

    def __init__(self, count: int, kind: int, tokens: Sequence[tuple[int, int]] = (), **figures: int) -> None:
        self._record = np.zeros(1, STRATEGY)
        self._tokens = np.array(tokens, np.int64).reshape(-1, 2)
        self.strategy: Any = array_at(address_of(self._record), 1, STRATEGY)[0]
        self._record["agents"], self._record["kind"], self._record["depth"] = count, kind, 1
        self._record["tokens"], self._record["token_count"] = address_of(self._tokens), len(tokens)
        self._record["enabled"][0, :count] = 1
        self._record["address"] = -1
        for name, value in figures.items():
            self._record[name] = value

    def schedule(self, length: int, number: int = 1) -> list[int]:
        begin_schedule(self.strategy, number)
        return [int(choose(self.strategy)) for _ in range(length)]


def switches(chosen: Sequence[int]) -> int:
    return sum(one != other for one, other in pairwise(chosen))


def test_a_random_walk_stays_as_long_as_it_is_told_on_average() -> None:
    for bits in (2, 4, 6):
        chosen = Agents(4, RANDOM, stay_bits=bits).schedule(20_000)
        assert 0.7 < switches(chosen) * 2**bits / (20_000 * 3 / 4) < 1.3
        assert set(chosen) == {0, 1, 2, 3}


def test_without_that_it_switches_as_chance_has_it() -> None:
    assert 0.9 < switches(Agents(4, RANDOM).schedule(4000)) / 3000 < 1.1


def test_in_pct_who_held_others_up_falls_behind_all_of_them() -> None:
    chosen = Agents(3, PCT, fair_max=10).schedule(100)
    assert chosen[:10] == [chosen[0]] * 10
    assert set(chosen[:25]) == {0, 1, 2}
    assert max(Counter(chosen).values()) < 60
    assert switches(chosen) < 20  # and not one event of the others between ten of its own


def test_a_replay_is_fair_once_its_tokens_are_over_and_not_before() -> None:
    chosen = Agents(2, REPLAY, [(0, 30), (1, 1), (0, 30)], fair_max=10).schedule(100)
    assert chosen[:61] == [0] * 30 + [1] + [0] * 30
    assert set(chosen[61:]) == {0, 1}
