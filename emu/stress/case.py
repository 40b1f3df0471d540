"""A program for the tester with the machine that it needs, and running it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from emu.block import Block
from emu.description import MachineFile, load_machine
from emu.errors import UserError
from emu.memory.bus import Bus
from emu.native import MASK64, NEVER, address_of
from emu.stress.driver import drive
from emu.stress.records import (
    BYTE,
    COUNTS,
    FIFO,
    I64,
    NAMES,
    OP_ADD,
    OPERATION,
    ORACLE,
    STRESS,
    V_LOST_UPDATE,
    WITHOUT_VALUE,
    WORDS,
)
from emu.units import PAGE_BYTES
from emu.whole import within

Array = np.ndarray[Any, Any]

ADDRESS_MAX = 1 << 30  # of a program; it also bounds the RAM
SIZES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a program may change of its machine file: caches as (sets, ways), cores a module, the store buffer.

    `l3` is that of the machine, if it has one and nothing is said.
    """

    l1: tuple[int, int]
    l2: tuple[int, int]
    cores_per_module: int
    depth: int
    requests: int
    l3: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, (sets, ways), most in (("l1", self.l1, 2**10), ("l2", self.l2, 2**16), ("l3", self.l3 or (1, 1), 2**16)):
            if not 1 <= sets <= most or sets & (sets - 1):
                raise UserError(f"{name}: the sets must be a power of two up to {most}, not {sets}")
            within(f"{name}: the ways", ways, 1, 128)
        for name, value, most in (
            ("cores of a module", self.cores_per_module, 64),
            ("depth", self.depth, 128),
            ("requests", self.requests, 128),
        ):
            within(f"the {name}", value, 1, most)

    @classmethod
    def of(cls, machine: MachineFile) -> "Shape":
        """The shape that the machine file gives."""
        buffer = machine.store_buffer
        return cls(
            (machine.l1d.sets, machine.l1d.ways),
            (machine.l2.sets, machine.l2.ways),
            machine.topology.cores_per_module,
            buffer.depth.value,
            buffer.ownership_requests.value,
        )

    def applied_to(self, machine: MachineFile) -> MachineFile:
        """The machine in this shape, with its own latencies."""
        buffer = machine.store_buffer
        l3 = machine.l3 and self.l3 and machine.l3.model_copy(update={"sets": self.l3[0], "ways": self.l3[1]})
        return machine.model_copy(
            update={
                "l3": l3 or machine.l3,
                "l1d": machine.l1d.model_copy(update={"sets": self.l1[0], "ways": self.l1[1]}),
                "l2": machine.l2.model_copy(update={"sets": self.l2[0], "ways": self.l2[1]}),
                "topology": machine.topology.model_copy(update={"cores_per_module": self.cores_per_module}),
                "store_buffer": buffer.model_copy(
                    update={
                        "depth": buffer.depth.model_copy(update={"value": self.depth}),
                        "ownership_requests": buffer.ownership_requests.model_copy(update={"value": self.requests}),
                    }
                ),
            }
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """What went wrong (records.WORDS) and where. -1: no particular core or address; no operation, but a drain or the end."""

    kind: int
    operation: int
    core: int
    time: int
    address: int
    wanted: int
    got: int

    def words(self, operations: Array) -> str:
        """One line: who, what, wanted, got."""
        where = f"core {self.core}" if self.core >= 0 else "memory"
        if self.address >= 0:
            where += f" at {self.address:#x}"
        if self.operation >= 0:
            where += f", {NAMES[operations['kind'][self.operation]]} of {operations['width'][self.operation]} bytes"
        numbers = {"wanted": show_number(self.wanted), "got": show_number(self.got)}
        return f"cycle {self.time}: " + WORDS[I64(self.kind)].format(where=where, **numbers)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: what was counted, the first violation if there is one, and the operations that were issued, in that order."""

    counts: Mapping[str, int]
    violation: Violation | None
    issued: Array


@dataclass(frozen=True)
class Case:
    """A program (`records.OPERATION`) and its machine."""

    machine: str
    cores: int
    shape: Shape
    operations: Array

    @cached_property
    def lines(self) -> Array:
        """The lines that the program touches."""
        first = self.operations["address"]
        return np.unique(np.concatenate((first, first + self.operations["width"] - 1)) >> 6).astype(I64)

    def run(self, *, check_every: int = 1) -> Outcome:
        """Run on a new memory system, with the checks of all lines after each `check_every` operations."""
        return _Run(self, check_every).outcome()


@cache
def machine_file(name: str) -> MachineFile:
    """A machine by name or path; read once, because a reduction runs thousands of cases."""
    return load_machine(name)


def show_number(value: int) -> str:
    """A number for people: small ones as they are, others in hex."""
    return str(value) if 0 <= value < 10 else f"{value & MASK64:#x}"


class _Run:
    """The records of one run, wired; they live as long as this object."""

    def __init__(self, case: Case, check_every: int) -> None:
        machine = case.shape.applied_to(machine_file(case.machine))
        self.case = case
        self.operations = case.operations.copy()
        ram_bytes = (int(case.lines.max(initial=0)) * 64 // 4096 + 2) * 4096
        self.bus = Bus(machine, case.cores, ram_bytes)
        self.stress, self.oracle = Block(STRESS), Block(ORACLE)
        self._wire_oracle(int(self.bus.record["lines"][0]))
        self._wire_program()
        forwarded = machine.latencies.store_forward.value + machine.latencies.store_forward_fail.value
        slowest = max(forwarded, machine.latencies.l1_hit.value + int(self.bus.arrays["latency.costs"].max()))
        self.stress.put(
            bus=address_of(self.bus.record),
            oracle=address_of(self.oracle.record),
            period=check_every,
            failed_operation=-1,
            limit=2 * (case.shape.depth + 16) * (case.cores + 2) * (slowest + 2),  # every entry waits for every core
        )

    def outcome(self) -> Outcome:
        drive(address_of(self.stress.record))
        self.bus.check()
        record = self.stress.record[0]
        counts = {name: int(record[name]) for name in COUNTS} | self.bus.counts()
        violation = None
        if record["violation"]:
            names = ("violation", "failed_operation", "failed_core", "now", "failed_address", "wanted", "got")
            violation = Violation(*(int(record[name]) for name in names))
        issued = self._issued()
        return Outcome(counts, violation or self._lost_update(issued), issued)

    def _wire_oracle(self, lines: int) -> None:
        slots, cores = len(self.case.lines), self.case.cores
        slot_of_line = np.full(lines, -1, np.int32)
        slot_of_line[self.case.lines] = np.arange(slots)
        self.oracle.put(cores=cores, slots=slots, lines=lines)
        for name, array in (
            ("slot_of_line", slot_of_line),
            ("agreed", np.zeros(slots * 64, np.uint8)),
            ("newest", np.zeros(cores * slots * 64, np.uint8)),
            ("pending", np.zeros(cores * slots * 64, np.int32)),
            ("slot_pending", np.zeros(slots, np.int32)),
            ("fifo", np.zeros(cores * FIFO, BYTE)),
            ("fifo_head", np.zeros(cores, I64)),
            ("fifo_count", np.zeros(cores, I64)),
        ):
            self.oracle.share(name, array)

    def _wire_program(self) -> None:
        cores, operations = self.case.cores, self.operations
        self.order = np.argsort(operations["core"], kind="stable").astype(I64)
        self.first = np.searchsorted(operations["core"][self.order], np.arange(cores)).astype(I64)
        end = np.append(self.first[1:], len(operations)).astype(I64)
        self.following = self.first.copy()
        due = np.full(cores, NEVER, I64)
        for core in range(cores):
            if self.first[core] < end[core]:
                opening = operations[self.order[self.first[core]]]
                due[core] = max(int(opening["gap"]), int(opening["time"]))
        frames = len(self.bus.ram) // PAGE_BYTES
        self.stress.put(operations_at=address_of(operations), operation_count=len(operations), frames=frames)
        for name, array in (
            ("slot_lines", self.case.lines),
            ("order", self.order),
            ("following", self.following),
            ("end", end),
            ("due", due),
            ("waiting", np.zeros(cores, np.uint8)),
            ("counts_before", np.zeros(cores, I64)),
            ("code", np.zeros(frames, np.uint8)),
        ):
            self.stress.share(name, array)

    def _issued(self) -> Array:
        parts = [self.order[first:following] for first, following in zip(self.first, self.following, strict=True)]
        issued = self.operations[np.concatenate(parts)]
        issued["gap"] = 0
        return issued[np.lexsort((issued["core"], issued["time"]))]

    def _lost_update(self, issued: Array) -> Violation | None:
        """A word that was only added to must hold the sum: no look at the oracle, none at the order."""
        writes = issued[~np.isin(issued["kind"], WITHOUT_VALUE)]
        counting = (writes["kind"] == OP_ADD) & (writes["width"] == 8) & (writes["address"] % 8 == 0)
        others = writes[~counting]
        spoilt = np.concatenate((others["address"], others["address"] + others["width"] - 1)) >> 3
        adds = writes[counting & ~np.isin(writes["address"] >> 3, spoilt)]
        for word in np.unique(adds["address"]):
            total = int(adds["value"][adds["address"] == word].astype(object).sum()) & MASK64
            got = int.from_bytes(self.bus.ram[word : word + 8].tobytes(), "little")
            if got != total:
                return Violation(int(V_LOST_UPDATE), -1, -1, int(self.stress.record["now"][0]), int(word), total, got)
        return None


def no_operations(count: int) -> Array:
    """Operations to fill in."""
    return np.zeros(count, OPERATION)
