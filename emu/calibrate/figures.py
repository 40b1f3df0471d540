"""What a benchmark should give: figures published of a machine, or what its machine file declares; and the bar between."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from emu.calibrate import branch_loops, exchanges, instruction_loops, memory_loops
from emu.description import Figure, MachineFile, machine_names
from emu.description.instruction_table import InstructionFigure, InstructionTable
from emu.errors import UserError
from emu.files import read_toml

HIGH_BAR = 0.10  # of the value: figures of high confidence, and others that state no range
LOOP_ERROR = 0.01  # of a bound: what the ends of the loops themselves leave
_RANGE = re.compile(r"range ([\d.]+)-([\d.]+)")


@dataclass(frozen=True, slots=True)
class Expected:
    """A figure in core cycles; `low` and `high` are the range that its source states, if it does."""

    value: float
    low: float | None
    high: float | None
    confidence: str
    source: str

    @property
    def bar(self) -> tuple[float, float]:
        """The least and the most that is in bar."""
        if self.confidence != "high" and self.low is not None and self.high is not None:
            return self.low * (1 - LOOP_ERROR), self.high * (1 + LOOP_ERROR)
        return self.value * (1 - HIGH_BAR), self.value * (1 + HIGH_BAR)

    def met_by(self, cycles: float) -> bool:
        """Whether a measured figure is in bar."""
        low, high = self.bar
        return low <= cycles <= high


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PublishedFigure(_Strict):
    """One figure and the benchmarks that it belongs to."""

    of: Annotated[list[str], Field(min_length=1)]
    value: Annotated[float, Field(gt=0)]
    unit: Literal["cycles", "ns"] = "cycles"
    range: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    source: Annotated[str, Field(min_length=1)]
    confidence: Literal["high", "medium", "low"]

    @model_validator(mode="after")
    def _has_a_bar(self) -> "PublishedFigure":
        if self.range is None and self.confidence != "high":
            raise ValueError("needs a range: only high confidence has a bar of its own")
        if self.range is not None and not self.range[0] <= self.value <= self.range[1]:
            raise ValueError("the value must lie in the range")
        return self

    def expected(self, clock_hz: int) -> Expected:
        """In cycles of a core with this clock."""
        scale = clock_hz / 1e9 if self.unit == "ns" else 1.0
        low, high = (None, None) if self.range is None else (each * scale for each in self.range)
        return Expected(self.value * scale, low, high, self.confidence, self.source)


class Published(_Strict):
    """The file of a machine."""

    machine: str
    instruction_table: bool
    figure: list[PublishedFigure]


def published_path(machine: str) -> Path | None:
    """Where the published figures of a machine are; nothing for a machine without, or the path of a file."""
    path = Path(str(files("emu"))) / "machines" / "published" / f"{machine}.toml"
    return path if machine in machine_names() and path.is_file() else None


def load_published(path: Path) -> Published:
    """Read a file of published figures; a `UserError` names what is wrong with it."""
    try:
        return Published.model_validate(read_toml(path, "published figures"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"published figures {path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def published(path: Path, machine: MachineFile) -> dict[str, Expected]:
    """Published figures by the name of the benchmark."""
    book = load_published(path)
    found = instruction_figures(machine.instructions) if book.instruction_table else {}
    for each in book.figure:
        for name in each.of:
            if name in found:
                raise UserError(f"published figures {path}: {name!r} has two")
            found[name] = each.expected(machine.clock_hz.value)
    return found


def instruction_figures(table: InstructionTable) -> dict[str, Expected]:
    """The rows of an instruction table, whose sources state the ranges of estimates."""
    found = {}
    for row in table.rows:
        for what, figure in ((instruction_loops.LATENCY, row.latency), (instruction_loops.THROUGHPUT, row.recip_throughput)):
            if figure is not None:
                stated = _RANGE.search(figure.source)
                found[instruction_loops.name_of(row.name, what)] = _row_figure(figure, stated)
    return found


def _row_figure(figure: InstructionFigure, stated: re.Match[str] | None) -> Expected:
    """A range belongs to the columns whose values lie in it: one of an estimated latency says nothing of the throughput."""
    value, confidence, source = figure.value, figure.confidence, figure.source
    low, high = (float(stated.group(1)), float(stated.group(2))) if stated else (value, value)
    if low <= value <= high and low < high:
        return Expected(value, low, high, confidence, source)
    return Expected(value, None, None, confidence, source)


def declared(machine: MachineFile) -> dict[str, Expected]:
    """What a machine file says of each benchmark, its instruction table included."""
    found = instruction_figures(machine.instructions)
    locked = found[exchanges.LOCKED_ADD].value

    def say(name: str, *keys: str, more: float = 0) -> None:
        figures = [_figure(machine, key) for key in keys]
        confidence = max((each.confidence for each in figures), key=("high", "medium", "low").index)
        found[name] = Expected(
            sum(each.value for each in figures) + more, None, None, confidence, f"machine file: {' + '.join(keys)}"
        )

    for kib in memory_loops.FOOTPRINTS_KIB:
        say(memory_loops.chase_name(kib), _level(machine, kib << 10))
    say(memory_loops.L1_TLB_MISS, "tlb.l2_hit")
    say(memory_loops.BOTH_TLBS_MISS, "tlb.l2_hit", "tlb.page_walk")
    say(memory_loops.FORWARDED, "latencies.store_forward")
    say(memory_loops.FORWARD_FAILS, "latencies.store_forward_fail")
    say(branch_loops.CONDITIONAL, "latencies.mispredict")
    say(branch_loops.RETURN, "latencies.return_mispredict")
    say(branch_loops.L2_BTB, "latencies.btb_l2_hit")
    say(branch_loops.NO_BTB, "latencies.resteer")
    for pair in exchanges.pairs_of(machine):
        for access, state, key in _transfers(machine, pair):
            say(exchanges.transfer_name(access, state, pair), key, more=locked if access == "RMW" else 0)
    say("interrupt to a running core", "latencies.ipi_flight", "latencies.interrupt_entry")
    say("interrupt to a halted core", "latencies.ipi_flight", "latencies.halt_exit", "latencies.interrupt_entry")
    return found


def _transfers(machine: MachineFile, pair: str) -> Iterator[tuple[str, str, str]]:
    """What the machine file says of lines between two cores: access, state, and the key of the figure."""
    if pair == exchanges.SAME_CORE:
        yield from (("load", state, "latencies.l1_hit") for state in exchanges.STATES)
        return
    yield "load", "shared", "latencies.l1_hit"
    if pair == exchanges.SIBLING:
        yield "load", "clean", "latencies.l2_hit"
        yield from ((access, "dirty", "latencies.sibling_line") for access in ("load", "store"))
        yield "RMW", "dirty", "latencies.sibling_locked"
        return
    line, write, upgrade, clean = "latencies.remote_line", "latencies.remote_write", "latencies.upgrade", "latencies.memory"
    for near in machine.near:
        if pair == exchanges.near_name(near):
            line, write, upgrade = (f"near.{near.name}.{key}" for key in ("line", "write", "upgrade"))
            if machine.l3 is not None and near.modules <= machine.l3.modules:
                clean = line
    yield from (("load", "dirty", line), ("load", "clean", clean))
    yield from ((access, "dirty", write) for access in ("store", "RMW"))
    yield from ((access, "shared", upgrade) for access in ("store", "RMW"))


def _figure(machine: MachineFile, key: str) -> Figure:
    """By its key, in which the tables of a list are called by their names."""
    found: Any = machine
    for part in key.split("."):
        found = next(each for each in found if each.name == part) if isinstance(found, tuple) else getattr(found, part)
    assert isinstance(found, Figure), key
    return found


def _level(machine: MachineFile, footprint: int) -> str:
    """The key of the latency that a chase over so many bytes shows."""
    for cache, latency in ((machine.l1d, "latencies.l1_hit"), (machine.l2, "latencies.l2_hit"), (machine.l3, "l3.hit")):
        if cache is not None and footprint <= cache.sets * cache.ways * cache.line_bytes:
            return latency
    return "latencies.memory"


def expectations(machine_argument: str, machine: MachineFile) -> tuple[Mapping[str, Expected], bool]:
    """What is expected of a machine, and whether it is published (there is a bar) or only declared."""
    path = published_path(machine_argument)
    if path is not None:
        return published(path, machine), True
    return declared(machine), False
