"""Figures of a machine file by their key, and a machine with some of them changed: `--set` and sensitivity runs.

A key is the path of a figure in the machine file, such as `latencies.remote_line` or `store_buffer.depth`. The figures are found
by walking the file's schema, so a section that is added there can be changed here. Topology, cache geometry and CPUID hold
no figures and cannot.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from emu.description import Figure, MachineFile
from emu.errors import UserError

NEAREST = 3  # keys named in place of one that there is not
ALIKE = 0.75  # how much they must have in common with it, of 1

Override = tuple[str, int]


def parse_override(text: str) -> Override:
    """Read KEY=VALUE; whether the machine has such a key is known only once its file is read."""
    key, equals, value = text.partition("=")
    if not (equals and key and value.isascii() and value.replace("_", "").isdigit()):
        raise UserError(f"--set must be KEY=VALUE with a whole number, such as latencies.remote_line=400, not {text!r}")
    return key, int(value)


def figures(machine: MachineFile) -> dict[str, Figure]:
    """Every figure of a machine by its key, in the order of the file's schema."""
    return dict(_walk(machine, ""))


def _walk(model: BaseModel, prefix: str) -> Iterator[tuple[str, Figure]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Figure):
            yield prefix + name, value
        elif isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")


def bounds(figure: Figure) -> tuple[int, int]:
    """The smallest and the largest value that the schema allows a figure of this kind."""
    limits = type(figure).model_fields["value"].metadata
    lows = (getattr(limit, "ge", None) for limit in limits)
    highs = (getattr(limit, "le", None) for limit in limits)
    return max(low for low in lows if low is not None), min(high for high in highs if high is not None)


def apply_overrides(machine: MachineFile, overrides: tuple[Override, ...]) -> MachineFile:
    """The machine with other values; a key it has not, or a value its schema refuses, is a `UserError`."""
    if not overrides:
        return machine
    known = figures(machine)
    tree = machine.model_dump()
    for key, value in overrides:
        if key not in known:
            raise UserError(f"machine {machine.name} has no figure {key!r}; {_nearest(key, known)}")
        low, high = bounds(known[key])
        if not low <= value <= high:
            raise UserError(f"{key} must be {low} to {high}, not {value}")
        *sections, last = key.split(".")
        table = tree
        for section in sections:
            table = table[section]
        table[last] |= {"value": value, "source": f"set to {value} in place of {known[key].value}"}
    try:
        return MachineFile.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ", ".join(key for key, _ in overrides)
        raise UserError(f"with {keys} as set, the machine is refused: {first['msg']}") from None


def _nearest(key: str, known: Mapping[str, Figure]) -> str:
    """What may have been meant: keys that look like it, else whose last part does, else where to look."""
    by_last = {name.rpartition(".")[2]: name for name in known}
    close = get_close_matches(key, known, NEAREST, ALIKE) or [by_last[name] for name in get_close_matches(key, by_last, NEAREST)]
    close += [name for last, name in by_last.items() if last == key and name not in close]
    if close:
        return f"the nearest are {', '.join(close)}" if len(close) > 1 else f"the nearest is {close[0]}"
    return f"they are {', '.join(known)}"
