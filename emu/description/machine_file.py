"""The schema of a machine file, and reading one: a missing, negative or unknown entry is refused by name."""

import hashlib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails

from emu.description.figure import (
    BitsFigure,
    BranchFigure,
    Clock,
    DepthFigure,
    EntryFigure,
    Figure,
    MissFigure,
    PositiveFigure,
    PositiveUnitsFigure,
    Sourced,
    StoreFigure,
    Strict,
    TableFigure,
    UnitsFigure,
    power_of_two,
)
from emu.description.instruction_table import InstructionTable, read_table
from emu.errors import UserError
from emu.files import is_there, read_toml

NEAR_MAX = 3  # groups of modules; what is in none together is one more distance
Word32 = Annotated[int, Field(ge=0, lt=2**32)]


class Topology(Sourced):
    """Modules of cores that share an L2, threads that share a core; a run with more cores than the part has more modules alike.

    Everywhere else a "core" is what an operating system takes for one: a thread, if a core has several.
    """

    modules: Annotated[int, Field(ge=1, le=64)]
    cores_per_module: Annotated[int, Field(ge=1, le=64)]
    threads_per_core: Annotated[int, Field(ge=1, le=8)] = 1

    @property
    def processors_per_module(self) -> int:
        """Threads of a module."""
        return self.cores_per_module * self.threads_per_core

    @property
    def processors(self) -> int:
        """Threads of the part."""
        return self.modules * self.processors_per_module


class Cache(Sourced):
    """Geometry; the set of a line is its lowest address bits."""

    sets: Annotated[int, Field(ge=1, le=2**16)]
    ways: Annotated[int, Field(ge=1, le=128)]
    line_bytes: Literal[64]

    @field_validator("sets")
    @classmethod
    def _power_of_two(cls, sets: int) -> int:
        return power_of_two(sets)


class L1(Cache):
    """The data cache of a core. What it writes through is in the L2 at once; what it writes back only when somebody wants it."""

    write_policy: Literal["through", "back"]


class L3(Cache):
    """A cache that the L2s of so many modules evict into, and that gives a line away when one of them wants it again."""

    modules: Annotated[int, Field(ge=1, le=64)]
    hit: Figure  # load to use


