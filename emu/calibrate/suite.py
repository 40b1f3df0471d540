"""All microbenchmarks of one machine measured, and the result: figures by name, and the latency between each two cores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emu.calibrate import instruction_loops
from emu.calibrate.benchmark import HeatMap, Measurement
from emu.calibrate.figures import Expected
from emu.calibrate.steps import BENCHMARK, steps_of
from emu.description import MachineFile, load_machine
from emu.runner.outcome import ShouldStop
from emu.runner.runner import Progress, Runner, first_alone

SCHEMA = "emu-calibrate/1"


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


def measure_emulated(name: str, runner: Runner, *, progress: Progress, should_stop: ShouldStop) -> Measured:
    """Run everything on the emulated machine of that name, or of the file of that path. Stopped early it is what there is."""
    steps = steps_of(load_machine(name))
    calls = [(name, step) for step in steps]
    known: dict[str, Measurement] = {}
    heat_map: HeatMap = {}
    done = 0
    outcomes = runner.run(BENCHMARK, calls, progress=progress, should_stop=should_stop, waves=first_alone())
    for step, outcome in zip(steps.values(), outcomes, strict=False):
        step.put(outcome.result(), known, heat_map)
        done += 1
    return Measured(list(known.values()), heat_map, partial=done < len(steps))
