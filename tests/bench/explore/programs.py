"""Small programs on a flat machine for the explorer: one text a core, each core at its own."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from emu.assembly.source import prepare
from emu.assembly.text import assemble_text
from emu.description import load_machine
from emu.explore.explorer import Bounds, Exploration, Explorer, Rules
from emu.explore.flat import flat_machine
from emu.image import Image, Segment

TEXT = 0x10000
X, Y, Z = 0x200000, 0x200040, 0x200080


def image_of(programs: Sequence[str]) -> Image:
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for index, text in enumerate(programs):
            path = Path(folder) / f"core_{index}.S"
            path.write_text(f"core_{index}:\n{text}\n    hlt\n")
            sources.append(prepare(path))
        made = assemble_text(sources, TEXT, {"X": X, "Y": Y, "Z": Z})
    return Image(
        variant="",
        text=Segment("text", TEXT, TEXT, made.code),
        user_text=Segment("user", 0, 0, b""),
        data=Segment("globals", 0, 0, b""),
        routines=made.routines,
        symbols=made.labels,
        globals={},
        structs={},
        marks=(),
        lines=made.lines,
    )


class Program:
    """A machine with a program a core, ready to be explored again and again."""

    def __init__(self, programs: Sequence[str]) -> None:
        self.image = image_of(programs)
        self.machine = flat_machine(self.image, len(programs), load_machine("a10-7800"))
        for index, routine in enumerate(self.image.routines):
            self.machine.cores[index]["pc"] = routine.address
        self.ends = [routine.address + routine.size - 1 for routine in self.image.routines]

    def explore(
        self,
        registers: Sequence[tuple[int, str]],
        memory: Sequence[int] = (),
        rules: Rules | None = None,
        bounds: Bounds | None = None,
    ) -> Exploration:
        """Outcomes are the registers' values, then 4 bytes at each address."""
        explorer = Explorer(self.machine, self.ends, rules or Rules(), bounds or Bounds())
        return explorer.run(
            lambda: (
                *(explorer.register(core, name) for core, name in registers),
                *(explorer.memory(address, 4) for address in memory),
            )
        )
