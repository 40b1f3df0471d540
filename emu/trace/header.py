"""What a trace says about its run besides the records: names for every number that a record holds.

A trace is self-contained: showing it needs neither the kernel snippets nor a machine.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A routine: virtual address of its first byte, and its length."""

    name: str
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class TaskName:
    """A user task; its place in the header is its number in the records. `pointer`: its task_struct, virtual."""

    name: str
    pointer: int


@dataclass(frozen=True, slots=True)
class LockName:
    """A lock word; its place in the header is its number in the records. `owner` tells instances of a class apart."""

    name: str
    address: int  # physical
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """An object in guest memory, by physical address; `struct` gives its fields' names."""

    name: str
    address: int
    size: int
    struct: str = ""


@dataclass(frozen=True)
class TraceHeader:
    """Everything that a reader of the trace needs."""

    variant: str
    machine: str
    cores: int
    arguments: str  # the command that made the trace, without its program name
    symbols: tuple[Symbol, ...]
    instructions: Mapping[int, str] = field(default_factory=dict)  # disassembly by virtual address
    marks: tuple[str, ...] = ()  # names of annotated events and points, by number
    spins: tuple[str, ...] = ()  # names of the spins that probes count, by number
    locks: tuple[LockName, ...] = ()
    tasks: tuple[TaskName, ...] = ()
    regions: tuple[Region, ...] = ()
    structs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # field -> offset, nested ones as "a.b"
    clock_hz: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the file; `from_json` reads it."""
        plain = {name: value for name, value in vars(self).items() if name in self.__dataclass_fields__}
        plain["instructions"] = {f"{address:x}": text for address, text in self.instructions.items()}
        plain["structs"] = {name: dict(fields) for name, fields in self.structs.items()}
        for name in ("symbols", "locks", "tasks", "regions"):
            plain[name] = [list(asdict(each).values()) for each in plain[name]]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "TraceHeader":
        """The header that `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            variant=str(plain["variant"]),
            machine=str(plain["machine"]),
            cores=int(plain["cores"]),
            arguments=str(plain["arguments"]),
            symbols=tuple(Symbol(str(name), int(address), int(size)) for name, address, size in plain["symbols"]),
            instructions={int(address, 16): str(text) for address, text in plain["instructions"].items()},
            marks=tuple(map(str, plain["marks"])),
            spins=tuple(map(str, plain.get("spins", ()))),
            locks=tuple(LockName(str(name), int(address), str(owner)) for name, address, owner in plain["locks"]),
            tasks=tuple(TaskName(str(name), int(pointer)) for name, pointer in plain["tasks"]),
            regions=tuple(Region(str(n), int(address), int(size), str(struct)) for n, address, size, struct in plain["regions"]),
            structs={name: {str(f): int(at) for f, at in fields.items()} for name, fields in plain["structs"].items()},
            clock_hz=int(plain["clock_hz"]),
        )

    @cached_property
    def calls(self) -> frozenset[int]:
        """Addresses of the instructions that call."""
        return frozenset(at for at, text in self.instructions.items() if text.startswith("call "))

    @cached_property
    def returns(self) -> frozenset[int]:
        """Addresses of the instructions that return to who called."""
        return frozenset(at for at, text in self.instructions.items() if text.split(" ")[0] == "ret")

    @cached_property
    def interrupt_returns(self) -> frozenset[int]:
        """Addresses of the instructions that return to what was interrupted."""
        return frozenset(at for at, text in self.instructions.items() if text.startswith("iretq"))

    @cached_property
    def _symbols_by_address(self) -> tuple[list[int], list[Symbol]]:
        ordered = sorted(self.symbols, key=lambda symbol: symbol.address)
        return [symbol.address for symbol in ordered], ordered

    @cached_property
    def _regions_by_address(self) -> tuple[list[int], list[Region]]:
        ordered = sorted(self.regions, key=lambda region: region.address)
        return [region.address for region in ordered], ordered

    @cached_property
    def _fields_by_offset(self) -> dict[str, tuple[list[int], list[str]]]:
        tables = {}
        for struct, fields in self.structs.items():
            ordered = sorted((offset, name.count("."), name) for name, offset in fields.items())
            tables[struct] = [offset for offset, _, _ in ordered], [name for _, _, name in ordered]
        return tables

    def symbol_at(self, pc: int) -> tuple[str, int]:
        """Routine and offset of a virtual address; an address outside every routine is its own name."""
        addresses, ordered = self._symbols_by_address
        place = bisect_right(addresses, pc) - 1
        if place >= 0 and pc < ordered[place].address + max(ordered[place].size, 1):
            return ordered[place].name, pc - ordered[place].address
        return f"{pc:#x}", 0

    def region_at(self, physical: int) -> Region | None:
        """The object at a physical address; None when nothing known lies there."""
        addresses, ordered = self._regions_by_address
        place = bisect_right(addresses, physical) - 1
        if place < 0 or physical >= ordered[place].address + ordered[place].size:
            return None
        return ordered[place]

    def object_at(self, physical: int) -> str:
        """What lies at a physical address, as OBJECT.field+offset; the bare address when nothing known does."""
        region = self.region_at(physical)
        if region is None:
            return f"{physical:#x}"
        offset = physical - region.address
        offsets, names = self._fields_by_offset.get(region.struct, ([], []))
        nearest = bisect_right(offsets, offset) - 1
        text = region.name
        if nearest >= 0:
            text, offset = f"{text}.{names[nearest]}", offset - offsets[nearest]
        return f"{text}+{offset:#x}" if offset else text

    def task_name(self, task: int) -> str:
        """Name of the task with a record's number; negative numbers are the idle tasks and boot."""
        if task < 0:
            return IDLE
        return self.tasks[task].name if task < len(self.tasks) else f"task {task}"

    def task_of_pointer(self, pointer: int) -> int | None:
        """Number of the user task whose task_struct is at a virtual address."""
        return next((number for number, task in enumerate(self.tasks) if task.pointer == pointer), None)

    def mark_name(self, mark: int) -> str:
        """Name of an annotated event or point."""
        return self.marks[mark] if 0 <= mark < len(self.marks) else f"mark {mark}"

    def spin_name(self, spin: int) -> str:
        """Name of a spin that a probe counts, as people say it."""
        return self.spins[spin].replace("_", " ") if 0 <= spin < len(self.spins) else f"spin {spin}"

    def lock_name(self, lock: int) -> str:
        """Class of a lock, and whose it is."""
        if not 0 <= lock < len(self.locks):
            return f"lock {lock}"
        return " of ".join(part for part in (self.locks[lock].name, self.locks[lock].owner) if part)
