"""Kernel structures by field name: what the guest's builders write with, so that no Python file knows an offset."""

from collections.abc import Mapping

from emu.errors import CheckFailed, InternalError
from emu.guest.paging import PageTables
from emu.guest.ram import DIRECT_MAP, TEXT_MAP, Ram
from emu.image import Image, Struct
from emu.units import LINE_BYTES


class Record:
    """One structure in guest memory; fields are read and set as `record["outer.inner"]`."""

    __slots__ = ("_kernel", "physical", "struct", "virtual")

    def __init__(self, kernel: "Kernel", struct: str, physical: int, virtual: int) -> None:
        """View the structure `struct` at a physical address that the guest sees at `virtual`."""
        self._kernel = kernel
        self.struct = struct
        self.physical = physical
        self.virtual = virtual

    def __getitem__(self, path: str) -> int:
        """Value of a field."""
        offset, size = self._kernel.place(self.struct, path)
        return self._kernel.ram.get(self.physical + offset, size)

    def __setitem__(self, path: str, value: int) -> None:
        """Set a field; negative values in two's complement."""
        offset, size = self._kernel.place(self.struct, path)
        self._kernel.ram.put(self.physical + offset, value, size)

    def physical_of(self, path: str) -> int:
        """Physical address of a field."""
        return self.physical + self._kernel.offset(self.struct, path)

    def address(self, path: str) -> int:
        """Kernel address of a field."""
        return self.virtual + self._kernel.offset(self.struct, path)

    def put_word(self, path: str, value: int, *, offset: int = 0) -> None:
        """Store 8 bytes at a field (and `offset`), whatever the field's size: for lists and arrays."""
        self._kernel.ram.put(self.physical + self._kernel.offset(self.struct, path) + offset, value)

    def words(self, path: str) -> list[int]:
        """A field that is an array of 8-byte words."""
        offset, size = self._kernel.place(self.struct, path)
        content = self._kernel.ram.data[self.physical + offset : self.physical + offset + size].tobytes()
        return [int.from_bytes(content[at : at + 8], "little") for at in range(0, size, 8)]

    def write(self, path: str, content: bytes) -> None:
        """Store bytes at a field, which they must fit into."""
        offset, size = self._kernel.place(self.struct, path)
        if len(content) > size:
            raise InternalError(f"{len(content)} bytes do not fit into {path} of struct {self.struct}, {size} bytes")
        self._kernel.ram.write(self.physical + offset, content)

    def read(self, path: str, size: int) -> bytes:
        """Load the first `size` bytes of a field."""
        start = self.physical + self._kernel.offset(self.struct, path)
        return self._kernel.ram.data[start : start + size].tobytes()

    def bytes(self) -> bytes:
        """All of the structure."""
        return self._kernel.ram.data[self.physical : self.physical + self.size].tobytes()

    @property
    def size(self) -> int:
        """Bytes of the structure."""
        return self._kernel.size(self.struct)

    def offset(self, path: str) -> int:
        """Where a field lies in the structure."""
        return self._kernel.offset(self.struct, path)

    def size_of(self, path: str) -> int:
        """Bytes of a field."""
        return self._kernel.place(self.struct, path)[1]

    def inner(self, path: str, struct: str, *, offset: int = 0) -> "Record":
        """The structure embedded at a field (and `offset`, in an array of them)."""
        offset += self._kernel.offset(self.struct, path)
        return Record(self._kernel, struct, self.physical + offset, self.virtual + offset)


class Kernel:
    """What the builders share: RAM, page tables, and the assembled image with its symbols and structures."""

    def __init__(self, image: Image, ram: Ram, pages: PageTables) -> None:
        """Tie the parts together."""
        self.image = image
        self.ram = ram
        self.pages = pages
        self._structs: Mapping[str, Struct] = image.structs
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def symbol(self, name: str) -> int:
        """Virtual address of a routine or a global."""
        try:
            return self.image.symbols[name]
        except KeyError:
            raise InternalError(f"the guest needs the symbol {name!r}, and no assembly or globals file defines it") from None

    def global_physical(self, name: str) -> int:
        """Physical address of a global."""
        return self.symbol(name) - TEXT_MAP

    def set_global(self, name: str, value: int, *, offset: int = 0, size: int = 8) -> None:
        """Store an integer in a global."""
        self.ram.put(self.global_physical(name) + offset, value, size)

    def size(self, struct: str) -> int:
        """Bytes of a structure."""
        return self._struct(struct).size

    def line_size(self, struct: str) -> int:
        """Bytes of a structure, rounded up to whole lines."""
        return -(-self.size(struct) // LINE_BYTES) * LINE_BYTES

    def place(self, struct: str, path: str) -> tuple[int, int]:
        """Offset and size of a field; a dot steps into an embedded structure."""
        try:
            return self._places[struct, path]
        except KeyError:
            self._places[struct, path] = found = self._find(struct, path)
            return found

    def _find(self, struct: str, path: str) -> tuple[int, int]:
        offset, size, inner = 0, 0, struct
        for part in path.split("."):
            try:
                field = self._struct(inner).fields[part]
            except KeyError:
                raise InternalError(f"struct {struct} has no field {path!r}") from None
            offset += field.offset
            size = field.size
            inner = field.struct or ""
        return offset, size

    def offset(self, struct: str, path: str) -> int:
        """Offset of a field; a dot steps into an embedded structure."""
        return self.place(struct, path)[0]

    def record(self, struct: str, physical: int) -> Record:
        """View an allocated structure through the direct map."""
        return Record(self, struct, physical, DIRECT_MAP + physical)

    def global_record(self, struct: str, name: str) -> Record:
        """View a global as a structure."""
        return Record(self, struct, self.global_physical(name), self.symbol(name))

    def at(self, struct: str, virtual: int) -> Record:
        """View a structure by the address that the guest has for it, or raise `CheckFailed` if that is not memory."""
        physical = virtual - (TEXT_MAP if virtual >= TEXT_MAP else DIRECT_MAP)
        if not 0 <= physical <= len(self.ram.data) - self.size(struct):
            raise CheckFailed(f"{virtual:#x} should be the address of a struct {struct}, but there is no memory")
        return Record(self, struct, physical, virtual)

    def allocate(
        self, struct: str, name: str, *, core: int | None = None, task: int | None = None, align: int = LINE_BYTES
    ) -> Record:
        """Allocate a structure on lines of its own and name it for observers."""
        size = self.line_size(struct)
        physical = self.ram.allocate(size, align)
        self.ram.name(name, struct, physical, size, core=core, task=task)
        return self.record(struct, physical)

    def global_size(self, name: str) -> int:
        """Bytes of a global."""
        return self.image.globals[name]

    def lock_is_free(self, physical: int) -> bool:
        """Whether nobody holds the lock whose word is at a physical address, and nobody waits for it."""
        word = self.ram.get(physical, 4)
        return word & 0xFFFF == word >> 16 if self.image.lock_kind == "ticket" else word == 0

    def lock_fields(self, struct: str) -> list[tuple[str, int, bool]]:
        """Each lock word in a structure, embedded structures included: name, offset, whether it is a sleeping lock's."""
        found = []
        for field in self._struct(struct).fields.values():
            if field.lock:
                found.append((field.lock, field.offset, field.sleeping))
            if field.struct:
                inside = self.lock_fields(field.struct)
                found += [(name, field.offset + offset, sleeping) for name, offset, sleeping in inside]
        return found

    def _struct(self, name: str) -> Struct:
        try:
            return self._structs[name]
        except KeyError:
            raise InternalError(f"the guest needs struct {name!r}, and no structs file defines it") from None
