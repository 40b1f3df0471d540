"""The 64-bit boot protocol: a kernel, its command line and its initrd in memory, boot_params, page tables, the first core's state.

Source: Documentation/arch/x86/boot.rst ("64-bit boot protocol") and zero-page.rst of Linux.
"""

import struct
from dataclasses import dataclass

from emu.boot.loader.acpi_tables import acpi_tables
from emu.boot.loader.memory_map import (
    ACPI_AT,
    BOOT_PARAMS_AT,
    COMMAND_LINE_AT,
    GDT_AT,
    MIB,
    PAGE,
    PAGE_TABLES_AT,
    memory_map,
)
from emu.boot.loader.mp_table import mp_table
from emu.boot.ram import Ram
from emu.elf.bzimage import ENTRY_64, HEADER_AT, BzImage
from emu.elf.kernel_file import Vmlinux
from emu.errors import UserError

RSDP_AT, E820_COUNT_AT, E820_AT = 0x70, 0x1E8, 0x2D0  # in boot_params
BOOT_FLAG, MAGIC, VERSION = 0xAA55, 0x53726448, 0x20F
UNDEFINED_LOADER, LOADED_HIGH = 0xFF, 1
COMMAND_LINE_MAX = 2047  # COMMAND_LINE_SIZE of x86, less the zero
INITRD_END_MAX = 0x7FFFFFFF
LARGE_PAGE, PRESENT_WRITABLE = 0x80, 3
CODE, DATA = 0x00AF9B000000FFFF, 0x00CF93000000FFFF  # descriptors of __BOOT_CS and __BOOT_DS
GIB_MAPPED = 4
MEMORY_LEAST = 16 * MIB


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the first core begins, and what it finds in its registers."""

    rip: int
    boot_params: int
    page_tables: int
    gdt: int


def load_linux(ram: Ram, kernel: Vmlinux | BzImage, command_line: str, initrd: bytes, cores: int, cpu: tuple[int, int]) -> Entry:
    """Put everything in place; `cpu` is the signature and features of CPUID leaf 1, for the MP table."""
    top, entry = _load_kernel(ram, kernel)
    _put_command_line(ram, kernel, command_line)
    _put_boot_params(ram, kernel, len(command_line), _put_initrd(ram, kernel, initrd, top), len(initrd))
    for at, table in {**mp_table(cores, *cpu), **acpi_tables(cores)}.items():
        ram.write(at, table)
    _put_page_tables(ram)
    ram.write(GDT_AT, struct.pack("<4Q", 0, 0, CODE, DATA))
    return Entry(entry, BOOT_PARAMS_AT, PAGE_TABLES_AT, GDT_AT)


def _load_kernel(ram: Ram, kernel: Vmlinux | BzImage) -> tuple[int, int]:
    """Load it; returns the end of what it takes before it knows the memory map, and its entry."""
    if isinstance(kernel, BzImage):
        at = kernel.pref_address
        top, entry = at + max(kernel.init_size, len(kernel.code)), at + ENTRY_64
        pieces = [(at, kernel.code)]
    else:
        top, entry = max(load.end for load in kernel.loads), kernel.entry
        pieces = [(load.physical, load.data) for load in kernel.loads]
    if ram.low_bytes < max(top, MEMORY_LEAST):
        least = -(-max(top, MEMORY_LEAST) // MIB)
        raise UserError(
            f"too little memory: kernel {kernel.path} needs {least} MiB to begin with, and --memory gives {ram.size // MIB}; "
            f"give it --memory {max(128, 2 * least)}"
        )
    for at, content in pieces:
        if at < MIB:
            raise UserError(f"kernel {kernel.path}: it is to be loaded at {at:#x}, below 1 MiB, where its tables are")
        ram.write(at, content)
    return top, entry


def _put_command_line(ram: Ram, kernel: Vmlinux | BzImage, text: str) -> None:
    room = kernel.cmdline_size if isinstance(kernel, BzImage) else COMMAND_LINE_MAX
    encoded = text.encode()
    if len(encoded) > room:
        raise UserError(f"--append: the command line has {len(encoded)} bytes, and the kernel takes {room}")
    if b"\0" in encoded:
        raise UserError("--append: a zero byte would end the command line")
    ram.write(COMMAND_LINE_AT, encoded + b"\0")


def _put_initrd(ram: Ram, kernel: Vmlinux | BzImage, initrd: bytes, top: int) -> int:
    """As high as the kernel can reach; returns where."""
    if not initrd:
        return 0
    last = kernel.initrd_addr_max if isinstance(kernel, BzImage) else INITRD_END_MAX
    at = (min(ram.low_bytes, last + 1) - len(initrd)) // PAGE * PAGE
    if at < top:
        needed = -(-(top + 3 * len(initrd)) // MIB)
        raise UserError(
            f"the initrd, {len(initrd) / MIB:.1f} MiB, does not fit beside the kernel in {ram.size // MIB} MiB; "
            f"give it --memory {needed}"
        )
    ram.write(at, initrd)
    return at


def _put_boot_params(ram: Ram, kernel: Vmlinux | BzImage, command_line: int, initrd_at: int, initrd_bytes: int) -> None:
    params = bytearray(PAGE)

    def put(form: str, at: int, *values: int) -> None:
        struct.pack_into(form, params, at, *values)

    if isinstance(kernel, BzImage):
        params[HEADER_AT : HEADER_AT + len(kernel.header)] = kernel.header
    else:
        put("<H", 0x1FE, BOOT_FLAG)
        put("<I", 0x202, MAGIC)
        put("<H", 0x206, VERSION)
        put("<I", 0x230, 2 * MIB)  # kernel_alignment
        put("<I", 0x238, command_line)
    put("<BB", 0x210, UNDEFINED_LOADER, params[0x211] | LOADED_HIGH)
    put("<II", 0x218, initrd_at, initrd_bytes)
    put("<I", 0x228, COMMAND_LINE_AT)
    put("<Q", RSDP_AT, ACPI_AT)
    ranges = memory_map(ram.size)
    put("<B", E820_COUNT_AT, len(ranges))
    for number, each in enumerate(ranges):
        put("<QQI", E820_AT + 20 * number, each.start, each.size, each.kind)
    ram.write(BOOT_PARAMS_AT, bytes(params))


def _put_page_tables(ram: Ram) -> None:
    """The first 4 GiB, each address its own, in pages of 2 MiB."""
    directories = [PAGE_TABLES_AT + PAGE * (2 + each) for each in range(GIB_MAPPED)]
    ram.write(PAGE_TABLES_AT, struct.pack("<Q", PAGE_TABLES_AT + PAGE | PRESENT_WRITABLE))
    ram.write(PAGE_TABLES_AT + PAGE, struct.pack(f"<{GIB_MAPPED}Q", *(at | PRESENT_WRITABLE for at in directories)))
    for number, at in enumerate(directories):
        pages = ((number << 30) + (page << 21) | LARGE_PAGE | PRESENT_WRITABLE for page in range(512))
        ram.write(at, struct.pack("<512Q", *pages))
