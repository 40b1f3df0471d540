"""Programs on both sides: which come out otherwise, and the shortest form of one that does, as text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from bench.cpu import emulated as cpu_emulated
from bench.cpu.code import Code, assemble
from bench.cpu.flags import ALWAYS, names_of
from bench.cpu.host import Host
from bench.cpu.programs import LIVE, USED, Program
from bench.cpu.state import Result, differences

BATCH = 500  # programs that are assembled together

Side = Callable[[Sequence[Program], Code], list[Result]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two ways to carry out programs."""

    emulated: Side
    host: Side

    def failures(self, programs: Iterable[Program]) -> Iterator[Program]:
        """Those among them that do not come out the same."""
        remaining = iter(programs)
        while batch := list(islice(remaining, BATCH)):
            for program, emulated, host in zip(batch, *self._results(batch), strict=True):
                if differences(program, emulated, host):
                    yield program

    def _results(self, programs: Sequence[Program]) -> tuple[list[Result], list[Result]]:
        code = assemble(programs)
        return self.emulated(programs, code), self.host(programs, code)

    def reduce(self, program: Program) -> Program:
        """A program that still fails in the same way, of which nothing can be left out."""
        way = self._way(program)
        while shorter := next((each for each in _shorter(program) if self._way(each) == way), None):
            program = shorter
        return program

    def _way(self, program: Program) -> tuple[bool, bool, bool]:
        """Whether it comes out otherwise, and which side does not come to its end."""
        (emulated,), (host,) = self._results([program])
        return bool(differences(program, emulated, host)), bool(emulated.failure), bool(host.failure)

    def report(self, program: Program) -> str:
        """A program with what it begins with and what differs, in words."""
        (emulated,), (host,) = self._results([program])
        values = [f"flags {names_of(program.registers['flags'])}"]
        values += [f"{name} {program.registers[name]:#x}" for name in USED if program.registers[name]]
        values += [f"xmm{index} {value:#x}" for index, value in enumerate(program.vectors) if value]
        words = [int.from_bytes(program.memory[at : at + 8], "little") for at in range(0, len(LIVE), 8)]
        values += [f"[{LIVE.start + 8 * index:#x}] {value:#x}" for index, value in enumerate(words) if value]
        lines = [line for each in program.statements for line in each.lines]
        return "\n".join(
            [
                "the emulator and the host do not do the same:",
                *(f"    {line}" for line in lines),
                f"begins with {', '.join(values)}; all else 0",
                *(f"    {line}" for line in differences(program, emulated, host)),
            ]
        )


def _shorter(program: Program) -> Iterator[Program]:
    """The program with one thing less: an instruction, then a value that it begins with."""
    if len(program.statements) > 1:
        yield from (program.without(index) for index in range(len(program.statements)))
    yield from (replace(program, memory=memory) for memory in _cleared(program.memory))
    yield from (replace(program, vectors=vectors) for vectors in _without(program.vectors))
    for name, least in [*((name, 0) for name in USED), ("flags", ALWAYS)]:
        if program.registers[name] != least:
            yield replace(program, registers=program.registers | {name: least})


def _cleared(memory: bytes) -> Iterator[bytes]:
    """Memory with a part of it cleared, large parts first."""
    size = len(memory)
    while size >= 8:
        for at in range(0, len(memory), size):
            if any(memory[at : at + size]):
                yield memory[:at] + bytes(size) + memory[at + size :]
        size //= 2


def _without(vectors: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Vector registers of which all are 0, or one."""
    if any(vectors):
        yield (0,) * len(vectors)
    for index, value in enumerate(vectors):
        if value:
            yield (*vectors[:index], 0, *vectors[index + 1 :])


def against_host(host: Host, *, interpret: bool = True) -> Comparison:
    """The emulator beside the host processor."""
    return Comparison(partial(cpu_emulated.run, interpret=interpret), host.run)
