"""An ELF file for this machine: checked once, then its segments and the bytes of its sections.

pyelftools reads headers and leaves much unchecked: what a file says of places outside itself is refused here.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from elftools.common.exceptions import ELFError
from elftools.elf.descriptions import describe_e_machine
from elftools.elf.elffile import ELFFile

from emu.errors import UserError

MAGIC = b"\x7fELF"
EXECUTABLE, SHARED, RELOCATABLE = "ET_EXEC", "ET_DYN", "ET_REL"
# What pyelftools raises of a file that is cut off or senseless, beside errors of its own.
_SENSELESS = (ELFError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Load:
    """One PT_LOAD: `data` goes to `physical`, zeros follow it up to `size_bytes`."""

    physical: int
    virtual: int
    data: bytes
    size_bytes: int

    @property
    def end(self) -> int:
        """The first physical address behind it."""
        return self.physical + self.size_bytes


class Elf:
    """An x86-64 ELF file; `what` is what messages call it, as in "kernel ./vmlinux"."""

    def __init__(self, content: bytes | mmap, what: str) -> None:
        """Refuse, as a `UserError`, what is no ELF file of this architecture."""
        self._content = content
        self.what = what
        try:
            self._file = ELFFile(content if isinstance(content, mmap) else io.BytesIO(content))
            header = self._file.header
            machine, bits = header["e_machine"], self._file.elfclass
            self.kind: str = header["e_type"]
            self.entry: int = header["e_entry"]
        except _SENSELESS:
            raise UserError(f"{what}: an ELF file that is damaged: its header makes no sense") from None
        if machine != "EM_X86_64" or bits != 64:
            raise UserError(f"{what}: for another architecture ({_architecture(machine, bits)}); emu runs x86-64 alone")
        self.interpreter: str | None = None
        self.loads = tuple(self._loads())

    def placed_section(self, name: str) -> tuple[int, bytes] | None:
        """Where a section is in memory, and its bytes; None if there is none of that name."""
        content = self.section(name)
        return None if content is None else (int(self._file.get_section_by_name(name)["sh_addr"]), content)

    def section(self, name: str) -> bytes | None:
        """The bytes of a section, None if there is none of that name; a compressed one is unpacked."""
        try:
            section = self._file.get_section_by_name(name)
            return None if section is None or section["sh_type"] == "SHT_NOBITS" else section.data()
        except _SENSELESS:
            raise self._damaged(f"section {name}") from None

    def dwarf(self) -> object | None:
        """What pyelftools makes of the debugging information, None without."""
        try:
            return self._file.get_dwarf_info() if self._file.has_dwarf_info() else None
        except _SENSELESS:
            raise self._damaged("debugging information") from None

    def _loads(self) -> Iterator[Load]:
        try:
            for segment in self._file.iter_segments():
                offset, size, size_bytes = segment["p_offset"], segment["p_filesz"], segment["p_memsz"]
                if segment["p_type"] == "PT_INTERP":
                    self.interpreter = self._content[offset : offset + size].rstrip(b"\0").decode("utf-8", "replace")
                if segment["p_type"] != "PT_LOAD":
                    continue
                if offset + size > len(self._content):
                    wanted = f"its segment at {segment['p_vaddr']:#x} ends at byte {offset + size}"
                    raise UserError(f"{self.what}: cut off: {wanted}, the file at {len(self._content)}; copy it again")
                if size > size_bytes:
                    raise self._damaged("program headers")
                data = self._content[offset : offset + size]
                yield Load(segment["p_paddr"], segment["p_vaddr"], data, size_bytes)
        except _SENSELESS:
            raise self._damaged("program headers") from None

    def _damaged(self, where: str) -> UserError:
        return UserError(f"{self.what}: an ELF file that is damaged: its {where} make no sense; copy it again")


def _architecture(machine: str | int, bits: int) -> str:
    """A machine in the words of the ELF specification's readers."""
    name = describe_e_machine(machine) if isinstance(machine, str) else f"machine {machine}"
    return name if bits == 64 else f"{name}, {bits} bits"
