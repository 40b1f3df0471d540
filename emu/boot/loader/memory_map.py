"""What lies where in the guest's first megabyte, and the memory map (e820) that a kernel is told."""

from dataclasses import dataclass

MIB, GIB = 1 << 20, 1 << 30
PAGE = 4096
HOLE_AT, HOLE_END = 3 * GIB, 4 * GIB  # devices; RAM goes on behind it
STACK_AT = 0x9000
BOOT_PARAMS_AT, COMMAND_LINE_AT, PAGE_TABLES_AT, GDT_AT = 0x10000, 0x20000, 0x30000, 0x40000
CONVENTIONAL_END = 0x9FC00  # the kernel keeps off the last KiB below 640 KiB, an extended BIOS data area
ACPI_AT, MP_AT, BIOS_END = 0xE0000, 0xF0000, 0x100000
USABLE, RESERVED = 1, 2  # e820 types


@dataclass(frozen=True, slots=True)
class Range:
    """A range of physical memory, and its e820 type."""

    start: int
    size: int
    kind: int


def low_bytes(ram_bytes: int) -> int:
    """How much of the RAM lies below the hole for devices."""
    return min(ram_bytes, HOLE_AT)


def memory_map(ram_bytes: int) -> tuple[Range, ...]:
    """All RAM, less what the tables take."""
    low = low_bytes(ram_bytes)
    ranges = [
        Range(0, CONVENTIONAL_END, USABLE),
        Range(CONVENTIONAL_END, 0xA0000 - CONVENTIONAL_END, RESERVED),
        Range(ACPI_AT, BIOS_END - ACPI_AT, RESERVED),
        Range(BIOS_END, low - BIOS_END, USABLE),
    ]
    if ram_bytes > low:
        ranges.append(Range(HOLE_END, ram_bytes - low, USABLE))
    return tuple(ranges)
