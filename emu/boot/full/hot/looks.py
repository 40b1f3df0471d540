"""Where a debugger wants full detail to stop: in front of an instruction that nothing has been done about yet.

It is looked before anything else, so what is stopped has not begun, and goes on as if it had not been stopped.
"""

import numpy as np

from emu.boot.full.hot.records import I64
from emu.engine.records import FRESH
from emu.native import array_at, njit

PLACES_MAX = 1 << 10
NOTHING, AT_PLACE, STEPPED, ACCESSED = range(4)  # STOPS.met
STOPS = np.dtype(
    [
        ("armed", I64),  # whether anything stops
        ("places", I64),  # host address of I64[PLACES_MAX]: addresses of instructions
        ("place_count", I64),
        ("step", I64),  # a core that stops at its next instruction, -1: none
        ("accessed", I64),  # a core that has touched what is watched: it stops there, too
        ("passes", I64),  # host address of PASS[cores]
        ("met", I64),
        ("core", I64),  # that was stopped
    ]
)
PASS = np.dtype([("pc", I64), ("count", I64)])  # the instruction that a core goes on with, and what it had retired there


@njit
def is_stop(stops, core, address):  # type: ignore[no-untyped-def]
    """Whether a debugger wants to stop here. An instruction that has had to wait for its turn comes again."""
    if stops.armed == 0 or core.stage != FRESH:
        return False
    passed = array_at(stops.passes, core.index + 1, PASS)[core.index]
    if passed.pc == address and passed.count == core.instructions:
        return False
    met = I64(NOTHING)
    places = array_at(stops.places, PLACES_MAX, I64)
    for each in range(stops.place_count):
        if places[each] == address:
            met = I64(AT_PLACE)
    if stops.step == core.index:
        met = I64(STEPPED)
    if stops.accessed == core.index:
        met = I64(ACCESSED)
    if met == NOTHING:
        return False
    stops.met, stops.core = met, core.index
    passed.pc, passed.count = address, core.instructions
    return True
