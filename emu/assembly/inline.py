"""Inline routines: a few instructions that stand where they are named, as the compiler puts a `static inline` function.

A use is a statement that begins with the routine's name, its operands as the file's `//@ inline NAME operand…` names them. Which
file gives a name its body depends on the variant, so one source serves kernels with other locks or other preemption.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded

_HEAD = re.compile(r"^\s*//@\s*inline\s+(\w+)((?:\s+\w+)*)\s*$")
_OPERAND = re.compile(r"\\(\w+)")
_LOCAL = re.compile(r"\.L(\w+)")
_COMMA = re.compile(r",(?![^\[]*\])")


@dataclass(frozen=True, slots=True)
class Inline:
    """One inline routine: the names of its operands and its lines, which may be none."""

    path: Path
    name: str
    operands: tuple[str, ...]
    lines: tuple[str, ...]

    def expand(self, text: str, where: str, serial: int) -> list[str]:
        """Lines of one use: `text` is what follows the name; labels become the use's own by `serial`."""
        given = [each.strip() for each in _COMMA.split(text)] if text.strip() else []
        if len(given) != len(self.operands):
            raise UserError(f"{where}: {self.name} takes {len(self.operands)} operands ({self.path}), not {len(given)}")
        values = dict(zip(self.operands, given, strict=True))
        local = rf".L{self.name}_{serial}_\1"
        return [_OPERAND.sub(lambda match: values[match.group(1)], _LOCAL.sub(local, line)) for line in self.lines]


@cache
def load_inline(path: Path) -> Inline:
    """Read an inline routine's file; a broken rule is a `UserError` with file and line."""
    lines = read_bounded(path, TEXT_BYTES_MAX, "routine").splitlines()
    heads = [(number, match) for number, line in enumerate(lines, 1) if (match := _HEAD.match(line))]
    if len(heads) != 1 or heads[0][1].group(1) != path.stem:
        raise UserError(f"{path}: one line must be `//@ inline {path.stem} OPERAND…`, with the file's name")
    number, head = heads[0]
    operands = tuple(head.group(2).split())
    body = tuple(lines[number:])
    for at, line in enumerate(body, number + 1):
        for name in _OPERAND.findall(line.split("//", 1)[0]):
            if name not in operands:
                raise UserError(f"{path}:{at}: \\{name} is no operand; line {number} names {', '.join(operands) or 'none'}")
    return Inline(path, path.stem, operands, body)


def load_inlines(paths: Mapping[str, Path]) -> dict[str, Inline]:
    """All inline routines of a kernel by name."""
    return {name: load_inline(path) for name, path in paths.items()}
