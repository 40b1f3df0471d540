"""What is kept of a core whose loop may be one that waits: how it stood one iteration ago, and what an iteration changes."""

import numpy as np

from emu.engine.records import CORE, LOADS, ORDERED, PAUSE, PROBED, VALID
from emu.timing.pipeline import PIPELINE

I64 = np.int64
FIRST_LOOK = 40  # visits of the same load before a look: the reorder buffer is full of the loop by then
LOOK_AGAIN = 40  # and from one look that found something else to the next
HEADS = 3  # times in a row that the core must stand in front of the load in the same way
BODY_MAX = 16  # instructions of an iteration
PERIODS_A_FLIGHT = 4  # iterations that fit at least into the time that an interrupt takes to arrive
MARGIN = 8  # iterations: nothing is parked that close to an interrupt
EARLY = 2  # iterations: a parked core goes on so long before one, or before the end
GENERAL_REGISTERS = 16
ALLOWED = VALID | ORDERED | LOADS | PAUSE | PROBED  # traits of the instructions of such a loop
CORE_BYTES = CORE.itemsize
CORE_WORDS, PIPELINE_WORDS = CORE.itemsize // 8, PIPELINE.itemsize // 8
PARK = np.dtype(
    [
        ("core", I64),  # host address of a CORE: how it stood at the last look
        ("pipeline", I64),  # and of its PIPELINE
        ("registers", I64, (GENERAL_REGISTERS + 1,)),  # and RFLAGS
        ("heads", I64),  # looks in a row that found it the same
        ("visits", I64),  # CORE.visit.count at the last one
        ("change", I64, (CORE_WORDS,)),  # of each word of CORE in an iteration
        ("body", I64),  # instructions of an iteration, the load first:
        ("pcs", I64, (BODY_MAX,)),
        ("retired", I64, (BODY_MAX,)),  # when they did so in the last one
        ("pauses", I64),
    ]
)
# Words of CORE that are no part of how it stands, or that are brought up to date apart.
APART = ("limit", "horizon", "stop", "digest", "history", "retired", "visit.wanted", "event_value", "kept")


def _apart() -> np.ndarray:
    """A word for each of CORE: 1 if it is one of those."""
    words = np.zeros(CORE_WORDS, I64)
    for path in APART:
        kind, at = CORE, 0
        for name in path.split("."):
            kind, offset = kind.fields[name][:2]  # type: ignore[index]
            at += offset
        words[at // 8 : (at + kind.itemsize) // 8] = 1
    return words


IS_APART = _apart()
