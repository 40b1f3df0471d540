"""The one struct table: `firmware/structs/*.toml` says where every field of every guest structure lies."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import read_toml
from emu.image import Field, Struct
from emu.tables import Key, check

STRUCT_KEYS = {
    "prefix": Key(str),
    "size": Key(int, least=1),
    "source": Key(str, optional=True),
    "fields": Key(dict, optional=True),
}
REPLACED_KEYS = {**STRUCT_KEYS, "replaces": Key(bool)}
CONTINUED_KEYS = {
    "continues": Key(bool),
    "prefix": Key(str, optional=True),
    "size": Key(int, optional=True),
    "source": Key(str, optional=True),
    "fields": Key(dict),
}
FIELD_KEYS = {
    "at": Key(int, least=0),
    "size": Key(int, least=1),
    "lock": Key(str, optional=True),
    "sleeping": Key(bool, optional=True),
    "note": Key(str, optional=True),
}
EMBEDDED_KEYS = {**FIELD_KEYS, "size": Key(int, least=1, optional=True), "struct": Key(str)}


def load_structs(files: Iterable[Path]) -> dict[str, Struct]:
    """Read struct files; a structure may be continued in a later file, or replaced as a whole: by another kind of kernel.

    Fields that overlap or leave their structure, and two offsets with one name in assembly, are a `UserError`.
    """
    structs: dict[str, Struct] = {}
    parts: list[tuple[Path, str, dict[str, Any]]] = []  # file, name of the struct, its table there
    for path in files:
        for name, table in read_toml(path, "structs").items():
            where = f"{path}: struct {name}"
            if isinstance(table, dict) and table.get("continues") is True:
                check(where, table, CONTINUED_KEYS)
            elif isinstance(table, dict) and table.get("replaces") is True:
                check(where, table, REPLACED_KEYS)
                if name not in structs:
                    raise UserError(f"{where} replaces nothing: no earlier file has it")
                parts = [part for part in parts if part[1] != name]
                structs[name] = Struct(name, table["prefix"], table["size"], table.get("source", ""))
            else:
                check(where, table, STRUCT_KEYS)
                if name in structs:
                    raise UserError(f"{where} is defined twice; a second part needs continues = true")
                structs[name] = Struct(name, table["prefix"], table["size"], table.get("source", ""))
            parts.append((path, name, table))
    for path, name, table in parts:
        if name not in structs:
            raise UserError(f"{path}: struct {name} is continued here, but no file begins it")
        for key, begun in (("prefix", structs[name].prefix), ("size", structs[name].size)):
            if table.get(key, begun) != begun:
                raise UserError(f"{path}: struct {name}: {key} must be {begun!r}, as where it begins, not {table[key]!r}")
        for key, spec in table.get("fields", {}).items():
            _add(f"{path}: {name}.{key}", structs, structs[name], key, spec)
    _check_names(structs)
    return structs


def _add(where: str, structs: Mapping[str, Struct], struct: Struct, key: str, spec: dict[str, Any]) -> None:
    embedded = isinstance(spec, dict) and "struct" in spec
    check(where, spec, EMBEDDED_KEYS if embedded else FIELD_KEYS)
    inner = spec.get("struct")
    if inner is not None and inner not in structs:
        raise UserError(f"{where}: there is no struct {inner}")
    size = spec["size"] if inner is None else structs[inner].size
    if spec.get("size", size) != size:
        raise UserError(f"{where}: size must be {size:#x}, that of struct {inner}, or left out, not {spec['size']:#x}")
    new = Field(key, spec["at"], size, inner, spec.get("lock"), spec.get("note", ""), spec.get("sleeping", False))
    end = new.offset + size
    if end > struct.size:
        raise UserError(f"{where}: bytes {new.offset:#x} to {end:#x} must lie inside the struct's {struct.size:#x}")
    if key in struct.fields:
        raise UserError(f"{where}: is defined twice")
    for other in struct.fields.values():
        if new.offset < other.offset + other.size and other.offset < end:
            raise UserError(f"{where}: bytes {new.offset:#x} to {end:#x} overlap {other.name} at {other.offset:#x}")
    struct.fields[key] = new


def _check_names(structs: Mapping[str, Struct]) -> None:
    owner: dict[str, str] = {}
    for struct in structs.values():
        for name, _ in constants({struct.name: struct}):
            if name in owner:
                raise UserError(f"struct {struct.name}: {name} already belongs to struct {owner[name]}: choose another prefix")
            owner[name] = struct.name


def constants(structs: Mapping[str, Struct]) -> Iterator[tuple[str, int]]:
    """Names and values for assembly: `PREFIX_field` and `PREFIX__size`."""
    for struct in structs.values():
        yield f"{struct.prefix}__size", struct.size
        for each in struct.fields.values():
            yield f"{struct.prefix}_{each.name}", each.offset
