"""A schedule of our own guest, or of a lock, under a debugger: the cores of a search, in front of any step of it.

Everything that happens in it is known beforehand, so to run is to look for the next step that matters, and to go back for the
last one; the machine is brought to a place only when somebody reads its registers or its memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from emu.boot.hot.looks import ON_CHANGE, ON_READ, ON_TRANSFER
from emu.boot.looks import Access, Watch
from emu.debug.debugged import Reason, Stop
from emu.debug.views import digest, pending, seen, stores
from emu.engine.machine import Machine
from emu.explore.records import STEP
from emu.native import MASK64
from emu.schedules.recording import Recording, Step

PAGE = 4096
NOWHERE_MIN = -2  # what a search says of a core that does nothing any more, in place of a program counter
SPECIFIC = {"k_gs_base": 0xC0000102, "efer": 0xC0000080}  # numbers of model-specific registers
NAMES = {"eflags": "RFLAGS"}  # of registers that Unicorn calls otherwise
X87 = ("st", "f")  # and how those begin that it has otherwise, or not at all
F_SEGMENT = ("fs", "fs_base")


@dataclass(frozen=True, slots=True)
class _Met:
    """Something that stops the machine, by the step that is, or makes, it."""

    place: int
    stop: Stop


class ScheduleTarget:
    """The machine of a recording."""

    goes_back = True

    def __init__(self, recording: Recording, machine: Machine, translate: Callable[[int], int | None], ending: str) -> None:
        """It stands at the beginning; `translate` says where a virtual address is in RAM, `ending` what comes of the schedule."""
        self._recording, self._machine, self._translate, self._ending = recording, machine, translate, ending
        self._steps = recording.steps
        self._at = 0  # in front of that step
        self._stands: int | None = None  # where the machine really is
        self.places: list[int] = []
        self.watches: list[Watch] = []
        self._known: dict[Watch, list[tuple[int, Access]]] = {}
        self.stop = Stop(Reason.ATTACHED, self._steps[0].core if self._steps else 0)

    # reading

    @property
    def cores(self) -> int:
        """How many it has."""
        return self._machine.count

    def pc(self, core: int) -> int:
        """Where a core is."""
        machine = self._here()
        pc = int(machine.cores[core]["pc"])
        return machine.unicorns[core].register("RIP") if NOWHERE_MIN <= pc < 0 else pc & MASK64

    def register(self, core: int, name: str) -> int | None:
        """A register of a core's, by gdb's name; those of the x87 are not known."""
        unicorn = self._here().unicorns[core]
        if name == "rip":
            return self.pc(core)
        if name in SPECIFIC:
            return unicorn.msr(SPECIFIC[name])
        if name.startswith(X87) and name not in F_SEGMENT:
            return None
        return unicorn.register(NAMES.get(name, name.upper()))

    def read(self, core: int, address: int, size: int) -> bytes:
        """Memory at a virtual address as a core sees it, with what is still in its store buffer, as far as it is mapped."""
        found = bytearray()
        while len(found) < size:
            at = address + len(found)
            physical = self._translate(at)
            if physical is None:
                break
            found += seen(self._here().bus, core, physical, min(size - len(found), PAGE - at % PAGE))
        return bytes(found)

    def physical(self, core: int, address: int) -> int | None:
        """Where a virtual address is in RAM."""
        return self._translate(address)

    def stores(self, core: int) -> list[tuple[int, int, int]]:
        """Address, bytes and value of what is in a core's store buffer, the oldest first."""
        return stores(self._here().bus, core)

    def core(self, index: int) -> np.void:
        """The record of a core."""
        record: np.void = self._here().cores[index]
        return record

    def where(self) -> Iterator[str]:
        """In words: in front of which step it stands, then a line a core of how far that has come."""
        yield f"{self._at:,} steps of {len(self._steps):,} are made"
        for core in range(self.cores):
            done = sum(step.kind == STEP and step.core == core for step in self._steps[: self._at])
            yield f"{done:,} instructions, stores to drain: {len(pending(self._here().bus, core))}"

    def end(self) -> str:
        """How the run has ended, once it has."""
        return self._ending

    def digest(self) -> str:
        """Of all of RAM, and of where the machine is: equal places of equal runs have equal ones."""
        return f"{digest(self._here().bus, self.cores)} after {self._at:,} steps"

    def _here(self) -> Machine:
        """The machine, brought to where it is said to be."""
        if self._stands != self._at:
            self._recording.stand(self._at)
            self._stands = self._at
        return self._machine

    # running

    def go_on(self, interrupted: Callable[[], bool], step: int | None = None) -> Stop:
        """Go to the next step that matters, or behind the next instruction of a core."""
        passed = next((n for n, each in self._ahead() if each.kind == STEP and each.core == self.stop.core), None)
        stepped = next((n for n, each in self._ahead() if each.kind == STEP and each.core == step), None)
        places = [each for each in self._places(range(self._at, len(self._steps))) if each.place != passed]
        accesses = [_Met(each.place + 1, each.stop) for each in self._accesses() if each.place >= self._at]
        ends = _Met(len(self._steps), Stop(Reason.END, self.stop.core))
        done = [] if step is None or stepped is None else [_Met(stepped + 1, Stop(Reason.STEP, step))]
        return self._go(min((*accesses, *done, *places, ends), key=lambda each: each.place))

    def go_back(self, interrupted: Callable[[], bool]) -> Stop:
        """Go back to the last step that matters, in front of it, or to the beginning."""
        met = [each for each in (*self._places(range(self._at)), *self._accesses()) if each.place < self._at]
        return self._go(max(met, key=lambda each: each.place, default=_Met(0, Stop(Reason.BEGIN, self.stop.core))))

    def step_back(self, core: int, interrupted: Callable[[], bool]) -> Stop:
        """Go back to where a core had not carried out its last instruction yet."""
        own = [n for n, each in enumerate(self._steps[: self._at]) if each.kind == STEP and each.core == core]
        return self._go(_Met(own[-1], Stop(Reason.STEP, core)) if own else _Met(0, Stop(Reason.BEGIN, core)))

    def _go(self, met: _Met) -> Stop:
        self._at, self.stop = met.place, met.stop
        return met.stop

    def _ahead(self) -> Iterator[tuple[int, Step]]:
        return enumerate(self._steps[self._at :], self._at)

    def _places(self, where: range) -> Iterator[_Met]:
        """Steps that are instructions with a breakpoint."""
        wanted = set(self.places)
        for place in where:
            step = self._steps[place]
            if step.kind == STEP and step.pc in wanted:
                yield _Met(place, Stop(Reason.PLACE, step.core))

    def _accesses(self) -> Iterator[_Met]:
        """Steps that touch what is watched."""
        for number, watch in enumerate(self.watches):
            if watch not in self._known:
                find = self._transfers if watch.kind == ON_TRANSFER else self._touches
                self._known[watch] = list(find(watch))
            for place, access in self._known[watch]:
                yield _Met(place, Stop(Reason.WATCH, access.core, replace(access, watch=number)))

    def _touches(self, watch: Watch) -> Iterator[tuple[int, Access]]:
        """Steps that read, touch or change a piece of memory."""
        for place, step in enumerate(self._steps):
            for touch in step.touches:
                if not _overlap(touch.address, touch.size, watch) or (watch.kind == ON_READ and touch.writes):
                    continue
                if watch.kind != ON_CHANGE or (touch.writes and any(_changes(row, watch) for row in step.changes)):
                    yield place, Access(0, step.core, step.pc, place, touch.address, touch.writes, ())
                    break

    def _transfers(self, watch: Watch) -> Iterator[tuple[int, Access]]:
        """Steps by which a line goes from one core to another: by MSI's rules, from the beginning on."""
        holders = set[int]()
        for place, step in enumerate(self._steps):
            for touch in step.touches:
                if not _overlap(touch.address, touch.size, watch):
                    continue
                others = holders - {step.core}
                if others and (touch.writes or step.core not in holders):
                    yield place, Access(0, step.core, step.pc, place, touch.address, touch.writes, tuple(sorted(holders)))
                holders = {step.core} if touch.writes else holders | {step.core}


def _overlap(address: int, size: int, watch: Watch) -> bool:
    return address < watch.address + watch.size and watch.address < address + size


def _changes(change: np.void, watch: Watch) -> bool:
    """Whether a change of memory makes another value of a byte that is watched."""
    address, width = int(change["address"]), int(change["width"])
    before, after = ((int(change[name]) & MASK64).to_bytes(8, "little") for name in ("old", "new"))
    return any(before[at - address] != after[at - address] for at in range(address, address + width) if _overlap(at, 1, watch))
