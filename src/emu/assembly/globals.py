"""Kernel static objects: `firmware/globals/*.toml` names them, gives their size and first contents; addresses follow from order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emu.assembly.structs import Struct, read_toml
from emu.errors import UserError

PHYSICAL_BASE = 0x400000
TEXT_MAP = 0xFFFFFFFF80000000
LINE = 64


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
    """Read globals files and place every object: on a line of its own, or behind the one it shares a line with."""
    specs: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in files:
        for name, spec in read_toml(path).items():
            if name in specs:
                raise UserError(f"{path}: global {name} is defined twice (first in {specs[name][0]})")
            specs[name] = (str(path), spec)
    followers: dict[str, list[str]] = {}
    for name, (path_name, spec) in specs.items():
        if "share" in spec:
            if spec["share"] not in specs:
                raise UserError(f"{path_name}: {name}: there is no global {spec['share']} to share a line with")
            followers.setdefault(spec["share"], []).append(name)
    placed: dict[str, Global] = {}
    position = PHYSICAL_BASE

    def place(name: str, align: int) -> None:
        nonlocal position
        where, spec = specs[name]
        struct = spec.get("struct")
        if struct is not None and struct not in structs:
            raise UserError(f"{where}: {name}: there is no struct {struct}")
        size = spec.get("size", structs[struct].size if struct else 0)
        if size <= 0:
            raise UserError(f"{where}: {name}: size must be given and positive")
        position = -(-position // align) * align
        placed[name] = Global(name, position, size, struct, _init(where, name, spec, structs), where)
        position += size
        for follower in followers.get(name, []):
            place(follower, min(8, specs[follower][1].get("align", 8)))

    for name, (_, spec) in specs.items():
        if "share" not in spec:
            place(name, max(LINE, spec.get("align", LINE)))
    return placed


def _init(
    where: str, name: str, spec: dict[str, Any], structs: Mapping[str, Struct]
) -> dict[int, tuple[int | str, int]]:
    init: dict[int, tuple[int | str, int]] = {}
    for key, value in spec.get("init", {}).items():
        if key.startswith("at_"):
            offset, size = int(key[3:], 16), 8
        else:
            struct = spec.get("struct")
            if struct is None or key not in structs[struct].fields:
                raise UserError(
                    f"{where}: {name}: init key {key!r} must be at_OFFSET or a field of the global's struct"
                )
            offset, size = structs[struct].fields[key].offset, structs[struct].fields[key].size
        init[offset] = (value, min(size, 8))
    return init


def render(placed: Mapping[str, Global], symbols: Mapping[str, int], *, partial: bool = False) -> bytes:
    """First contents of all globals, from PHYSICAL_BASE on; "&name" becomes the address of a routine or global.

    In a `partial` image (a test of some routines alone) names that nothing defines become zero.
    """
    end = max((each.physical + each.size for each in placed.values()), default=PHYSICAL_BASE)
    image = bytearray(end - PHYSICAL_BASE)
    for each in placed.values():
        for offset, (value, size) in each.init.items():
            if isinstance(value, str):
                if not value.startswith("&") or (value[1:] not in symbols and not partial):
                    raise UserError(f"{each.where}: {each.name}: {value!r} is not the address of a routine or global")
                value = symbols.get(value[1:], 0)
            at = each.physical - PHYSICAL_BASE + offset
            image[at : at + size] = (value & (2 ** (8 * size) - 1)).to_bytes(size, "little")
    return bytes(image)
