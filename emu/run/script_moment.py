"""Calls of a script that are made while another task is at a point: that task is held there for as long as they may take.

It is held as `--stall` holds one, so a call that needs something of its goes on when it does; who comes to the point before it is
held as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from emu.errors import UserError
from emu.run.wiring import Wired
from emu.subjects.ipc_msg.script import script as s

HOLD_CYCLES = 1_000_000  # longer than any call takes that waits for nobody


@contextmanager
def holding(wired: Wired, moment: s.Moment, where: str) -> Iterator[None]:
    """Whoever comes to a point is held there."""
    known = wired.image.points()
    if moment.point not in known:
        raise UserError(f"{where}: wanted one of the points of {wired.image.variant} ({', '.join(known)}), got {moment.point!r}")
    cycles = wired.machine.arrays["stalls.cycles"]
    cycles[wired.text.mark(moment.point)] = HOLD_CYCLES
    try:
        yield
    finally:
        cycles[wired.text.mark(moment.point)] = 0


def is_there(wired: Wired, moment: s.Moment, core: int) -> bool:
    """Whether the task, if it is on this core, is held at the point."""
    record = wired.machine.cores[core]
    at = int(record["stall_pc"]) & 2**64 - 1
    places = {mark.address for mark in wired.image.marks if (mark.kind, mark.name) == ("point", moment.point)}
    return int(record["task"]) == moment.task - 1 and at in places
