"""Names of a kernel's addresses, in flat arrays: quick to build from a hundred thousand, found by binary search."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emu.elf.elf_file import Elf
from emu.elf.kernel_file import KERNEL_HALF
from emu.errors import UserError
from emu.files import LIST_BYTES_MAX, read_bounded

_ELF_SYMBOL = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")])
_NAMELESS_TYPES = (3, 4)  # STT_SECTION, STT_FILE
_UNDEFINED = 0  # SHN_UNDEF
# What a linker script calls the ends of sections (include/asm-generic/vmlinux.lds.h): other names of such a place say more.
_SECTION_END = re.compile(rb"_[se]?text|_[se]data|_end|__\w+_(?:start|begin|end)|__(?:start|stop)_\w+")
_MAP_LINE = re.compile(r"^([0-9a-f]{1,16}) (\S) (\S+)$")


class SymbolTable:
    """Symbols by address and by name; those of user space are none of it."""

    def __init__(self, addresses: NDArray[np.uint64], offsets: NDArray[np.int64], strings: bytes) -> None:
        """Symbol i is at `addresses[i]`; its name begins at `offsets[i]` of `strings` and ends with a zero."""
        order = np.argsort(addresses, kind="stable")
        self._addresses, self._offsets, self._strings = addresses[order], offsets[order], strings

    def __len__(self) -> int:
        """How many there are."""
        return len(self._addresses)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Address and name of each, by address."""
        return ((address, self._name(index)) for index, address in enumerate(self._addresses.tolist()))

    def at(self, address: int) -> tuple[str, int] | None:
        """The symbol that a kernel address belongs to and how far behind it that is, None outside the kernel's image.

        Of several at one place it is the first in the file that they came from, the end of a section only if there is no other.
        """
        if address < KERNEL_HALF or not len(self) or address >= int(self._addresses[-1]):
            return None
        last = int(np.searchsorted(self._addresses, np.uint64(address), side="right")) - 1
        if last < 0 or (start := int(self._addresses[last])) < KERNEL_HALF:
            return None
        first = int(np.searchsorted(self._addresses, np.uint64(start)))
        names = [self._raw(index) for index in range(first, last + 1)]
        name = next((name for name in names if not _SECTION_END.fullmatch(name)), names[0])
        return name.decode("utf-8", "replace"), address - start

    def address(self, name: str) -> int | None:
        """Where a symbol is; of several with that name the lowest. Of per-CPU data it is the offset within a CPU's area."""
        wanted = name.encode() + b"\0"
        at, found = self._strings.find(wanted), list[int]()
        while at >= 0:
            found += [int(self._addresses[index]) for index in np.flatnonzero(self._offsets == at)]
            at = self._strings.find(wanted, at + 1)
        return min(found, default=None)

    def _name(self, index: int) -> str:
        return self._raw(index).decode("utf-8", "replace")

    def _raw(self, index: int) -> bytes:
        start = int(self._offsets[index])
        return self._strings[start : self._strings.index(b"\0", start)]


def from_names(addresses: Sequence[int] | NDArray[np.uint64], names: Sequence[bytes]) -> SymbolTable:
    """A table of symbols that are there one by one."""
    lengths = np.fromiter(map(len, names), np.int64, len(names)) + 1
    return SymbolTable(np.asarray(addresses, np.uint64), np.cumsum(lengths) - lengths, b"\0".join(names) + b"\0")


def elf_symbols(elf: Elf) -> SymbolTable | None:
    """What the symbol table of a vmlinux has, None for one without, such as that in a bzImage."""
    table, strings = elf.section(".symtab"), elf.section(".strtab")
    if table is None or strings is None:
        return None
    symbols = np.frombuffer(table, _ELF_SYMBOL, len(table) // _ELF_SYMBOL.itemsize)
    named = (symbols["section"] != _UNDEFINED) & ~np.isin(symbols["info"] & 15, _NAMELESS_TYPES) & (symbols["name"] < len(strings))
    kept = symbols[named]
    return SymbolTable(kept["value"], kept["name"].astype(np.int64), strings + b"\0")


def read_system_map(path: Path) -> SymbolTable:
    """System.map of a build: lines of address, kind and name, as nm(1) prints them."""
    what = "System.map"
    text = read_bounded(path, LIST_BYTES_MAX, what)
    addresses, names = list[int](), list[bytes]()
    for number, line in enumerate(text.splitlines(), 1):
        match = _MAP_LINE.match(line)
        if match is None:
            hint = " (Debian's is in the package with -dbg)" if "real System.map" in line else ""
            raise UserError(f"{what} {path}:{number}: must be lines of an address, a kind and a name, not {line[:60]!r}{hint}")
        addresses.append(int(match.group(1), 16))
        names.append(match.group(3).encode())
    if not names:
        raise UserError(f"{what} {path}: no symbols in it")
    return from_names(addresses, names)
