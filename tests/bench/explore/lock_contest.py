"""Cores that take one spin lock and add to a counter under it, in every order of their instructions and drains."""

import numpy as np

from bench.explore.weaken import weaken
from bench.firmware.ipc_machine import PT_REGS_BYTES, RAM_BYTES, IpcMachine
from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.text import Text, build_text
from emu.engine.unicorn_core import register_id
from emu.explore.explorer import Bounds, Exploration, Explorer, Rules
from emu.explore.flat import for_search
from emu.guest.ram import direct
from emu.memory.bus import Bus

A10 = load_machine("a10-7800")


class LockContest:
    """Each core runs `lock_loop`: lock, load the counter, pause, store it plus one, unlock."""

    def __init__(self, cores: int, rounds: int, variant: str = "baseline") -> None:
        self.guest = IpcMachine(variant, cores)
        self.lock, self.counter = self.guest.ram.allocate(64), self.guest.ram.allocate(64)
        for core in self.guest.cores:
            self.guest.put(core.stack_top - PT_REGS_BYTES - 8, self.guest.symbol("returned"))
        self.rounds = rounds
        self.machine = self._machine(for_search(build_text(self.guest.image, None)), Options())

    def _machine(self, text: Text, options: Options) -> Machine:
        """A machine whose cores stand at the loop."""
        bus = Bus(A10, len(self.guest.cores), RAM_BYTES)
        bus.ram[:] = self.guest.data
        loop = self.guest.symbol("lock_loop")
        locks = [(self.lock, "lock")]
        start = Start(
            cr3=self.guest.pages.cr3, primary_pc=loop, secondary_pc=loop, locks=locks, lock_kind=self.guest.image.lock_kind
        )
        machine = Machine(bus, text, start, options)
        machine.cores["status"] = rec.RUNNING
        for unicorn, core in zip(machine.unicorns, self.guest.cores, strict=True):
            values = {
                "GS_BASE": core.area.virtual,
                "RSP": core.stack_top - PT_REGS_BYTES - 8,
                "RDI": direct(self.lock),
                "RSI": direct(self.counter),
                "RDX": self.rounds,
            }
            for name, value in values.items():
                unicorn.uc.reg_write(register_id(name), value)
        return machine

    def race(self, cycles: int) -> tuple[int, np.void]:
        """Let time pass until so many cycles are over; give those and what the engine saw of the lock."""
        machine = self._machine(build_text(self.guest.image, A10.costs), Options(max_cycles=cycles))
        while machine.run() != rec.LIMIT:
            pass
        return machine.cycles, machine.locks[0]

    def weaken(self, routine: str) -> int:
        """Take LOCK out of a routine."""
        return weaken(self.machine, self.guest.image, routine, self.guest.physical)

    def explore(self, bounds: Bounds, *, reduced: bool = True) -> Exploration:
        """Outcomes are (counter, lock word, MCS nodes in use)."""
        explorer = Explorer(self.machine, [self.guest.symbol("returned")] * len(self.guest.cores), Rules(reduced=reduced), bounds)
        offset = self.guest.kernel.offset("percpu", "mcs_nodes") + self.guest.kernel.offset("mcs_spinlock", "count")
        nodes = [core.area.physical + offset for core in self.guest.cores]
        return explorer.run(
            lambda: (
                explorer.memory(self.counter, 8),
                explorer.memory(self.lock, 4),
                sum(explorer.memory(node, 4) for node in nodes),
            )
        )
