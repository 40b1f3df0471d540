"""The symbols of a kernel, wherever it has them: in its ELF file, in itself, or in the System.map beside it."""

from pathlib import Path

from emu.elf.bzimage import BzImage
from emu.elf.elf_file import Elf
from emu.elf.kallsyms import kallsyms
from emu.elf.kernel_file import KERNEL_HALF, Vmlinux, map_file
from emu.elf.symbols import SymbolTable, elf_symbols, read_system_map
from emu.errors import UserError

TREE_IMAGE = ("arch", "boot")  # folders above a bzImage in a tree, the architecture's name between them


def kernel_elf(kernel: Vmlinux | BzImage) -> Elf:
    """Its ELF file, unpacked if it is a bzImage."""
    what = f"kernel {kernel.path}"
    return Elf(kernel.vmlinux() if isinstance(kernel, BzImage) else map_file(kernel.path, what), what)


def kernel_symbols(kernel: Vmlinux | BzImage, elf: Elf | None = None) -> SymbolTable | None:
    """The first that it has of those, at the addresses that it is linked for; `elf` is its file if that is open already."""
    elf = elf or kernel_elf(kernel)
    found = elf_symbols(elf)
    if found is None or not len(found):
        images = (kallsyms(load.data) for load in elf.loads if load.virtual >= KERNEL_HALF)
        found = next((table for table in images if table is not None), None)
    return _beside(kernel.path) if found is None else found


def maps_beside(path: Path) -> list[Path]:
    """Files that are there and may be a kernel's System.map: at the top of its tree, or beside vmlinuz in /boot."""
    path = path.resolve()
    names = [path.with_name(path.name.replace("vmlinuz", "System.map")), path.with_name("System.map")]
    above = path.parts[-4:-1]
    if len(above) == 3 and (above[0], above[2]) == TREE_IMAGE:
        names.append(path.parents[3] / "System.map")
    return [name for name in names if name != path and name.is_file()]


def _beside(path: Path) -> SymbolTable | None:
    """The System.map that a build has left, or a distribution."""
    for name in maps_beside(path):
        try:
            return read_system_map(name)
        except UserError:  # a file without symbols, as Debian's, is none
            continue
    return None
