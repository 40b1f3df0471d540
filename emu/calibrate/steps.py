"""The microbenchmarks of one machine as calls of a runner: each has a fresh machine, so none knows of the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from emu.calibrate import branch_loops, exchanges, instruction_loops, memory_loops, system_routines
from emu.calibrate.benchmark import Exchange, HeatMap, Loop, Measurement, PingPong, of_samples, with_terms
from emu.calibrate.emulated import Emulated
from emu.calibrate.routine import Routine
from emu.calibrate.system_routines import GROUP as SYSTEM
from emu.calibrate.system_routines import Interrupt
from emu.description import MachineFile, load_machine, machine_digest
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop

HEAT_MAP_CORES_MAX = 8
Call = tuple[str, str]  # a machine, and the name of a step


@dataclass(frozen=True, slots=True)
class Step:
    """What is measured on one machine: its figures in order, or one for the map between two cores."""

    name: str
    run: Callable[[Emulated], Sequence[float]]  # the cycles, in the same order
    figures: tuple[Loop | Exchange | PingPong | Interrupt, ...] = ()
    pair: tuple[int, int] | None = None

    def put(self, cycles: Sequence[float], known: dict[str, Measurement], heat_map: HeatMap) -> None:
        """Put what was measured to what is known, with the figures that are to be added to it: those come from steps before."""
        if self.pair is not None:
            (heat_map[self.pair],) = cycles
            return
        for figure, value in zip(self.figures, cycles, strict=True):
            if isinstance(figure, Interrupt):
                known[figure.name] = of_samples(figure.name, SYSTEM, [value])
            else:
                terms = () if isinstance(figure, PingPong) else figure.add
                known[figure.name] = with_terms(of_samples(figure.name, figure.group, [value]), terms, known)


def steps_of(machine: MachineFile) -> dict[str, Step]:
    """All of them by name, in order."""
    return {each.name: each for each in _steps(machine)}


def _steps(machine: MachineFile) -> Iterator[Step]:
    for loop in _singles(machine):
        yield Step(loop.name, partial(Emulated.loops, loops=[loop]), (loop,))
    instructions = list(instruction_loops.loops(machine.instructions))
    yield Step("instructions", partial(Emulated.loops, loops=instructions), tuple(instructions))
    for kind, pair in exchanges.pairs_of(machine).items():
        for exchange in exchanges.exchanges(kind):
            yield _one(exchange, partial(Emulated.exchange, each=exchange, pair=pair))
        one_way = exchanges.ping_pong(kind)
        yield _one(one_way, partial(Emulated.ping_pong, each=one_way, pair=pair))
    call = system_routines.system_call()
    yield _one(call, partial(Emulated.system_call, each=call))
    for interrupt in _interrupts(machine):
        yield _one(interrupt, partial(Emulated.interrupt, each=interrupt))
    cores = range(_heat_map_cores(machine))
    one_way = exchanges.ping_pong(exchanges.ACROSS)
    for pair in ((first, second) for first in cores for second in cores if first < second):
        measure = partial(Emulated.ping_pong, each=one_way, pair=pair)
        yield Step(f"one way, cores {pair[0]} and {pair[1]}", partial(_alone, measure), pair=pair)


def _one(figure: Loop | Exchange | PingPong | Interrupt, measure: Callable[[Emulated], float]) -> Step:
    return Step(figure.name, partial(_alone, measure), (figure,))


def _alone(measure: Callable[[Emulated], float], emulated: Emulated) -> list[float]:
    return [measure(emulated)]


def _singles(machine: MachineFile) -> Iterator[Loop]:
    """Loops that run alone on their machine."""
    yield from memory_loops.loops(sum(cache.sets * cache.ways for cache in (machine.l2, machine.l3) if cache is not None))
    yield from branch_loops.loops()


def _interrupts(machine: MachineFile) -> Sequence[Interrupt]:
    return list(system_routines.interrupts()) if machine.topology.processors > 1 else []


def _heat_map_cores(machine: MachineFile) -> int:
    return min(machine.topology.processors, HEAT_MAP_CORES_MAX)


def _routines(machine: MachineFile) -> Iterator[Routine]:
    """What all steps run: one text for all, so that each has its place in it whatever runs."""
    for loop in (*instruction_loops.loops(machine.instructions), *_singles(machine), system_routines.system_call()):
        yield loop.routine
    yield from exchanges.routines()
    for interrupt in _interrupts(machine):
        yield from (interrupt.receiver, interrupt.sender)


@lru_cache(maxsize=1)
def _prepared(name: str, digest: str | None) -> tuple[Emulated, dict[str, Step]]:
    """The machine's text, assembled once a process; `digest` is that of the file's content, if it is the user's own."""
    machine = load_machine(name)
    pairs = exchanges.pairs_of(machine).values()
    cores = max([_heat_map_cores(machine), *(max(pair) + 1 for pair in pairs)])
    return Emulated(machine, list(_routines(machine)), cores), steps_of(machine)


def _measure(call: Call, should_stop: ShouldStop) -> list[float]:
    name, step = call
    emulated, steps = _prepared(name, machine_digest(name))
    return list(steps[step].run(emulated))


def _asks(call: Call) -> dict[str, Any]:
    name, step = call
    return {"machine": name, "machine_file": machine_digest(name), "benchmark": step}


BENCHMARK = Kind("benchmark", _measure, lambda call: f"{call[0]}, {call[1]}", _asks, Keeping.typed(lambda: list[float]))
