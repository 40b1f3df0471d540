"""A lock as a search sees it: each core takes it, adds to a counter that is not atomic, and gives it back, some rounds of it."""

import sys

import numpy as np

from emu.description import load_machine
from emu.engine.unicorn_core import register_id
from emu.explore.explorer import Bounds, Explorer, Rules
from emu.explore.flat import RAM_BYTES, flat_machine
from emu.image import Image
from emu.isa import decode
from emu.run.interleaving import Interleaving, interleaving, place_of, source_of
from emu.schedules.checks import Sections, StackOf
from emu.schedules.data_races import Access, DataRaces, Program
from emu.subjects.bench import program
from emu.trace.header import Region, Symbol, TraceHeader

BOUNDS = Bounds(states=20_000_000, depth=20_000)
COUNTER_BYTES = 8
NOTES = RAM_BYTES - 0x1000


def scene_name(cores: int, rounds: int) -> str:
    """Who takes the lock how often."""
    return f"{cores} cores, {rounds} {'round' if rounds == 1 else 'rounds'}"


class LockScene:
    """Cores in front of their first round, on a flat machine without devices."""

    stacks: tuple[StackOf, ...] = ()  # none is another core's business
    heap = None
    discipline = None  # its word may mean anything
    looked_at = sys.maxsize  # a schedule is short
    direct_map = 0

    def __init__(self, image: Image, machine: str, cores: int, rounds: int, word: int) -> None:
        """Set the cores out; `word` is what the lock's first eight bytes are at the beginning."""
        self.cores, self.rounds, self.image = cores, rounds, image
        self.machine = flat_machine(image, cores, load_machine(machine))
        self.machine.bus.ram[program.LOCK : program.LOCK + 8] = bytearray(word.to_bytes(8, "little"))
        for core, unicorn in enumerate(self.machine.unicorns):
            self.machine.cores[core]["pc"] = image.symbols[program.SEARCH]
            values = {
                "RBX": rounds,
                "R12": core,
                "R13": program.OWN + core * program.OWN_BYTES,
                "RBP": cores,
                "RSP": program.stack_top(core),
            }
            for name, value in values.items():
                unicorn.uc.reg_write(register_id(name), value)
        self._header = self._names()
        ends = [image.symbols[program.SEARCHED]] * cores
        self.explorer = Explorer(self.machine, ends, Rules(reduced=True), BOUNDS, place=self.place)

    def _names(self) -> TraceHeader:
        regions = [
            Region("lock", program.LOCK, program.LOCK_BYTES),
            Region("counter", program.DATA + program.COUNT, COUNTER_BYTES),
        ]
        regions += [Region(f"own/{core}", program.OWN + core * program.OWN_BYTES, program.OWN_BYTES) for core in range(self.cores)]
        return TraceHeader(
            variant=self.image.variant,
            machine=self.machine.bus.description.name,
            cores=self.cores,
            arguments="",
            symbols=tuple(Symbol(each.name, each.address, each.size) for each in self.image.routines),
            regions=tuple(regions),
        )

    @property
    def name(self) -> str:
        """Who takes the lock how often."""
        return scene_name(self.cores, self.rounds)

    def physical(self, address: int) -> int | None:
        """Where a virtual address is in RAM: there is no paging."""
        return address if address < RAM_BYTES else None

    @property
    def races(self) -> DataRaces:
        """What a race of its accesses is: the lock's own words show what they are by how they are used."""
        image = self.image

        def where(access: Access) -> str:
            return f"{self.place(access.core, access.pc)}{source_of(image, access.pc)}"

        lock = range(program.LOCK, program.LOCK + program.LOCK_BYTES)
        return DataRaces(Program(decode(image), (), lock, lambda pc, address: False, where, self._header.object_at))

    def object_at(self, address: int) -> str:
        """What lies at a physical address."""
        return self._header.object_at(address)

    @property
    def sections(self) -> Sections:
        """What goes round the lock."""
        lock = range(program.LOCK, program.LOCK + program.LOCK_BYTES)
        (acquire,) = (each for each in self.image.routines if each.name == "acquire")
        return Sections(program.DATA + program.COUNT, lock, range(acquire.address, acquire.address + acquire.size), NOTES)

    def judge(self) -> tuple[str, str] | None:
        """Where every core is done: no section may have been lost."""
        wanted = self.cores * self.rounds
        counted = self.explorer.memory(program.DATA + program.COUNT, COUNTER_BYTES)
        if counted == wanted:
            return None
        return "two-inside", f"{wanted} sections were gone through and their counter says {counted}: two cores were inside at once"

    def place(self, core: int, pc: int) -> str:
        """A core's place in its program."""
        return place_of(self.image, core, pc)

    def picture(self, choices: np.ndarray) -> Interleaving:
        """A schedule's steps in words."""
        return interleaving(choices, self._header, self.image.lines)
