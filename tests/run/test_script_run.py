"""Scripts on the emulated machine: blocked receivers, hand-offs, queued messages, in both variants."""

import pytest

from emu.errors import UserError
from emu.guest.script_check import mismatches
from emu.guest.script_text import parse
from emu.run.script_run import run_script

HAND_OFF = """tasks 3
t1: recv type=1 size=8 -> blocks
t3: recv type=3 size=8 -> blocks
t2: send type=3 size=8 fill=3 -> 0
t3: returns 8 type=3 text=0x030a11181f262d34
t2: send type=1 size=8 fill=4 -> 0
t1: returns 8 type=1 text=0x040b121920272e35
"""
QUEUED = """tasks 2
t1: send type=2 size=8 fill=1 -> 0
t1: send type=1 size=8 fill=2 -> 0
t1: send type=2 size=8 fill=3 -> 0
t2: recv type=1 size=8 -> 8 type=1 text=0x020910171e252c33
t2: recv type=0 size=8 -> 8 type=2 text=0x01080f161d242b32
t2: recv type=2 size=8 -> 8 type=2 text=0x030a11181f262d34
t1: recv type=2 size=8 -> blocks
t2: send type=2 size=8 -> 0
t1: returns 8 type=2
"""


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
@pytest.mark.parametrize("text", [HAND_OFF, QUEUED], ids=["hand-off", "queued"])
def test_what_is_expected_comes(text: str, variant: str) -> None:
    script = parse(text)
    assert mismatches(script, run_script(script, variant, "a10-7800")) == []


def test_a_wrong_expectation_is_noticed() -> None:
    script = parse(HAND_OFF.replace("-> 0\nt1: returns 8", "-> 0\nt1: returns 7"))
    assert len(mismatches(script, run_script(script, "wakeq", "a10-7800"))) == 1


def test_what_cannot_be_done_is_refused_by_its_line() -> None:
    twice = parse("tasks 1\nt1: recv type=1\nt1: recv type=2\n", "case")
    with pytest.raises(UserError, match=r"case:3: t1 sleeps in an earlier call"):
        run_script(twice, "baseline", "a10-7800")
