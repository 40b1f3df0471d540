"""What lies at an address of a running kernel: a static variable, one of each CPU, a slab object, a struct page."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from emu.boot.tasks import GuestTasks, Read
from emu.elf.kernel_file import KERNEL_HALF
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.files import read_toml
from emu.subjects.kernel.slab_layout import DIRECT_MAP, Words
from emu.subjects.kernel.slabs import VMEMMAP_BYTES, Slabs
from emu.tables import Key, check

TABLE = Path(__file__).with_name("types.toml")
KEYS = {"locks": Key(dict), "caches": Key(dict), "variables": Key(dict), "untyped": Key(dict)}
IMAGE_MAP = 0xFFFFFFFF80000000  # __START_KERNEL_map: physical addresses from phys_base on
# Of the image, what the kernel gives back when it has booted: free_kernel_image_pages() in arch/x86/mm/init.c and init_64.c.
GIVEN_BACK = (("__init_begin", "__init_end"), ("_etext", "__start_rodata"), ("__end_rodata", "_sdata"))


@dataclass(frozen=True, slots=True)
class Place:
    """What an address belongs to: a variable or a cache by name, its structure if that is known, bytes into that."""

    name: str
    offset: int
    struct: str | None = None
    mixed: bool = False  # in a cache of objects of several types

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.struct or self.name}{f'+{self.offset:#x}' if self.offset else ''}"


class Places:
    """The memory of one kernel, by name."""

    def __init__(self, symbols: SymbolTable | None, types: StructTypes | None, read: Read, cpus: int) -> None:
        """`symbols` at the addresses at which the kernel runs; `read` gives kernel memory, None where nothing is mapped."""
        self._symbols, self._types, self._read = symbols, types, read
        self._slabs = None if symbols is None else Slabs(symbols, types, read)
        self._per_cpu = _PerCpu(symbols, GuestTasks(symbols, types, read), cpus) if symbols is not None else None

    @property
    def has_symbols(self) -> bool:
        """Whether anything has a name at all."""
        return self._symbols is not None

    def code(self, address: int) -> str:
        """A place in code, such as `do_msgsnd+0x9c`; by its number where no symbol is."""
        found = None if self._symbols is None else self._symbols.at(address)
        return f"{address:#x}" if found is None else f"{found[0]}+{found[1]:#x}"

    def data(self, virtual: int, physical: int) -> Place | None:
        """What is there; None where neither symbols nor types say it."""
        if self._symbols is None or virtual < KERNEL_HALF:
            return None
        found = self._per_cpu.at(virtual) if self._per_cpu is not None else None
        found = found or self._symbols.at(virtual)
        if found is not None:
            return self._variable(*found)
        return self._allocated(virtual, physical)

    def line(self, physical: int) -> Place | None:
        """What is at a physical address: it is where all memory is mapped, or in the kernel's image."""
        if self._symbols is None:
            return None
        found = self.data(self._direct_map + physical, physical)
        image = IMAGE_MAP + physical - self._image_base
        if found is not None or image < IMAGE_MAP or any(begin <= image < end for begin, end in self._given_back):
            return found
        in_image = self._symbols.at(image)
        return None if in_image is None else self._variable(*in_image)

    def lock(self, place: Place, kind: str) -> str:
        """What a lock of a kind at a place is called: the structure and its member where types say it."""
        if place.struct is not None and self._types is not None:
            path = self._types.member_at(place.struct, place.offset, _table()["locks"].get(kind, ()))
            if path is not None:
                return f"{place.struct}.{path}"
        return str(place)

    def _variable(self, name: str, offset: int) -> Place:
        """A variable, of one of many structures if it is known as that, or of one that has its name."""
        struct = _table()["variables"].get(name) or (None if self._types is None else self._types.variable(name))
        size = None if struct is None or self._types is None else self._types.size(struct)
        if size is not None:
            return Place(name, offset % size, struct)
        own = None if self._types is None else self._types.size(name)
        return Place(name, offset, name if own is not None and offset < own else None)

    def _allocated(self, virtual: int, physical: int) -> Place | None:
        """A slab object, or a struct page."""
        if self._slabs is None:
            return None
        if 0 <= virtual - self._slabs.vmemmap < VMEMMAP_BYTES:
            return Place("page", (virtual - self._slabs.vmemmap) % self._slabs.page_bytes, self._known("page"))
        found = self._slabs.object_at(physical)
        if found is None:
            return None
        cache, offset = found
        if cache.merged or cache.name.startswith(tuple(_table()["untyped"]["prefixes"])):
            return Place(cache.name, offset, mixed=True)
        return Place(cache.name, offset, self._known(_table()["caches"].get(cache.name, cache.name)))

    def _known(self, struct: str) -> str | None:
        """A structure of that name, if the types have one."""
        return struct if self._types is not None and self._types.size(struct) is not None else None

    @cached_property
    def _direct_map(self) -> int:
        return self._base("page_offset_base", DIRECT_MAP)

    @cached_property
    def _image_base(self) -> int:
        return self._base("phys_base", 0)

    @cached_property
    def _given_back(self) -> list[tuple[int, int]]:
        """Parts of the image that are other memory once the kernel has booted."""
        ends = [(self._address(begin), self._address(end)) for begin, end in GIVEN_BACK]
        return [(begin, end) for begin, end in ends if begin is not None and end is not None]

    def _base(self, variable: str, default: int) -> int:
        return default if self._symbols is None else Words(self._read).base(self._symbols, variable, default)

    def _address(self, name: str) -> int | None:
        return None if self._symbols is None else self._symbols.address(name)


class _PerCpu:
    """Variables of which each CPU has one."""

    def __init__(self, symbols: SymbolTable, tasks: GuestTasks, cpus: int) -> None:
        start, end = symbols.address("__per_cpu_start"), symbols.address("__per_cpu_end")
        self._offsets = [offset for cpu in range(cpus) if (offset := tasks.per_cpu_offset(cpu)) is not None]
        self._end, self._starts, self._names = 0, list[int](), list[str]()
        if start is None or end is None:
            return
        self._end = end
        for address, name in symbols:
            if start <= address < end and not name.startswith("__per_cpu_") and address not in self._starts[-1:]:
                self._starts.append(address)
                self._names.append(name)

    def at(self, virtual: int) -> tuple[str, int] | None:
        """The variable and how far behind its start, whichever CPU's it is."""
        for offset in self._offsets:
            address = (virtual - offset) % 2**64
            last = bisect_right(self._starts, address) - 1
            if last >= 0 and address < self._end:
                return self._names[last], address - self._starts[last]
        return None


@cache
def _table() -> Mapping[str, Any]:
    content = read_toml(TABLE, "types")
    check(str(TABLE), content, KEYS)
    return content