class Near(Sourced):
    """Modules that are nearer to each other than to all others: what their lines cost each other."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    modules: Annotated[int, Field(ge=1, le=64)]
    line: Figure  # as latencies.remote_line of modules that are not near
    write: Figure  # as latencies.remote_write
    upgrade: Figure  # as latencies.upgrade


class Latencies(Strict):
    """Load-to-use latencies and, of what writes, cycles until a line is owned: core cycles, all absolute."""

    l1_hit: Figure
    l2_hit: Figure
    sibling_line: Figure
    sibling_locked: Figure
    remote_line: Figure
    remote_write: Figure
    upgrade: Figure
    memory: Figure
    store_forward: Figure
    store_forward_fail: Figure
    mispredict: Figure
    return_mispredict: Figure
    btb_l2_hit: Figure
    resteer: Figure
    mmio_read: Figure
    mmio_write: Figure
    ipi_flight: PositiveFigure
    interrupt_entry: Figure
    halt_exit: Figure


class Core(Strict):
    """How far one core looks ahead."""

    dispatch_width: DepthFigure
    reorder_buffer: DepthFigure
    scheduler: DepthFigure
    load_queue: DepthFigure
    alus: PositiveUnitsFigure
    load_units: PositiveUnitsFigure
    store_address_units: UnitsFigure  # 0: those of loads
    taken_branch: DepthFigure  # from one taken branch to the next
    btb_entries: BranchFigure
    btb_l2_entries: BranchFigure
    branch_counters: TableFigure
    branch_history: BitsFigure
    indirect_targets: TableFigure
    return_stack: EntryFigure

    @property
    def predictor(self) -> dict[str, int]:
        """Sizes by the names of `branch.Predictors`."""
        names = {
            "counters": "branch_counters",
            "history_bits": "branch_history",
            "targets": "indirect_targets",
            "returns": "return_stack",
            "btb": "btb_entries",
            "btb_l2": "btb_l2_entries",
        }
        return {size: getattr(self, name).value for size, name in names.items()}

    @property
    def depths(self) -> dict[str, int]:
        """By the names of the pipeline."""
        names = {
            "width": "dispatch_width",
            "reorder_buffer": "reorder_buffer",
            "scheduler": "scheduler",
            "load_queue": "load_queue",
            "load_units": "load_units",
            "store_address_units": "store_address_units",
            "taken_branch": "taken_branch",
        }
        return {field: getattr(self, name).value for field, name in names.items()}


class Tlb(Strict):
    """Data TLBs: a fully associative one a core, and one that the cores of a module share; what their misses add."""

    entries: EntryFigure
    l2_sets: EntryFigure
    l2_ways: EntryFigure
    l2_hit: Figure
    page_walk: Figure


class StoreBuffer(Strict):
    """Depth, and how many of its entries ask for their lines at once."""

    depth: StoreFigure
    ownership_requests: StoreFigure


class CpuidRow(Strict):
    """One leaf; without a subleaf the row answers for all."""

    leaf: Word32
    subleaf: Annotated[int, Field(ge=-1, lt=2**32)] = -1
    eax: Word32
    ebx: Word32
    ecx: Word32
    edx: Word32


class Costs(NamedTuple):
    """What the timing of an instruction depends on."""

    instructions: InstructionTable
    core: Core


class MachineFile(Strict):
    """A machine."""

    name: Annotated[str, Field(min_length=1)]
    summary: Annotated[str, Field(min_length=1)]
    clock_hz: Clock
    instructions: InstructionTable
    topology: Topology
    near: Annotated[tuple[Near, ...], Field(strict=False, max_length=NEAR_MAX)] = ()
    l1d: L1
    l2: Cache
    l3: L3 | None = None
    latencies: Latencies
    store_buffer: StoreBuffer
    core: Core
    tlb: Tlb
    miss_buffers: MissFigure
    cpuid: Annotated[tuple[CpuidRow, ...], Field(strict=False)]

    @property
    def costs(self) -> Costs:
        """What the timing of an instruction depends on."""
        return Costs(self.instructions, self.core)

    @field_validator("instructions", mode="before")
    @classmethod
    def _read_table(cls, named: Any, info: ValidationInfo) -> Any:
        """A machine file names a table: a CSV file beside it, or one that comes with emu."""
        if not isinstance(named, str):
            return named
        folder: Path = (info.context or {}).get("folder") or _folder()
        for path in (folder / named, _folder() / named):
            if path.is_file():
                return read_table(path, named)
        known = ", ".join(sorted(path.name for path in _folder().glob("*.csv")))
        raise ValueError(f"must be a CSV file beside the machine file, or one of {known}")

    @model_validator(mode="after")
    def _groups_nest(self) -> "MachineFile":
        sizes = [each.modules for each in self.near]
        for smaller, larger in pairwise([1, *sizes]):
            if larger <= smaller or larger % smaller:
                raise ValueError(f"near: groups must go from the smallest on, each of whole ones of those before, not {sizes}")
        if self.l3 is not None and self.l3.modules not in (1, *sizes):
            raise ValueError(f"l3.modules must be 1 or those of a near group, not {self.l3.modules}")
        return self

    @field_validator("cpuid")
    @classmethod
    def _rows_are_distinct(cls, rows: tuple[CpuidRow, ...]) -> tuple[CpuidRow, ...]:
        seen: set[tuple[int, int]] = set()
        for row in rows:
            if (row.leaf, row.subleaf) in seen or (row.leaf, -1) in seen:
                raise ValueError(f"leaf {row.leaf:#x} must be given once, or once for each subleaf")
            seen.add((row.leaf, row.subleaf))
        return rows


def _folder() -> Path:
    return Path(str(files("emu"))) / "machines"


def machine_names() -> tuple[str, ...]:
    """Names of the machines that come with emu."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def machine_path(name_or_path: str) -> Path:
    """File of a machine by name, or the path itself if it is one."""
    if name_or_path in machine_names():
        return _folder() / f"{name_or_path}.toml"
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return Path(name_or_path)
    raise UserError(f"machine must be one of {', '.join(machine_names())} or the path of a .toml file, not {name_or_path!r}")


