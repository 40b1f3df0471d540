"""A region in full detail under a debugger: forwards alone, with the clocks of its cores and what its caches hold."""

from collections.abc import Callable, Iterator

from emu.boot.core import Core
from emu.boot.full.gear import FullGear
from emu.boot.full.hot.looks import ACCESSED, AT_PLACE, STEPPED
from emu.boot.full.looks import FullLooks
from emu.boot.full.region import Region
from emu.boot.looks import Watch
from emu.debug.core_registers import READ
from emu.debug.debugged import Reason, Stop
from emu.debug.views import digest, pending, seen
from emu.engine.records import HALTED, RUNNING
from emu.memory.moesi import Line
from emu.native import MASK64
from emu.units import LINE_BYTES

PAGE = 4096
STATUS = {RUNNING: "running", HALTED: "halted"}
STOPPED = {AT_PLACE: Reason.PLACE, STEPPED: Reason.STEP, ACCESSED: Reason.WATCH}


class FullTarget:
    """A region of a boot machine. It cannot go back."""

    goes_back = False

    def __init__(self, region: Region, looks: FullLooks, over: Callable[[], bool]) -> None:
        """It stands at the region's beginning; `over` says that it has been run far enough."""
        self._boot, self._region, self._looks, self._over = region.machine, region, looks, over
        self.places: list[int] = []
        self.watches: list[Watch] = []
        self.stop = Stop(Reason.ATTACHED, next((n for n in range(self.cores) if self.status(n) == STATUS[RUNNING]), 0))

    @property
    def _gear(self) -> FullGear:
        return self._region.gear

    @property
    def cores(self) -> int:
        """How many it has."""
        return len(self._boot.cores)

    def core(self, index: int) -> Core:
        """One of the cores."""
        return self._boot.cores[index]

    def status(self, core: int) -> str:
        """Whether a core runs, in a word or some."""
        return STATUS.get(int(self._gear.machine.cores[core]["status"]), "not started")

    def console(self) -> bytes:
        """What the guest has written to its console."""
        return bytes(self._region.console.content)

    def pc(self, core: int) -> int:
        """Where a core is."""
        return int(self._gear.machine.cores[core]["pc"]) & MASK64

    def register(self, core: int, name: str) -> int:
        """A register of a core's, by gdb's name."""
        return self.pc(core) if name == "rip" else READ[name](self.core(core))

    def read(self, core: int, address: int, size: int) -> bytes:
        """Memory at a virtual address as a core sees it, behind its store buffer, as far as it is mapped to RAM."""
        bus, found = self._gear.machine.bus, bytearray()
        while len(found) < size:
            at = address + len(found)
            physical = self.physical(core, at)
            if physical is None or physical >= len(bus.ram):
                break
            found += seen(bus, core, physical, min(size - len(found), PAGE - at % PAGE))
        return bytes(found)

    def physical(self, core: int, address: int) -> int | None:
        """Where a virtual address of a core's is in RAM."""
        return self._boot.physical(self.core(core), address)

    def where(self) -> Iterator[str]:
        """In words: where it stands, then a line a core of how far that has come."""
        machine = self._gear.machine
        yield f"cycle {int(machine.cores[self.stop.core]['clock']):,} of the region, {machine.instructions:,} instructions"
        for index, core in enumerate(machine.cores):
            waits = len(pending(machine.bus, index))
            yield f"cycle {int(core['clock']):,}, {int(core['instructions']):,} instructions, stores to drain: {waits}"

    def end(self) -> str:
        """How the region has ended, once it has."""
        assert self._region.ended is not None, "the region has ended"
        return self._region.ended.how.value

    def digest(self) -> str:
        """Of all of RAM, of what is in the store buffers, and of all that the cores have done."""
        machine = self._gear.machine
        return f"{digest(machine.bus, self.cores)} in memory, {machine.digest} of the run so far"

    def caches(self, physical: int) -> Iterator[str]:
        """What is known of the line at a physical address: who holds it, and how, and whose stores wait for it."""
        bus, line = self._gear.machine.bus, physical // LINE_BYTES
        if line >= int(bus.record["lines"][0]):
            yield f"{physical:#x} is no RAM: it is not cached"
            return
        modules, holders = int(bus.record["modules"][0]), int(bus.record["holders"][0])
        states = bus.arrays["line.state"][line * holders : (line + 1) * holders]
        for number, state in enumerate(states):
            name = f"L2 of module {number}" if number < modules else f"L3 {number - modules}"
            yield f"{name}: {Line(int(state)).name}"
        yield f"it has come from another core {int(self._gear.line_moves[line]):,} times in the region"
        for core in range(self.cores):
            waiting = sum(int(row["address"]) // LINE_BYTES == line for row in pending(bus, core))
            if waiting:
                yield f"core {core}: {waiting} of its stores wait for it"

    # running

    def go_on(self, interrupted: Callable[[], bool], step: int | None = None) -> Stop:
        """Run until something is met, or a core has taken a step."""
        looks, region = self._looks, self._region
        looks.arm(self._gear.machine, self.places, self.watches, step)
        stopped = False

        def pause() -> bool:
            nonlocal stopped
            stopped = not looks.record["met"] and interrupted()
            return not stopped and self._over()

        while region.ended is None and not looks.record["met"] and not stopped:
            region.go_on(pause)
        looks.disarm()
        if region.ended is not None:
            self.stop = Stop(Reason.END, self.stop.core)
        elif stopped:
            self.stop = Stop(Reason.INTERRUPT, self.stop.core)
        else:
            reason = STOPPED[int(looks.record["met"])]
            self.stop = Stop(reason, int(looks.record["core"]), looks.access if reason == Reason.WATCH else None)
        return self.stop

    def go_back(self, interrupted: Callable[[], bool]) -> Stop:
        """It cannot."""
        return self.stop

    def step_back(self, core: int, interrupted: Callable[[], bool]) -> Stop:
        """It cannot."""
        return self.stop
