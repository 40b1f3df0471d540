"""The branches of the guest's code as the source has them, and which ways they can go.

A branch is known by file, line and its place among the branches of that line, as one source serves several variants.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emu.assembly.variants import VARIANT_FILE
from emu.engine.records import JUMPED_TO, NOT_TAKEN, TAKEN
from emu.errors import UserError
from emu.files import is_there
from emu.image import Image
from emu.isa import Instruction
from emu.isa.instruction import Branch
from emu.sources import FIRMWARE, SNIPPETS, guest_folder

WORDS = {"taken": TAKEN, "not taken": NOT_TAKEN}
WORD_BYTES = 8
_DISPLACEMENT = re.compile(r"\*8 ([+-]) (0x[0-9a-f]+)\]")
_LABEL = re.compile(r"^j\w+\s+(\S+)$")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A branch: its file below the guest's folders, its line, and how many branches of that line stand before it."""

    file: str
    line: int
    nth: int = 0

    def __str__(self) -> str:
        """The form that `parse` reads, and people too."""
        return f"{self.file}:{self.line}" + (f"/{self.nth}" if self.nth else "")

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read FILE:LINE or FILE:LINE/NTH; raises `ValueError`."""
        file, at = text.rsplit(":", 1)
        line, _, nth = at.partition("/")
        return cls(file, int(line), int(nth or 0))


@dataclass(frozen=True, slots=True)
class GuestBranch:
    """A branch and its directions: `taken` and `not taken`, or `to LABEL` for each entry of a jump table."""

    place: Place
    routine: str
    source: str  # the statement
    directions: Mapping[str, tuple[int, int]]  # for each: address whose outcome tells, and the bit there

    @property
    def label(self) -> str:
        """The label that the source names as its target; empty if it names none."""
        match = _LABEL.match(self.source)
        return match.group(1) if match else ""

    @property
    def folder(self) -> str:
        """The folder of its file."""
        return self.place.file.rsplit("/", 2)[-2]


def guest_file(path: str) -> str | None:
    """A guest source's path from `firmware` or `kernel_snippets` on, the whole path in a variant of one's own; None elsewhere."""
    absolute = Path(path).resolve()
    for name in (FIRMWARE, SNIPPETS):
        folder = guest_folder(name).resolve()
        if absolute.is_relative_to(folder):
            return f"{name}/{absolute.relative_to(folder).as_posix()}"
    return str(absolute) if any(is_there(folder / VARIANT_FILE) for folder in absolute.parents[:2]) else None


def guest_path(file: str) -> Path:
    """The file that `guest_file` names."""
    if file.startswith("/"):
        return Path(file)
    name, rest = file.split("/", 1)
    return guest_folder(name) / rest


@cache
def source_lines(file: str) -> list[str]:
    """Lines of a guest source."""
    try:
        return guest_path(file).read_text().splitlines()
    except OSError as error:
        raise UserError(f"{guest_path(file)}: cannot be read: {error.strerror}") from None


def branches_of(image: Image, decoded: Mapping[int, Instruction]) -> list[GuestBranch]:
    """Every conditional branch of the kernel's text, and every jump through a table, in the order of their addresses."""
    found = []
    seen: dict[tuple[str, int], int] = {}
    for routine in image.routines:
        if not image.text.virtual <= routine.address < image.text.virtual + len(image.text.data):
            continue
        file = guest_file(routine.file)
        if file is None:
            continue
        for address in range(routine.address, routine.address + routine.size):
            each = decoded.get(address)
            directions = _directions(image, each) if each else None
            if directions:
                line = image.lines[address][1]
                nth = seen[file, line] = seen.get((file, line), -1) + 1
                source = source_lines(file)[line - 1].split("//", 1)[0].strip()
                found.append(GuestBranch(Place(file, line, nth), routine.name, source, directions))
    return found


def _directions(image: Image, each: Instruction) -> dict[str, tuple[int, int]]:
    if each.branch == Branch.CONDITIONAL:
        return {word: (each.address, bit) for word, bit in WORDS.items()}
    if each.branch == Branch.INDIRECT_JUMP and (match := _DISPLACEMENT.search(each.text)):
        displacement = int(match.group(2), 16) * (-1 if match.group(1) == "-" else 1) % 2**64
        return {f"to {_name(image, target)}": (target, JUMPED_TO) for target in _table(image, displacement)}
    return {}


def _table(image: Image, address: int) -> list[int]:
    """What the words of the global at an address point to, as far as it is code."""
    size = next((size for name, size in image.globals.items() if image.symbols[name] == address), 0)
    start = address - image.data.virtual
    words = [image.data.data[at : at + WORD_BYTES] for at in range(start, start + size, WORD_BYTES)]
    targets = dict.fromkeys(int.from_bytes(word, "little") for word in words)
    return [target for target in targets if image.routine_at(target) is not None]


def _name(image: Image, target: int) -> str:
    named = next((name for name, address in image.symbols.items() if address == target), None)
    return named or f"line {image.lines[target][1]}"


def outcomes_of(image: Image, decoded: Mapping[int, Instruction], outcomes: NDArray[np.uint8]) -> dict[Place, set[str]]:
    """Which directions the branches of an image have gone, by `Machine.branch_outcomes`; those without any are left out."""
    base, found = image.text.virtual, {}
    for branch in branches_of(image, decoded):
        gone = {word for word, (address, bit) in branch.directions.items() if outcomes[address - base] & bit}
        if gone:
            found[branch.place] = gone
    return found