def load_machine(name_or_path: str) -> MachineFile:
    """Read and check a machine file, or raise `UserError` with file, key, wanted and got."""
    path = machine_path(name_or_path)
    if path.parent == _folder():
        return _read_once(path)
    if not is_there(path):
        raise UserError(f"machine file {path}: there is no such file; `emu machines` lists those that come with emu")
    return _read(path)


@cache
def machine_digest(name_or_path: str) -> str | None:
    """What names the content of a machine file of one's own, its instruction table included; None: it comes with emu."""
    path = machine_path(name_or_path)
    return None if path.parent == _folder() else hashlib.sha256(load_machine(str(path)).model_dump_json().encode()).hexdigest()


@cache
def _read_once(path: Path) -> MachineFile:
    """A file that comes with emu does not change while it runs."""
    return _read(path)


def _read(path: Path) -> MachineFile:
    table = _extended(read_toml(path, "machine file"), path)
    try:
        return MachineFile.model_validate(table, context={"folder": path.parent})
    except ValidationError as error:
        errors = error.errors(include_url=False)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise UserError(f"machine file {path}: {_words(errors[0])}{more}") from None


def _extended(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """A machine file that extends another has what that one has, but for what it says itself."""
    if "extends" not in table:
        return table
    named = table.pop("extends")
    if named not in machine_names():
        raise UserError(f"machine file {path}: extends must be one of {', '.join(machine_names())}, not {named!r}")
    base = read_toml(machine_path(named), "machine file")
    if "extends" in base:
        raise UserError(f"machine file {path}: {named} extends {base['extends']}: extend that one")
    return _laid_over(base, table)


def _laid_over(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Sections key by key, rows of CPUID leaf by leaf; a figure, and any other list, as a whole: each with its own source."""
    found = dict(base)
    for key, value in table.items():
        old = base.get(key)
        if key == "cpuid" and isinstance(value, list) and isinstance(old, list):
            replaced = {(row.get("leaf"), row.get("subleaf")) for row in value if isinstance(row, dict)}
            found[key] = [row for row in old if (row.get("leaf"), row.get("subleaf")) not in replaced] + value
        elif isinstance(value, dict) and isinstance(old, dict) and "value" not in value:
            found[key] = _laid_over(old, value)
        else:
            found[key] = value
    return found


def _words(error: ErrorDetails) -> str:
    """What is wrong with which key: what was wanted, what was got."""
    key = ".".join(f"{part}" for part in error["loc"])
    limits = error.get("ctx", {})
    wanted = {
        "int_type": "a whole number",
        "string_type": "text",
        "string_too_short": "text that says something",
        "string_pattern_mismatch": "a name of small letters, digits and _",
        "too_long": f"at most {limits.get('max_length')} tables",
        "greater_than_equal": f"at least {limits.get('ge')}",
        "less_than_equal": f"at most {limits.get('le')}",
        "less_than": f"less than {limits.get('lt')}",
        "literal_error": limits.get("expected"),
        "model_type": "a table",
        "tuple_type": "a list of tables",
    }.get(error["type"])
    if error["type"] == "missing":
        return f"{key} is missing"
    if error["type"] == "extra_forbidden":
        return f"{key} is no key of a machine file; `emu machines show a10-7800 --toml` shows a whole one"
    if error["type"] == "value_error":
        return f"{key} {limits.get('error')}, not {error['input']!r}" if key else f"{limits.get('error')}"
    return f"{key} must be {wanted}, not {error['input']!r}" if wanted else f"{key}: {error['msg']}"
