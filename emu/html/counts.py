"""Sums of a run, counted from its trace: the same numbers as the run's own report has, to the last one."""

from dataclasses import dataclass, field

from emu.export.walk import NOT_RECORDED, WAKEUPS, Event, What
from emu.subjects.lock_means import LockMeans
from emu.trace.header import TraceHeader
from emu.trace.record import State

VECTORS_OF_FAULTS = 32
DELIVERED, BOOT_DONE = "delivered", "boot_done"  # marks


@dataclass(slots=True)
class LockSum(LockMeans):
    """One class of locks, or what was taken in one place."""

    acquisitions: int = 0
    contended: int = 0
    wait_cycles: int = 0
    wait_cycles_max: int = 0
    hold_cycles: int = 0
    hold_cycles_max: int = 0
    transfers: int = 0  # of lines, by the core that held it, meanwhile
    transfer_cycles: int = 0
    wakeups: int = 0  # made meanwhile

    def wait(self, cycles: int) -> None:
        """A wait, over or not."""
        self.contended += 1
        self.wait_cycles += cycles
        self.wait_cycles_max = max(self.wait_cycles_max, cycles)

    def hold(self, cycles: int) -> None:
        """A hold, over or not."""
        self.hold_cycles += cycles
        self.hold_cycles_max = max(self.hold_cycles_max, cycles)


@dataclass(slots=True)
class Counts:
    """What a trace comes to."""

    cores: list[dict[str, int]]  # cycles by state
    cycles: int = 0  # elapsed
    booted: int = 0  # the cycle at which the tasks were released
    marks: dict[str, int] = field(default_factory=dict)
    transfers: dict[int, int] = field(default_factory=dict)
    interprocessor_interrupts: int = 0
    wakeups: int = 0
    locks: dict[str, LockSum] = field(default_factory=dict)  # by class
    sections: dict[tuple[str, str], LockSum] = field(default_factory=dict)  # by class and place

    @property
    def messages(self) -> int:
        """That were copied to their receivers; 0 where the trace has no such event."""
        return self.marks.get(DELIVERED, 0)

    @property
    def states(self) -> dict[str, int]:
        """Cycles of all cores by state."""
        names = dict.fromkeys(name for core in self.cores for name in core)
        return {name: sum(core.get(name, 0) for core in self.cores) for name in names}

    @property
    def most_waited_for(self) -> str | None:
        """The class of locks that cost most waiting."""
        return max(self.locks, key=lambda name: self.locks[name].wait_cycles, default=None)


class Counter:
    """Hears every event of a walk."""

    def __init__(self, header: TraceHeader) -> None:
        """Nothing has happened yet."""
        self._header = header
        self._names = {int(state): state.name.lower() for state in State} | {NOT_RECORDED: "not_recorded"}
        if len(header.spins) == 1 and header.spins[0] == "message_spin":
            self._names[int(State.SPIN)] = header.spins[0]
        self.counts = Counts([dict.fromkeys([self._names[int(state)] for state in State], 0) for _ in range(header.cores)])
        self._state: list[tuple[int, int]] = [(0, int(State.IDLE))] * header.cores  # since when which

    def hear(self, event: Event) -> None:
        """Count one."""
        counts = self.counts
        match event.what:
            case What.STATE:
                self._enter(event.core, event.at, event.number)
            case What.END:
                self._enter(event.core, event.at, int(State.IDLE))
                counts.cycles = max(counts.cycles, event.at)
            case What.IPI:
                counts.interprocessor_interrupts += event.value >= VECTORS_OF_FAULTS  # below it: what starts a core
            case What.TRANSFER:
                counts.transfers[event.number] = counts.transfers.get(event.number, 0) + 1
            case What.WAKEUP:
                counts.wakeups += 1
            case What.MARK:
                self._mark(event)

    def _enter(self, core: int, at: int, state: int) -> None:
        since, was = self._state[core]
        cycles, name = self.counts.cores[core], self._names[was]
        cycles[name] = cycles.get(name, 0) + at - since
        self._state[core] = at, state

    def _mark(self, event: Event) -> None:
        name = self._header.mark_name(event.number)
        self.counts.marks[name] = self.counts.marks.get(name, 0) + 1
        self.counts.wakeups += name in WAKEUPS
        if name == BOOT_DONE and not self.counts.booted:
            self.counts.booted = event.at

    def held(self, name: str, place: str) -> tuple[LockSum, LockSum]:
        """The sums of a class, and of a place that takes it."""
        counts = self.counts
        return counts.locks.setdefault(name, LockSum()), counts.sections.setdefault((name, place), LockSum())
