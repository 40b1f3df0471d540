"""What can be known of a kernel while it runs: its types, if its file says them, and its memory as its page tables have it."""

from emu.boot.machine import Machine
from emu.elf.elf_file import Elf
from emu.elf.struct_types import StructTypes, struct_types
from emu.errors import UserError


def types_of(elf: Elf) -> StructTypes | None:
    """The types of a kernel's structures; None if its file has none."""
    try:
        return struct_types(elf)
    except UserError:
        return None


def read_virtual(machine: Machine, address: int, size: int) -> bytes | None:
    """Bytes at a virtual address of the first core's; None if not all of them are mapped."""
    content = machine.code(machine.cores[0], address, size)
    return content if len(content) == size else None
