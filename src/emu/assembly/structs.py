"""The one struct table: `firmware/structs/*.toml` says where every field of every guest structure lies."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emu.errors import UserError


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its offset and size in bytes, the structure embedded there if any, the lock class if it is a lock word."""

    name: str
    offset: int
    size: int
    struct: str | None = None
    lock: str | None = None
    note: str = ""


@dataclass(slots=True)
class Struct:
    """A structure; `prefix` begins the names of its offsets in assembly."""

    name: str
    prefix: str
    size: int
    source: str = ""
    fields: dict[str, Field] = field(default_factory=dict)


def load_structs(files: Iterable[Path]) -> dict[str, Struct]:
    """Read struct files; a structure may be continued in a later file. Overlapping fields are a `UserError`."""
    structs: dict[str, Struct] = {}
    waiting: list[tuple[Path, Struct, str, dict[str, Any]]] = []
    for path in files:
        for name, table in read_toml(path).items():
            if table.get("continues"):
                waiting += [
                    (path, structs_placeholder(name), key, spec) for key, spec in table.get("fields", {}).items()
                ]
                continue
            if name in structs:
                raise UserError(f"{path}: struct {name} is defined twice; a second part needs continues = true")
            structs[name] = Struct(name, table["prefix"], table["size"], table.get("source", ""))
            waiting += [(path, structs[name], key, spec) for key, spec in table.get("fields", {}).items()]
    for path, struct, key, spec in waiting:
        if struct.name not in structs:
            raise UserError(f"{path}: struct {struct.name} is continued here, but no file begins it")
        _add(path, structs, structs[struct.name], key, spec)
    return structs


def structs_placeholder(name: str) -> Struct:
    """A structure that another file defines."""
    return Struct(name, "", 0)


def _add(path: Path, structs: Mapping[str, Struct], struct: Struct, key: str, spec: dict[str, Any]) -> None:
    where = f"{path}: {struct.name}.{key}"
    inner = spec.get("struct")
    if inner is not None and inner not in structs:
        raise UserError(f"{where}: there is no struct {inner}")
    size = spec["size"] if inner is None else structs[inner].size
    new = Field(key, spec["at"], size, inner, spec.get("lock"), spec.get("note", ""))
    if new.offset < 0 or new.offset + size > struct.size:
        raise UserError(
            f"{where}: bytes {new.offset:#x} to {new.offset + size:#x} must lie inside the struct's {struct.size:#x}"
        )
    for other in struct.fields.values():
        if new.offset < other.offset + other.size and other.offset < new.offset + size:
            raise UserError(f"{where}: overlaps {other.name} at {other.offset:#x}")
    if key in struct.fields:
        raise UserError(f"{where}: is defined twice")
    struct.fields[key] = new


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file, or raise `UserError` with its name and line."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: {error}") from None


def constants(structs: Mapping[str, Struct]) -> Iterator[tuple[str, int]]:
    """Names and values for assembly: `PREFIX_field` and `PREFIX__size`."""
    for struct in structs.values():
        yield f"{struct.prefix}__size", struct.size
        for each in struct.fields.values():
            yield f"{struct.prefix}_{each.name}", each.offset
