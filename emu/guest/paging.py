"""Page tables: one address space for everybody, kernel half and user half.

Text is read-only and executable, all else is not executable: a jump into data faults. Large pages keep the tables
small; user pages are 4 KiB.
"""

from emu.guest.ram import DIRECT_MAP, TEXT_MAP, Ram

PAGE = 0x1000
LARGE_PAGE = 0x200000
APIC_PHYSICAL = 0xFEE00000
APIC_VIRTUAL = 0xFFFFFFFFFF5FD000  # the fixmap page of the local APIC

PRESENT, WRITE, USER = 1 << 0, 1 << 1, 1 << 2
WRITE_THROUGH, CACHE_DISABLE = 1 << 3, 1 << 4
ACCESSED, DIRTY, LARGE = 1 << 5, 1 << 6, 1 << 7
NO_EXECUTE = 1 << 63
KERNEL_TEXT = PRESENT | ACCESSED
KERNEL_DATA = PRESENT | WRITE | ACCESSED | DIRTY | NO_EXECUTE
USER_TEXT = PRESENT | USER | ACCESSED
USER_DATA = PRESENT | WRITE | USER | ACCESSED | DIRTY | NO_EXECUTE
USER_DATA_BASE, USER_DATA_STRIDE = 0x7F0000000000, 0x10000  # virtual address of the first task's memory, and from one to the next
UNCACHED = WRITE_THROUGH | CACHE_DISABLE
FRAME_MASK = 0x000FFFFFFFFFF000


class PageTables:
    """A four-level tree in guest RAM; `cr3` is the physical address of its root."""

    def __init__(self, ram: Ram) -> None:
        """Start with an empty tree."""
        self._ram = ram
        self.cr3 = ram.allocate(PAGE, PAGE)
        self.small_pages: list[int] = []  # physical addresses in RAM that are mapped by pages of 4 KiB

    def map_kernel(self, *, text_bytes: int) -> None:
        """Map RAM twice, as kernel image and as direct map, and the APIC page. Text is what lies below `text_bytes`."""
        for physical in range(0, len(self._ram.data), LARGE_PAGE):
            flags = KERNEL_TEXT if physical < text_bytes else KERNEL_DATA
            self.map_large(TEXT_MAP + physical, physical, flags)
            self.map_large(DIRECT_MAP + physical, physical, KERNEL_DATA)
        self.map(APIC_VIRTUAL, APIC_PHYSICAL, KERNEL_DATA | UNCACHED)

    def map(self, virtual: int, physical: int, flags: int) -> None:
        """Map one 4 KiB page."""
        table = self.cr3
        for shift in (39, 30, 21):
            table = self._next_level(table, virtual >> shift & 0x1FF)
        self._ram.put(table + 8 * (virtual >> 12 & 0x1FF), physical | flags)
        if physical < len(self._ram.data):
            self.small_pages.append(physical)

    def map_range(self, virtual: int, physical: int, size: int, flags: int) -> None:
        """Map 4 KiB pages that cover `size` bytes."""
        for offset in range(0, size, PAGE):
            self.map(virtual + offset, physical + offset, flags)

    def map_large(self, virtual: int, physical: int, flags: int) -> None:
        """Map one 2 MiB page."""
        table = self.cr3
        for shift in (39, 30):
            table = self._next_level(table, virtual >> shift & 0x1FF)
        self._ram.put(table + 8 * (virtual >> 21 & 0x1FF), physical | flags | LARGE)

    def translate(self, virtual: int) -> int | None:
        """Physical address behind a virtual one, or None: for tests and for observers."""
        table = self.cr3
        for shift in (39, 30, 21, 12):
            entry = self._ram.get(table + 8 * (virtual >> shift & 0x1FF))
            if not entry & PRESENT:
                return None
            if shift == 12 or entry & LARGE:
                inside = (1 << shift) - 1
                return (entry & FRAME_MASK & ~inside) | (virtual & inside)
            table = entry & FRAME_MASK
        return None

    def _next_level(self, table: int, index: int) -> int:
        entry = self._ram.get(table + 8 * index)
        if not entry & PRESENT:
            entry = self._ram.allocate(PAGE, PAGE) | PRESENT | WRITE | USER | ACCESSED
            self._ram.put(table + 8 * index, entry)
        return entry & FRAME_MASK
