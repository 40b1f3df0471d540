"""Fairness of a lock: how many others go through the section between a core's asking for it and its being there.

A core has asked with the first store or locked instruction in `acquire` that touches the lock itself: then it queues, or spins.
"""

from enum import Enum, auto

import numpy as np

from emu.explore.records import KINDS, STEP
from emu.image import Routine
from emu.native import MASK64


class _Stage(Enum):
    OUTSIDE = auto()
    ASKING = auto()
    INSIDE = auto()


def overtaken_most(choices: np.ndarray, acquire: Routine, lock: range, counter: int) -> int:
    """Most sections of others between a core's asking and its own, in one schedule; a section begins with a read of the counter."""
    stage: dict[int, _Stage] = {}
    asked_at: dict[int, int] = {}
    sections = most = 0
    for each in choices:
        core, kind = divmod(int(each["agent"]), KINDS)
        if kind != STEP:
            continue
        if each["address"] == counter:
            if not each["writes"]:
                most = max(most, sections - asked_at.pop(core, sections))
                sections += 1
            stage[core] = _Stage.INSIDE
            continue
        pc = int(each["pc"]) & MASK64
        if acquire.address <= pc < acquire.address + acquire.size:
            if stage.get(core) is _Stage.INSIDE:
                stage[core] = _Stage.OUTSIDE
            if each["writes"] and each["address"] in lock and stage.get(core) is not _Stage.ASKING:
                stage[core], asked_at[core] = _Stage.ASKING, sections
    return most
