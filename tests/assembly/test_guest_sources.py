"""House rules for the guest's own routines, which Keystone would not mind if broken."""

import re
from pathlib import Path

from emu.assembly import guest_folder
from emu.assembly.fold import MEMORY, REGISTERS

FOLDERS = (guest_folder("firmware"), guest_folder("kernel_snippets"))
ROUTINES = sorted(path for folder in FOLDERS for path in folder.rglob("*.S"))
BARE = re.compile(r"(?:^|[+-])\s*0x[0-9a-fA-F]+")
WORD = re.compile(r"(?<![\w.])[A-Za-z_.][\w.]*")


def numbered_code(path: Path) -> list[tuple[int, str]]:
    return [(number, line.split("//", 1)[0].strip()) for number, line in enumerate(path.read_text().splitlines(), 1)]


def test_offsets_are_named() -> None:
    """A displacement is a field of the struct table; numbers are for the stack frame and for the arithmetic of LEA."""
    offences = []
    for path in ROUTINES:
        for number, line in numbered_code(path):
            for inside in MEMORY.findall(line):
                words = set(WORD.findall(inside))
                bare = BARE.search(inside) and words <= REGISTERS and words.isdisjoint(("rsp", "rip"))
                if bare and not line.startswith("lea"):
                    offences.append(f"{path}:{number}: [{inside}]")
    assert not offences, "these displacements must be named by the struct table"


def test_a_header_says_where_the_routine_comes_from() -> None:
    headers = {path: path.read_text().split(f"\n{path.stem}:")[0] for path in ROUTINES}
    assert not [str(path) for path, text in headers.items() if "Source:" not in text]
