"""Kernel static objects: `firmware/globals/*.toml` names them, gives their size and first contents; addresses follow from order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import read_toml
from emu.image import Struct
from emu.tables import Key, check

PHYSICAL_BASE = 0x400000
TEXT_MAP = 0xFFFFFFFF80000000
LINE = 64
GLOBAL_KEYS = {
    "size": Key(int, least=1, optional=True),
    "struct": Key(str, optional=True),
    "align": Key(int, least=1, optional=True),
    "share": Key(str, optional=True),
    "init": Key(dict, optional=True),
    "note": Key(str, optional=True),
}


@dataclass(frozen=True, slots=True)
class Global:
    """One static object; `init` maps offsets to (value or "&symbol", bytes)."""

    name: str
    physical: int
    size: int
    struct: str | None
    init: dict[int, tuple[int | str, int]]
    where: str

    @property
    def virtual(self) -> int:
        """Kernel address."""
        return TEXT_MAP + self.physical


def load_globals(files: Iterable[Path], structs: Mapping[str, Struct]) -> dict[str, Global]:
    """Read globals files and place every object, in the order of the files.

    An object begins a line of its own; one with `share = "NAME"` stands right behind NAME (and what shares with it), 8-aligned.
    """
    specs: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in files:
        for name, spec in read_toml(path, "globals").items():
            check(f"{path}: {name}", spec, GLOBAL_KEYS)
            if name in specs:
                raise UserError(f"{path}: {name}: is defined twice (first in {specs[name][0]})")
            specs[name] = (str(path), spec)
    placed: dict[str, Global] = {}
    position = PHYSICAL_BASE
    for name, align in _order(specs):
        path_name, spec = specs[name]
        where = f"{path_name}: {name}"
        size = _size(where, spec, structs)
        position = -(-position // align) * align
        placed[name] = Global(name, position, size, spec.get("struct"), _init(where, spec, size, structs), where)
        position += size
    return placed


def _order(specs: Mapping[str, tuple[str, dict[str, Any]]]) -> list[tuple[str, int]]:
    """Names and alignments in order of address: each object, then those that share its line, depth first."""
    followers: dict[str, list[str]] = {}
    for name, (path, spec) in specs.items():
        align = spec.get("align", LINE)
        if align & (align - 1):
            raise UserError(f"{path}: {name}: align must be a power of two, not {align:#x}")
        if (leader := spec.get("share")) is not None:
            if leader not in specs:
                raise UserError(f"{path}: {name}: there is no global {leader} to share a line with")
            followers.setdefault(leader, []).append(name)
    order: list[tuple[str, int]] = []

    def add(name: str, align: int) -> None:
        order.append((name, align))
        for follower in followers.get(name, []):
            add(follower, min(8, specs[follower][1].get("align", 8)))

    for name, (_, spec) in specs.items():
        if "share" not in spec:
            add(name, max(LINE, spec.get("align", LINE)))
    if lost := specs.keys() - {name for name, _ in order}:
        name = min(lost)
        raise UserError(f"{specs[name][0]}: {name}: share leads in a circle ({', '.join(sorted(lost))})")
    return order


def _size(where: str, spec: dict[str, Any], structs: Mapping[str, Struct]) -> int:
    struct = spec.get("struct")
    if struct is not None and struct not in structs:
        raise UserError(f"{where}: there is no struct {struct}")
    least = structs[struct].size if struct else 1
    size: int = spec.get("size", structs[struct].size if struct else 0)
    if size < least:
        raise UserError(f"{where}: size must be at least {least:#x}, not {size:#x}")
    return size


def _init(where: str, spec: dict[str, Any], size: int, structs: Mapping[str, Struct]) -> dict[int, tuple[int | str, int]]:
    fields = structs[spec["struct"]].fields if "struct" in spec else {}
    init: dict[int, tuple[int | str, int]] = {}
    for key, value in spec.get("init", {}).items():
        if key in fields:
            offset, width = fields[key].offset, min(fields[key].size, 8)
        else:
            try:
                offset, width = int(key.removeprefix("at_"), 16) if key.startswith("at_") else -1, 8
            except ValueError:
                offset = -1
            if offset < 0:
                raise UserError(f"{where}: init key {key!r} must be at_OFFSET (in hex) or a field of the global's struct")
            width = min(8, size - offset)
            if width <= 0:
                raise UserError(f"{where}: init {key} must lie inside the object's {size:#x} bytes")
        _check_value(f"{where}: init {key}", value, width)
        init[offset] = (value, width)
    return init


def _check_value(where: str, value: object, width: int) -> None:
    if isinstance(value, str):
        if not value.startswith("&") or width != 8:
            raise UserError(f'{where}: text must be "&NAME", an address of 8 bytes, not {value!r} in {width}')
    elif not isinstance(value, int) or isinstance(value, bool) or not -(2 ** (8 * width - 1)) <= value < 2 ** (8 * width):
        raise UserError(f'{where}: must be a number of {width} bytes or "&NAME", not {value!r}')


def render(placed: Mapping[str, Global], symbols: Mapping[str, int], *, partial: bool = False) -> bytes:
    """First contents of all globals, from PHYSICAL_BASE on; "&name" becomes the address of a routine or global.

    In a `partial` image (a test of some routines alone) names that nothing defines become zero.
    """
    end = max((each.physical + each.size for each in placed.values()), default=PHYSICAL_BASE)
    image = bytearray(end - PHYSICAL_BASE)
    for each in placed.values():
        for offset, (value, size) in each.init.items():
            if isinstance(value, str):
                if value[1:] not in symbols and not partial:
                    raise UserError(
                        f"{each.where}: init +{offset:#x}: {value!r} is neither a routine, a label in one, nor a global"
                    )
                value = symbols.get(value[1:], 0)
            at = each.physical - PHYSICAL_BASE + offset
            image[at : at + size] = (value & (2 ** (8 * size) - 1)).to_bytes(size, "little")
    return bytes(image)
