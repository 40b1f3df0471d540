"""One message by the real msgsnd and msgrcv of both variants under every order of instructions, drains and interrupts."""

import pytest

from bench.explore.hand_off import MOMENTS, RIGHT, explore
from emu.explore.explorer import Bounds

BOUNDS = Bounds(states=2_000_000, depth=4_000)


LONGEST = ("both about to call", "baseline")
CASES = [(moment, variant) for moment in MOMENTS for variant in ("baseline", "wakeq")]


@pytest.mark.parametrize(
    ("moment", "variant"), [pytest.param(*case, marks=pytest.mark.deep) if case == LONGEST else case for case in CASES]
)
def test_the_message_arrives_whole_and_once_in_every_order(variant: str, moment: str) -> None:
    found = explore(variant, moment, BOUNDS)
    assert list(found.outcomes) == [RIGHT]
    assert not found.endless, "a core sleeps or spins for ever"
    assert found.states > 500


def test_nothing_is_lost_by_leaving_out_what_nobody_can_notice() -> None:
    whole = explore("wakeq", "receiver asleep", BOUNDS, reduced=False)
    assert list(whole.outcomes) == [RIGHT]
    assert not whole.endless
    assert whole.states > 1_000 * explore("wakeq", "receiver asleep", BOUNDS).states
