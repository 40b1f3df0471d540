"""Where the members of a kernel's structures lie: asked by name, answered from BTF or DWARF."""

from collections.abc import Collection
from typing import Protocol

from emu.elf.btf import Btf
from emu.elf.dwarf import Dwarf
from emu.elf.elf_file import Elf
from emu.elf.members import Member


class StructTypes(Protocol):
    """What knows the structures of one kernel."""

    def member(self, struct: str, name: str) -> Member | None:
        """A member of a structure or of what is anonymous in it, None if it has none of that name."""

    def member_at(self, struct: str, offset: int, types: Collection[str]) -> str | None:
        """The path to the member around an offset whose type has one of these names, such as "sighand.siglock"."""

    def size(self, struct: str) -> int | None:
        """Bytes of a structure, None if there is none of that name."""

    def variable(self, name: str) -> str | None:
        """The structure that a per-CPU variable is, or an array of which; None where that is not said."""


def struct_types(elf: Elf) -> StructTypes | None:
    """Those of a kernel's ELF file: BTF, which is read at once, before DWARF; None without either."""
    section = elf.section(".BTF")
    if section is not None:
        return Btf(section, elf.what)
    dwarf = elf.dwarf()
    return None if dwarf is None else Dwarf(dwarf, elf.what)
