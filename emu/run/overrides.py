"""Figures of a machine file by their key, and a machine with some of them changed: `--set` and sensitivity runs.

A key is the path of a figure in the machine file, such as `latencies.remote_line`, `near.ccx.line` or `instructions.pause.latency`.
The figures are found by walking the file's schema, so a section that is added there can be changed here. Topology, cache geometry
and CPUID hold no figures and cannot.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from emu.description import Figure, MachineFile
from emu.description.instruction_table import InstructionFigure, InstructionTable
from emu.errors import UserError
from emu.whole import whole

NEAREST = 3  # keys named in place of one that there is not
ALIKE = 0.75  # how much they must have in common with it, of 1
NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9]+)?")

Override = tuple[str, float]
Path = tuple[str | int, ...]  # from the top of a dumped machine file to a figure


def parse_override(text: str) -> Override:
    """Read KEY=VALUE; whether the machine has such a key, and may have such a value, is known only once its file is read."""
    key, equals, value = text.partition("=")
    if not (equals and key and NUMBER.fullmatch(value)):
        raise UserError(f"--set must be KEY=VALUE with a number, such as latencies.remote_line=400, not {text!r}")
    digits = value.replace("_", "")
    return key, float(digits) if "." in digits else whole(key, digits)


def figures(machine: MachineFile) -> dict[str, Figure]:
    """Every figure of a machine by its key, in the order of the file's schema."""
    return {key: figure for key, figure, _ in _walk(machine, "", ())}


def _walk(model: BaseModel, prefix: str, path: Path) -> Iterator[tuple[str, Figure, Path]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Figure):
            yield prefix + name, value, (*path, name)
        elif isinstance(value, InstructionTable):
            for place, row in enumerate(value.rows):
                if not row.is_note:
                    yield from _walk(row, f"{name}.{row.key}.", (*path, name, "rows", place))
        elif isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.", (*path, name))
        elif isinstance(value, tuple) and value and hasattr(value[0], "name"):
            for place, each in enumerate(value):
                yield from _walk(each, f"{prefix}{name}.{each.name}.", (*path, name, place))


def allowed(figure: Figure) -> range:
    """The whole numbers that the schema allows a figure of this kind."""
    return _allowed(type(figure).model_fields["value"])


def _allowed(value: FieldInfo) -> range:
    """From the limits of a field: at least, at most, multiple of."""
    found: dict[str, list[int]] = {
        name: [getattr(limit, name) for limit in value.metadata if getattr(limit, name, None) is not None]
        for name in ("ge", "le", "multiple_of")
    }
    step = max(found["multiple_of"], default=1)
    return range(-(-max(found["ge"]) // step) * step, min(found["le"]) + 1, step)


def apply_overrides(machine: MachineFile, overrides: tuple[Override, ...]) -> MachineFile:
    """The machine with other values; a key it has not, or a value its schema refuses, is a `UserError`."""
    if not overrides:
        return machine
    known = {key: (figure, path) for key, figure, path in _walk(machine, "", ())}
    tree = machine.model_dump()
    for key, value in overrides:
        if key not in known:
            raise UserError(f"machine {machine.name} has no figure {key!r}; {_nearest(key, known)}")
        figure, path = known[key]
        _check_value(key, figure, value)
        table: Any = tree
        for part in path[:-1]:
            table = table[part]
        table[path[-1]] |= {"value": value, "source": f"set to {value} in place of {figure.value}"}
    try:
        return type(machine).model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ", ".join(key for key, _ in overrides)
        raise UserError(f"with {keys} as set, the machine is refused: {first['msg']}") from None


def _check_value(key: str, figure: Figure, value: float) -> None:
    values = allowed(figure)
    if isinstance(figure, InstructionFigure):
        if not values[0] <= value <= values[-1]:
            raise UserError(f"{key} must be {values[0]} to {values[-1]}, not {value}")
    elif value not in values or not isinstance(value, int):
        kind = f", a multiple of {values.step}" if values.step > 1 else ""
        raise UserError(f"{key} must be {values[0]} to {values[-1]}{kind}, not {value}")


def _nearest(key: str, known: Mapping[str, object]) -> str:
    """What may have been meant: keys that look like it, else whose last part does, else where to look."""
    others = [name for name in known if not name.startswith("instructions.")]
    by_last = {name.rpartition(".")[2]: name for name in others}
    close = get_close_matches(key, known, NEAREST, ALIKE) or [by_last[name] for name in get_close_matches(key, by_last, NEAREST)]
    close += [name for last, name in by_last.items() if last == key and name not in close]
    if close:
        return f"the nearest are {', '.join(close)}" if len(close) > 1 else f"the nearest is {close[0]}"
    return f"they are {', '.join(others)}, and instructions.ROW.COLUMN: `emu machines show NAME --instructions`"
