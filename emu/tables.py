"""Checking TOML tables of guest data: a missing, unknown or wrongly typed key is refused with file, place and key."""

from collections.abc import Mapping
from dataclasses import dataclass

from emu.errors import UserError

KINDS = {int: "a whole number", str: "text", bool: "true or false", dict: "a table", list: "a list"}


@dataclass(frozen=True, slots=True)
class Key:
    """What a key must hold."""

    kind: type
    optional: bool = False
    least: int | None = None


def check(where: str, table: object, keys: Mapping[str, Key]) -> None:
    """Refuse a table that is not as `keys` says with a `UserError` that begins with `where`."""
    if not isinstance(table, dict):
        raise UserError(f"{where}: must be a table with {', '.join(keys)}, not {table!r}")
    for name in table:
        if name not in keys:
            raise UserError(f"{where}: unknown key {name!r}; known are {', '.join(keys)}")
    for name, key in keys.items():
        if name not in table:
            if not key.optional:
                raise UserError(f"{where}: {name} is missing")
            continue
        got = table[name]
        right = isinstance(got, key.kind) and (key.kind is bool or not isinstance(got, bool))
        if not right or (key.least is not None and got < key.least):
            least = "" if key.least is None else f" of at least {key.least}"
            raise UserError(f"{where}: {name} must be {KINDS[key.kind]}{least}, not {got!r}")
