"""Microbenchmarks on the emulated machine: the real engine, a fresh machine each time, cycles from the guest's own RDTSC."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from emu.assembly.assembler import USER_VIRTUAL
from emu.calibrate import guest_program as program
from emu.calibrate.benchmark import LINE_BYTES, PAGE_BYTES, Exchange, Loop, PingPong
from emu.calibrate.guest_program import Job
from emu.calibrate.routine import Routine
from emu.calibrate.system_routines import Interrupt
from emu.description import MachineFile
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.text import build_text
from emu.errors import GuestFault, LimitReached
from emu.memory.bus import Bus
from emu.native import signed

MAX_CYCLES = 10**10
SEED = 1


class Emulated:
    """A machine file and an image of routines; each call builds a machine, runs it until all cores have halted, and reads it.

    Figures are cycles as they were measured, without those of other figures that are to be added.
    """

    def __init__(self, description: MachineFile, routines: Sequence[Routine], cores: int) -> None:
        """Assemble all routines for machines of up to `cores` cores."""
        self.description = description
        distinct = {each.name: each for each in routines}
        self.image = program.build_image(list(distinct.values()), cores)
        self.text = build_text(self.image, description.costs)

    def run(
        self, work: Mapping[int, Sequence[Job]], data_bytes: int, fill: Callable[[np.ndarray], None] | None = None
    ) -> dict[int, list[int]]:
        """Results of the jobs of each core; `fill` sees the words of the data area before."""
        cores = max(work) + 1
        bus = Bus(self.description, cores, program.ram_bytes(data_bytes))
        bus.small_pages(program.DATA, data_bytes)
        cr3 = program.write_guest(self.image, bus.ram, data_bytes)
        program.write_jobs(self.image, bus.ram, work)
        if fill is not None:
            fill(bus.ram[program.DATA : program.DATA + data_bytes].view(np.uint64))
        text = replace(self.text, instructions=self.text.instructions.copy())
        first = self.image.symbols["core_0"]
        options = Options(max_cycles=MAX_CYCLES)
        machine = Machine(bus, text, Start(cr3=cr3, primary_pc=first, secondary_pc=first), options)
        for core in work:
            machine.cores[core]["status"] = rec.RUNNING
            machine.cores[core]["pc"] = signed(self.image.symbols[f"core_{core}"])
        self._drive(machine)
        return program.read_results(bus.ram, work)

    def _drive(self, machine: Machine) -> None:
        while (outcome := machine.run()) == rec.SLICE_DONE:
            pass
        core = machine.cores[int(machine.record["outcome_core"][0])]
        where = self.image.symbol_at(int(core["pc"]) & 2**64 - 1) or ("outside the text", 0)
        if outcome == rec.LIMIT:
            raise LimitReached(f"a microbenchmark had not ended after {MAX_CYCLES} cycles, in {where[0]}")
        if outcome != rec.DEADLOCK:
            raise GuestFault(f"core {int(core['index'])} faulted in the microbenchmark {where[0]} at +{where[1]:#x}")

    def loops(self, loops: Sequence[Loop]) -> list[float]:
        """Measure loops one after the other on one machine, each with data of its own."""
        starts, at = [], PAGE_BYTES
        for each in loops:
            starts.append(at)
            at += -(-each.data_bytes // PAGE_BYTES) * PAGE_BYTES
        jobs = []
        for each, start in zip(loops, starts, strict=True):
            done = 0
            for iterations in (each.warm, *each.lengths):
                jobs.append(Job(each.routine.name, start + each.place(done), iterations))
                done += iterations

        def fill(words: np.ndarray) -> None:
            for each, start in zip(loops, starts, strict=True):
                if each.layout is not None:
                    part = words[start // 8 : (start + each.data_bytes) // 8]
                    each.layout(part, program.DATA_VIRTUAL + start, np.random.default_rng(SEED))

        times = self.run({0: jobs}, at, fill)[0]
        ends = zip(loops, times[1::3], times[2::3], strict=True)
        return [(long - short) / (each.operations * (each.lengths[1] - each.lengths[0])) for each, short, long in ends]

    def exchange(self, each: Exchange, pair: tuple[int, int]) -> float:
        """Measure an exchange: the first of the pair asks for what the second holds."""
        table, lines, flags = 0, PAGE_BYTES, 2 * PAGE_BYTES

        def fill(words: np.ndarray) -> None:
            lay_lines(words, program.DATA_VIRTUAL, lines, each.lines)

        work: dict[int, list[Job]] = {core: [] for core in range(max(pair) + 1)}
        work[pair[0]] = [Job(each.asker.name, table, each.lines, flags)]
        work[pair[1]] = [Job(each.holder.name, table, each.lines, flags)]
        return self.run(work, 3 * PAGE_BYTES, fill)[pair[0]][0] / each.lines

    def ping_pong(self, each: PingPong, pair: tuple[int, int]) -> float:
        """Measure a ping-pong of two cores."""
        work: dict[int, list[Job]] = {core: [] for core in range(max(pair) + 1)}
        for core, routine in zip(pair, (each.first, each.second), strict=True):
            work[core] = [Job(routine.name, 0, length) for length in each.lengths]
        short, long = self.run(work, PAGE_BYTES)[pair[0]]
        return (long - short) / (2 * (each.lengths[1] - each.lengths[0]))

    def system_call(self, each: Loop) -> float:
        """Measure a loop in user mode."""
        jobs = [Job(each.routine.name, number=USER_VIRTUAL, iterations=n) for n in (each.warm, *each.lengths)]
        _, short, long = self.run({0: jobs}, PAGE_BYTES)[0]
        return (long - short) / (each.lengths[1] - each.lengths[0])

    def interrupt(self, each: Interrupt) -> float:
        """Measure an interrupt from core 0 to core 1."""
        work = {
            0: [Job(each.sender.name, number=1, iterations=each.interrupts)],
            1: [Job(each.receiver.name, iterations=each.interrupts)],
        }
        return self.run(work, PAGE_BYTES)[0][0] / each.interrupts


def lay_lines(words: np.ndarray, address: int, lines: int, count: int) -> None:
    """A table of `count` lines of the page at offset `lines`, in a random order, at offset 0; each points to the next."""
    order = np.random.default_rng(SEED).permutation(PAGE_BYTES // LINE_BYTES) * LINE_BYTES + lines
    words[: count + 1] = (address + order[: count + 1]).astype(np.uint64)
    words[order[:count] // 8] = (address + np.roll(order[:count], -1)).astype(np.uint64)
