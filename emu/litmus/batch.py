"""Where litmus tests are carried out: a machine that holds the code of a batch, one test after the other explored on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from emu.description import MachineFile
from emu.engine.unicorn_core import register_id
from emu.errors import UserError
from emu.explore.explorer import Bounds, Endless, Exploration, Explorer, Rules
from emu.explore.flat import STACK_BYTES, STACKS, flat_machine
from emu.isa.carried_out import NotCarriedOut
from emu.litmus.program import Placed, Program
from emu.litmus.test import LitmusTest, Observable, Register


@dataclass(frozen=True, slots=True)
class Finding:
    """All final states of a test: one value for each of `test.observed`, unsigned, in order; each with a schedule."""

    states: tuple[tuple[int, ...], ...]
    schedules: tuple[str, ...]
    states_explored: int
    transitions: int
    endless: tuple[tuple[Endless, str], ...] = ()  # ways in which threads never end, each with a schedule that leads there


class Batch:
    """One machine for a batch of tests."""

    def __init__(self, program: Program, tests: Sequence[LitmusTest], description: MachineFile, model: str, bounds: Bounds) -> None:
        """Build a machine with a core for each thread of the largest test."""
        self.program, self.tests, self.model, self.bounds = program, tests, model, bounds
        cores = max(len(test.threads) for test in tests)
        try:
            self.machine = flat_machine(program.image, cores, description)
        except NotCarriedOut as error:
            raise UserError(f"{program.statements[error.address]}: {error.objection}") from None
        self._pristine = [unicorn.save() for unicorn in self.machine.unicorns]

    def run(self, index: int) -> Finding:
        """Visit every state of a test; past a bound it is `BoundReached`, and the machine stays usable."""
        test, placed = self.tests[index], self.program.tests[index]
        self._set_out(test, placed)
        vectors = any("xmm" in line.lower() for thread in test.threads for _, line in thread.lines)
        explorer = Explorer(self.machine, placed.ends, Rules(model=self.model, vectors=vectors), self.bounds, self._place)
        try:
            found = explorer.run(lambda: tuple(self._value(explorer, each, test, placed) for each in test.observed))
        finally:
            self._clear_away(test, placed)
        return _finding(found)

    def _place(self, thread: int, pc: int) -> str:
        statement = self.program.statements.get(pc)
        return f"{statement}: P{thread}" if statement else f"P{thread} at {pc:#x}"

    def _set_out(self, test: LitmusTest, placed: Placed) -> None:
        for core, (unicorn, context) in enumerate(zip(self.machine.unicorns, self._pristine, strict=True)):
            unicorn.restore(context)
            unicorn.uc.reg_write(register_id("RSP"), STACKS + (core + 1) * STACK_BYTES - 64)
        for thread, start in enumerate(placed.starts):
            self.machine.cores[thread]["pc"] = start
        for register, value in test.registers.items():
            number = placed.addresses[value] if isinstance(value, str) else value
            uc = self.machine.unicorns[register.thread].uc
            whole = uc.reg_read(register_id(register.name.upper()))
            mask = ((1 << 8 * register.size) - 1) << 8 * register.offset
            uc.reg_write(register_id(register.name.upper()), whole & ~mask | number << 8 * register.offset & mask)
        for location in test.locations:
            for element, value in enumerate(location.initial):
                number = placed.addresses[value] if isinstance(value, str) else value
                self._poke(placed.addresses[location.name] + element * location.size, location.size, number)

    def _clear_away(self, test: LitmusTest, placed: Placed) -> None:
        for location in test.locations:
            self._poke(placed.addresses[location.name], location.size * len(location.initial), 0)

    def _poke(self, address: int, size: int, value: int) -> None:
        data = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        self.machine.bus.ram[address : address + size] = bytearray(data)

    def _value(self, explorer: Explorer, what: Observable, test: LitmusTest, placed: Placed) -> int:
        if isinstance(what, Register):
            whole = explorer.register(what.thread, what.name.upper())
            return whole >> 8 * what.offset & (1 << 8 * what.size) - 1
        size = next(each.size for each in test.locations if each.name == what.location)
        return explorer.memory(placed.addresses[what.location] + what.index * size, size)


def _finding(found: Exploration) -> Finding:
    ordered = sorted(found.outcomes)
    return Finding(
        states=tuple(ordered),
        schedules=tuple(found.outcomes[each] for each in ordered),
        states_explored=found.states,
        transitions=found.transitions,
        endless=tuple(sorted(found.endless.items())),
    )
