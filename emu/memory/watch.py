"""Lines that cores wait for: a core that only rereads a line may be left alone until somebody writes it, or takes it away.

`bus.now` and `bus.actor` say who does so, and when: a core's access, or a store that drains (NOBODY), which comes before all
accesses of that cycle.
"""

import numpy as np

from emu.memory.records import WATCH
from emu.native import NEVER, array_at, njit


@njit
def act(bus, core, now):  # type: ignore[no-untyped-def]
    """From here on, a core changes lines, or the store that drains at that time does."""
    bus.now = now
    bus.actor = core


@njit
def watch(bus, core, line):  # type: ignore[no-untyped-def]
    """A core waits for a change of a line."""
    watch = array_at(bus.watching.watches, bus.cores, WATCH)[core]
    watch.line = line
    watch.at = NEVER
    array_at(bus.watching.watched, bus.lines, np.uint8)[line] = 1


@njit
def disturb(bus, line):  # type: ignore[no-untyped-def]
    """A line is written, or leaves an L1: whoever waits for it learns when, and by whom."""
    if bus.watching.watched == 0 or array_at(bus.watching.watched, bus.lines, np.uint8)[line] == 0:
        return
    watches = array_at(bus.watching.watches, bus.cores, WATCH)
    for core in range(bus.cores):
        if watches[core].line == line and watches[core].at == NEVER:
            watches[core].at = bus.now
            watches[core].actor = bus.actor
            bus.watching.disturbed = 1
    array_at(bus.watching.watched, bus.lines, np.uint8)[line] = 0
