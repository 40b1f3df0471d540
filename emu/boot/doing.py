"""What each core is doing, in words: where by symbol, and for which task. Read from the machine as it stands; nothing changes."""

from collections.abc import Iterator

from emu.boot.core import Core
from emu.boot.machine import STATUS_WORDS, Machine
from emu.boot.tasks import GuestTasks, Task
from emu.elf.bzimage import BzImage
from emu.elf.elf_file import Elf
from emu.elf.kernel_file import Vmlinux
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.struct_types import StructTypes, struct_types
from emu.elf.symbols import SymbolTable
from emu.engine import env
from emu.errors import UserError


def doing(machine: Machine, kernel: Vmlinux | BzImage | None = None) -> Iterator[str]:
    """A line for each core, by addresses alone without a kernel's file."""
    symbols, types = (None, None) if kernel is None else _names(kernel)
    for core in machine.cores:
        status, where = STATUS_WORDS[int(core.record["status"])], core.cpu.get64(env.EIP)
        ring = core.cpu.get32(env.HFLAGS) & env.CPL
        found = None if symbols is None else symbols.at(where)
        place = f"{where:#x}" if found is None else f"{found[0]}+{found[1]:#x}"
        task = None if symbols is None else _task(machine, core, symbols, types)
        who = "" if task is None else f", task {task.comm}" + ("" if task.pid is None else f" ({task.pid})")
        yield f"core {core.index}: {status} in ring {ring} at {place}{who}, {int(core.record['count'])} instructions"


def _names(kernel: Vmlinux | BzImage) -> tuple[SymbolTable | None, StructTypes | None]:
    """What a kernel's file says; that it says nothing must not hide why the run has ended."""
    try:
        elf = kernel_elf(kernel)
        return kernel_symbols(kernel, elf), _types(elf)
    except UserError:
        return None, None


def _types(elf: Elf) -> StructTypes | None:
    try:
        return struct_types(elf)
    except UserError:
        return None


def _task(machine: Machine, core: Core, symbols: SymbolTable, types: StructTypes | None) -> Task | None:
    def read(address: int, size: int) -> bytes | None:
        content = machine.code(core, address, size)
        return content if len(content) == size else None

    return GuestTasks(symbols, types, read).current(core.index)
