"""All microbenchmarks of one machine, in order, and the result: figures by name, and the latency between each two cores."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from emu.calibrate import branch_loops, exchanges, instruction_loops, memory_loops, system_routines
from emu.calibrate.benchmark import Measurement
from emu.calibrate.emulated import Emulated
from emu.calibrate.figures import Expected
from emu.description import MachineFile

SCHEMA = "emu-calibrate/1"
HEAT_MAP_CORES_MAX = 8
Progress = Callable[[int, int], None]
HeatMap = dict[tuple[int, int], float]  # cycles of one way, by the numbers of the cores, the lower one first


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside what it should be; `in_bar` is None without a published one."""

    measured: Measurement
    expected: Expected | None
    in_bar: bool | None

    @property
    def error_percent(self) -> float | None:
        """How far off, None if there is nothing to compare with."""
        if self.expected is None or self.expected.value == 0:
            return None
        return 100 * (self.measured.cycles / self.expected.value - 1)

    def to_dict(self) -> dict[str, Any]:
        """Numbers in cycles."""
        expected = self.expected
        return {
            "group": self.measured.group,
            "name": self.measured.name,
            "cycles": self.measured.cycles,
            "spread": [self.measured.low, self.measured.high],
            "expected": None if expected is None else expected.value,
            "error_percent": self.error_percent,
            "bar": None if expected is None or self.in_bar is None else list(expected.bar),
            "confidence": None if expected is None else expected.confidence,
            "source": None if expected is None else expected.source,
            "in_bar": self.in_bar,
        }


@dataclass(slots=True)
class Calibration:
    """Everything measured on one machine; the figures beside are what `expected_is` says: published, or declared."""

    machine: str
    clock_hz: int
    expected_is: str
    rows: list[Row]
    heat_map: HeatMap
    unmeasured: Mapping[str, str] = field(default_factory=dict)  # rows of the instruction table, and why
    partial: bool = False  # Ctrl-C ended it

    @property
    def out(self) -> list[Row]:
        """The rows out of bar."""
        return [row for row in self.rows if row.in_bar is False]

    @property
    def judged(self) -> int:
        """How many rows have a bar."""
        return sum(row.in_bar is not None for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "schema": SCHEMA,
            "machine": self.machine,
            "clock_hz": self.clock_hz,
            "expected_is": self.expected_is,
            "partial": self.partial,
            "rows": [row.to_dict() for row in self.rows],
            "core_to_core_cycles": [
                {"cores": list(pair), "one_way": cycles} for pair, cycles in sorted(self.heat_map.items())
            ],
            "unmeasured": dict(self.unmeasured),
            "judged": self.judged,
            "out_of_bar": len(self.out),
        }  # fmt: skip


def rows_of(measured: Sequence[Measurement], expected: Mapping[str, Expected], *, judge: bool) -> list[Row]:
    """Figures beside what they should be."""
    found = []
    for each in measured:
        figure = expected.get(each.name)
        found.append(Row(each, figure, figure.met_by(each.cycles) if judge and figure is not None else None))
    return found


def unmeasured(machine: MachineFile) -> dict[str, str]:
    """Rows of the instruction table that the guest uses and no loop measures."""
    return {name: why for name, why in instruction_loops.UNMEASURED.items() if machine.instructions.row(name) is not None}


class Measured(NamedTuple):
    """What a suite has measured; `partial`: Ctrl-C ended it."""

    figures: list[Measurement]
    heat_map: HeatMap
    partial: bool = False


def measure_emulated(machine: MachineFile, progress: Progress) -> Measured:
    """Run everything on the emulated machine; `progress(done, total)` after each benchmark. Ctrl-C leaves what there is."""
    known: dict[str, Measurement] = {}
    heat_map: HeatMap = {}
    try:
        for done, total in _steps(machine, known, heat_map):
            progress(done, total)
    except KeyboardInterrupt:
        return Measured(list(known.values()), heat_map, partial=True)
    return Measured(list(known.values()), heat_map)


def _steps(machine: MachineFile, known: dict[str, Measurement], heat_map: HeatMap) -> Iterator[tuple[int, int]]:
    """Run one benchmark after the other; how many are done, of how many."""
    total = machine.topology.processors
    used = exchanges.pairs_of(machine)
    cores = max([min(total, HEAT_MAP_CORES_MAX), *(max(pair) + 1 for pair in used.values())])
    instructions = list(instruction_loops.loops(machine.instructions))
    cache_lines = sum(cache.sets * cache.ways for cache in (machine.l2, machine.l3) if cache is not None)
    singles = [*memory_loops.loops(cache_lines), *branch_loops.loops()]
    call, interrupts = system_routines.system_call(), list(system_routines.interrupts()) if total > 1 else []
    routines = [each.routine for each in (*instructions, *singles, call)]
    routines += [*exchanges.routines(), *(each for one in interrupts for each in (one.receiver, one.sender))]
    emulated = Emulated(machine, routines, cores)
    heat_cores = range(min(total, HEAT_MAP_CORES_MAX))
    heat_pairs = [(first, second) for first in heat_cores for second in heat_cores if first < second]
    steps = len(singles) + 2 + len(interrupts) + sum(10 for _ in used) + len(heat_pairs)
    done = count(1)
    for each in singles:
        emulated.loops([each], known)
        yield next(done), steps
    emulated.loops(instructions, known)
    yield next(done), steps
    for kind, pair in used.items():
        for exchange in exchanges.exchanges(kind):
            known[exchange.name] = emulated.exchange(exchange, pair, known)
            yield next(done), steps
        one_way = emulated.ping_pong(exchanges.ping_pong(kind), pair)
        known[one_way.name] = one_way
        yield next(done), steps
    known[call.name] = emulated.system_call(call)
    yield next(done), steps
    for interrupt in interrupts:
        known[interrupt.name] = emulated.interrupt(interrupt)
        yield next(done), steps
    for pair in heat_pairs:
        heat_map[pair] = emulated.ping_pong(exchanges.ping_pong(exchanges.ACROSS), pair).cycles
        yield next(done), steps
