"""What tells the names of a running kernel: its symbols, its types, its memory."""

import re
from dataclasses import dataclass

from emu.boot.tasks import GuestTasks, Read
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.subjects.kernel.places import Places

BANNER_BYTES = 128


@dataclass(frozen=True, slots=True)
class Names:
    """Of one kernel, at one moment."""

    symbols: SymbolTable | None
    types: StructTypes | None
    read: Read
    cpus: int

    def release(self) -> str:
        """What the kernel calls itself, such as Linux 6.1.192; nothing if it does not say."""
        at = None if self.symbols is None else self.symbols.address("linux_banner")
        banner = b"" if at is None else self.read(at, BANNER_BYTES) or b""
        found = re.match(rb"(Linux) version (\S+)", banner)
        return "" if found is None else b" ".join(found.groups()).decode("ascii", "replace")

    def tasks(self) -> GuestTasks | None:
        """Its tasks; None without symbols."""
        return None if self.symbols is None else GuestTasks(self.symbols, self.types, self.read)

    def places(self) -> Places:
        """What lies where in its memory."""
        return Places(self.symbols, self.types, self.read, self.cpus)
