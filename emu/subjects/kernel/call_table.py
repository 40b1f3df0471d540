"""System calls by name: their numbers on x86-64."""

import csv
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from emu.errors import UserError

TABLE = Path(__file__).with_name("system_calls.csv")


def numbers(names: Sequence[str]) -> dict[int, str]:
    """The names by their numbers; one that no call has, or that is given twice, is a `UserError`."""
    known = _table()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, cutoff=0.5)
            hint = f"; near are {', '.join(near)}" if near else ""
            raise UserError(f"--calls must be names of system calls of x86-64, such as futex,semop, not {name!r}{hint}")
    if len(set(names)) < len(names):
        raise UserError(f"--calls must name each call once, not {','.join(names)}")
    return {known[name]: name for name in names}


def every_name() -> tuple[str, ...]:
    """All of them."""
    return tuple(_table())


@cache
def _table() -> dict[str, int]:
    lines = (line for line in TABLE.read_text().splitlines() if not line.startswith("#"))
    return {row["name"]: int(row["number"]) for row in csv.DictReader(lines)}
