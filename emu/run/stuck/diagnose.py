"""From how a slice of a run ended to why the run does not go on."""

from emu.engine import records as rec
from emu.run.stuck.bound import passed_bound
from emu.run.stuck.deadlock import WAIT_CYCLES, find_deadlock
from emu.run.stuck.facts import Stuck
from emu.run.stuck.fault import fault
from emu.run.stuck.livelock import SPIN_CYCLES, find_livelock
from emu.run.stuck.lost_wakeup import find_lost_wakeup
from emu.run.stuck.view import View
from emu.run.wiring import Wired


def diagnose(wired: Wired, outcome: int, bound: str, *, ticks: bool) -> Stuck | None:
    """Why a machine whose slice ended with `outcome` does not go on; None if it does. `bound` says which one it may have passed."""
    goes_on = outcome in (rec.SLICE_DONE, rec.TRACE_FULL)
    if goes_on and not _suspicious(wired):
        return None
    view = View(wired, ticks=ticks)
    if outcome == rec.FAULT:
        return fault(view)
    if goes_on:
        return find_livelock(view) or find_deadlock(view)
    return find_livelock(view) or find_lost_wakeup(view) or find_deadlock(view) or passed_bound(view, bound)


def _suspicious(wired: Wired) -> bool:
    """Whether a core has spun or waited for longer than a sound run lets it."""
    cores = wired.machine.cores
    spun = (cores["spin"]["probe"] >= 0) & (cores["clock"] - cores["spin"]["start"] >= SPIN_CYCLES)
    depth = cores["wait"]["depth"]
    since = cores["wait"]["start"][range(len(cores)), (depth - 1).clip(0)]
    return bool((spun | ((depth > 0) & (cores["clock"] - since >= WAIT_CYCLES))).any())
