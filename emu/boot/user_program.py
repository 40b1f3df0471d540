"""Programs of our own for user space, assembled: their text, and data that the text names."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from emu.assembly.assembler import assemble_text
from emu.assembly.constants import load_constants
from emu.assembly.source import prepare
from emu.elf.static_elf import EXECUTE, READ, WRITE, Part, static_elf

TEXT_VIRTUAL, DATA_VIRTUAL = 0x400000, 0x600000
INIT_FOLDER = Path(__file__).parent / "init"


class Data:
    """The data of a program while they are put together: each has its address at once, so that others can point to it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._bytes = bytearray()
        self.names: dict[str, int] = {}

    def add(self, content: bytes, name: str | None = None) -> int:
        """The address of bytes, which sources can name."""
        self._bytes += bytes(-len(self._bytes) % 8)
        address = DATA_VIRTUAL + len(self._bytes)
        self._bytes += content
        if name is not None:
            self.names[name] = address
        return address

    def text(self, text: str | bytes, name: str | None = None) -> int:
        """The address of a string that ends with a zero."""
        return self.add((text.encode() if isinstance(text, str) else text) + b"\0", name)

    def words(self, words: Iterable[int], name: str | None = None) -> int:
        """The address of an array of 64-bit words."""
        return self.add(b"".join(struct.pack("<Q", word) for word in words), name)

    def content(self) -> bytes:
        """All of them."""
        return bytes(self._bytes)


def assemble_program(sources: Sequence[Path], data: Data, values: Mapping[str, int] | None = None) -> bytes:
    """An ELF file of routines, one a file, that begins with the first; they name `data`, `values` and the system calls."""
    text = assemble_text([prepare(path) for path in sources], TEXT_VIRTUAL, {**_calls(), **data.names, **(values or {})})
    parts = [Part(TEXT_VIRTUAL, text.code, READ | EXECUTE)]
    if content := data.content():
        parts.append(Part(DATA_VIRTUAL, content, READ | WRITE))
    return static_elf(text.labels[sources[0].stem], parts)


@cache
def _calls() -> dict[str, int]:
    return load_constants(INIT_FOLDER / "constants.toml")
