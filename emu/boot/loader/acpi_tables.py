"""ACPI tables: processors, interrupt controllers, the power management timer, how to turn the machine off.

Source: ACPI Specification 6.4, chapter 5 (tables) and 20 (AML).
"""

import struct

from emu.boot.devices import acpi_pm, pci
from emu.boot.devices.io_apic import BASE as IO_APIC_AT
from emu.boot.loader.memory_map import ACPI_AT
from emu.boot.loader.mp_table import LOCAL_APIC_AT, TIMER_INPUT, with_checksum

HEADER_BYTES, CHECKSUM_AT = 36, 9
FADT_BYTES = 268  # revision 5
SCI_LINE = 9
ALIGNMENT = 64
LEGACY_DEVICES, NO_VGA, NO_MSI = 1, 1 << 2, 1 << 3  # IAPC_BOOT_ARCH
WBINVD, POWER_BUTTON_ABSENT, SLEEP_BUTTON_ABSENT, NO_RTC_WAKE, RESET_REGISTER = 1, 1 << 4, 1 << 5, 1 << 6, 1 << 10
PIC_PRESENT = 1  # MADT flags
RTC_CENTURY = 0x32
NO_C2, NO_C3 = 0xFFFF, 0xFFFF  # latencies too long to be of use
# DefinitionBlock: Name (\_S5, Package () {5, 5, 0, 0}), the sleep types that turn the machine off
S5 = b"\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x05\x00\x00"


def acpi_tables(cores: int) -> dict[int, bytes]:
    """All tables by physical address; the first is the root pointer (RSDP)."""
    tables: dict[int, bytes] = {ACPI_AT: b""}
    at = ACPI_AT + ALIGNMENT

    def place(table: bytes) -> int:
        nonlocal at
        here = at
        tables[here] = table
        at = here + -(-len(table) // ALIGNMENT) * ALIGNMENT
        return here

    dsdt_at = place(_table(b"DSDT", 2, S5))
    facs_at = place(struct.pack("<4sI", b"FACS", 64) + bytes(56))
    fadt_at, madt_at = place(_fadt(facs_at, dsdt_at)), place(_madt(cores))
    xsdt_at = place(_table(b"XSDT", 1, struct.pack("<QQ", fadt_at, madt_at)))
    tables[ACPI_AT] = _root_pointer(xsdt_at)
    return tables


def _table(signature: bytes, revision: int, body: bytes) -> bytes:
    length = HEADER_BYTES + len(body)
    header = struct.pack("<4sIBB6s8sI4sI", signature, length, revision, 0, b"EMU   ", b"EMUBOOT ", 1, b"EMU ", 1)
    return with_checksum(header + body, CHECKSUM_AT)


def _root_pointer(xsdt_at: int) -> bytes:
    pointer = struct.pack("<8sB6sBIIQB3s", b"RSD PTR ", 0, b"EMU   ", 2, 0, 36, xsdt_at, 0, bytes(3))
    pointer = with_checksum(pointer[:20], 8) + pointer[20:]
    return with_checksum(pointer, 32)


def _fadt(facs_at: int, dsdt_at: int) -> bytes:
    table = bytearray(FADT_BYTES)

    def put(form: str, at: int, *values: int) -> None:
        struct.pack_into(form, table, at, *values)

    event, control, timer = (acpi_pm.PORT + offset for offset in (acpi_pm.EVENT, acpi_pm.CONTROL, acpi_pm.TIMER))
    put("<II", 36, facs_at, dsdt_at)
    put("<H", 46, SCI_LINE)
    put("<I", 56, event)
    put("<I", 64, control)
    put("<I", 76, timer)
    put("<BB", 88, acpi_pm.EVENT_BYTES, acpi_pm.CONTROL_BYTES)
    put("<B", 91, acpi_pm.TIMER_BYTES)
    put("<HH", 96, NO_C2, NO_C3)
    put("<B", 108, RTC_CENTURY)
    put("<H", 109, LEGACY_DEVICES | NO_VGA | NO_MSI)
    put("<I", 112, WBINVD | POWER_BUTTON_ABSENT | SLEEP_BUTTON_ABSENT | NO_RTC_WAKE | RESET_REGISTER)
    put("<BBBBQB", 116, 1, 8, 0, 1, pci.RESET, pci.SYSTEM_RESET | pci.RESET_CPU)
    put("<QQ", 132, facs_at, dsdt_at)
    for at, port, bits in ((148, event, 32), (172, control, 16), (208, timer, 32)):
        put("<BBBBQ", at, 1, bits, 0, 0, port)
    return _table(b"FACP", 5, bytes(table[HEADER_BYTES:]))


def _madt(cores: int) -> bytes:
    body = struct.pack("<II", LOCAL_APIC_AT, PIC_PRESENT)
    for core in range(cores):
        body += struct.pack("<BBBBI", 0, 8, core, core, 1)
    body += struct.pack("<BBBBII", 1, 12, cores, 0, IO_APIC_AT, 0)
    body += struct.pack("<BBBBIH", 2, 10, 0, 0, TIMER_INPUT, 0)
    body += struct.pack("<BBBHB", 4, 6, 0xFF, 0, 1)  # NMI: LINT1 of all
    return _table(b"APIC", 4, body)
