"""The schema of a machine file, and reading one: a missing, negative or unknown entry is refused by name."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emu.errors import UserError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Strict):
    """One number, where it comes from and how far it is to be trusted."""

    value: Annotated[int, Field(ge=0)]
    source: Annotated[str, Field(min_length=1)]
    confidence: Literal["high", "medium", "low"]
    unit: str = "cycles"


class Topology(_Strict):
    """Modules of cores that share an L2; a run with more cores than the part has more modules of the same kind."""

    modules: Annotated[int, Field(ge=1)]
    cores_per_module: Annotated[int, Field(ge=1)]
    source: str


class Cache(_Strict):
    """Geometry; `sets` must be a power of two."""

    sets: Annotated[int, Field(ge=1)]
    ways: Annotated[int, Field(ge=1)]
    line_bytes: Literal[64]
    source: str


class Latencies(_Strict):
    """Load-to-use and transfer latencies, in core cycles."""

    l1_hit: Figure
    l2_hit: Figure
    sibling_line: Figure
    remote_line: Figure
    upgrade: Figure
    memory: Figure
    store_forward: Figure
    store_forward_fail: Figure
    mispredict: Figure
    return_mispredict: Figure
    mmio_read: Figure
    mmio_write: Figure
    ipi_flight: Figure
    interrupt_entry: Figure
    halt_exit: Figure


class StoreBuffer(_Strict):
    """Depth, and how many of its entries ask for their lines at once."""

    depth: Figure
    ownership_requests: Figure


class CpuidRow(_Strict):
    """One leaf; without a subleaf the row answers for all."""

    leaf: int
    subleaf: int = -1
    eax: int
    ebx: int
    ecx: int
    edx: int


class MachineFile(_Strict):
    """A machine."""

    name: str
    summary: str
    clock_hz: Figure
    topology: Topology
    l1d: Cache
    l2: Cache
    latencies: Latencies
    store_buffer: StoreBuffer
    cpuid: tuple[CpuidRow, ...]


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
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise UserError(f"machine file {path}: {error.strerror}; `emu machines` lists those that come with emu") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"machine file {path}: not TOML: {error}") from None
    try:
        return MachineFile.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        got = "" if first["type"] == "missing" else f", not {first['input']!r}"
        raise UserError(f"machine file {path}: {key}: {first['msg']}{got}") from None
