"""What a gear has counted, as plain values."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from emu.boot.full.gear import FullGear
from emu.boot.full.lock_log import owner_figures
from emu.boot.full.measured import SPIN_LOCK, LockFigures, Measured, SiteFigures
from emu.native import MASK64
from emu.trace.record import Cause, State
from emu.units import LINE_BYTES

LINES = 1000  # most moved ones that are named
COUNTS = (
    "page_changes", "decodes", "crossings", "code_stores", "unordered", "exceptions", "page_faults", "road_reads", "forced_drains",
)  # fmt: skip
FIGURES = (
    "acquisitions", "contended", "wait_cycles", "wait_cycles_min", "wait_cycles_max", "hold_cycles", "hold_cycles_min",
    "hold_cycles_max", "spin_iterations",
)  # fmt: skip


def measure(gear: FullGear, host_seconds: float) -> Measured:
    """Of a region that is over."""
    machine = gear.machine
    by_core = tuple({state.name.lower(): int(core["cycles"][state]) for state in State} for core in machine.cores)
    causes = machine.cores["cycles_by_cause"].sum(axis=0)
    return Measured(
        cores=machine.count,
        cycles=machine.cycles,
        hertz=gear.description.clock_hz.value,
        instructions=machine.instructions,
        instructions_by_core=tuple(int(each) for each in machine.cores["instructions"]),
        host_seconds=host_seconds,
        digest=machine.digest,
        cycles_by_state={state.name.lower(): sum(each[state.name.lower()] for each in by_core) for state in State},
        cycles_by_cause={cause.name.lower(): int(causes[cause]) for cause in Cause},
        cycles_by_core=by_core,
        estimated=_estimated(gear),
        locks=(*_spin_locks(gear), *gear.log.locks.figures()),
        events={name: int(machine.counts("marks.counts")[number]) for number, name in enumerate(gear.decoder.events)},
        interrupts=dict(sorted(gear.interrupts.items())),
        interprocessor_interrupts=dict(sorted(gear.agenda.ipis.items())),
        coherence=machine.bus.counts(),
        lines=tuple(_lines(gear)),
        tasks=tuple(gear.log.tasks.figures(machine.cycles)),
        counts={name: int(machine.fulls[name].sum()) for name in COUNTS},
    )


def _estimated(gear: FullGear) -> dict[str, int]:
    counted = gear.machine.arrays["estimated"]
    found = Counter[str]()
    for number in np.flatnonzero(counted):
        found[gear.decoder.names[number]] += int(counted[number])
    return dict(found.most_common())


def _spin_locks(gear: FullGear) -> Iterator[LockFigures]:
    """Every word that was released as a lock is: what never was is none, whatever its values."""
    sites = gear.machine.sites
    of_lock: dict[int, list[np.void]] = {}
    for site in sites[sites["address"] != 0]:
        of_lock.setdefault(int(site["lock"]), []).append(site)
    for number, used in sorted(of_lock.items()):
        lock = gear.machine.locks[number]
        if not any(site["holds"].sum() for site in used):
            continue
        yield LockFigures(
            physical=int(lock["address"]),
            virtual=int(lock["virtual"]) & MASK64,
            kind=SPIN_LOCK,
            sites=tuple(_site(site) for site in sorted(used, key=lambda each: int(each["address"]) & MASK64)),
            wait_histogram=tuple(int(each) for each in sum(site["waits"] for site in used)),
            hold_histogram=tuple(int(each) for each in sum(site["holds"] for site in used)),
            owners=owner_figures(gear.log.spin_owners.get(number, Counter())),
        )


def _site(site: np.void) -> SiteFigures:
    figures = {name: int(site[name]) for name in FIGURES}
    return SiteFigures(address=int(site["address"]) & MASK64, wakeups=int(site["events"]), **figures)


def _lines(gear: FullGear) -> Iterator[tuple[int, int]]:
    moves = gear.line_moves
    most = np.argsort(moves, kind="stable")[::-1][:LINES]
    return ((int(line) * LINE_BYTES, int(moves[line])) for line in most if moves[line])
