"""The MultiProcessor tables: processors, their buses and interrupts, for kernels without ACPI.

Source: Intel MultiProcessor Specification 1.4 (242016-006), chapter 4.
"""

import struct

from emu.boot.devices.io_apic import BASE as IO_APIC_AT
from emu.boot.loader.memory_map import MP_AT

LOCAL_APIC_AT, APIC_VERSION = 0xFEE00000, 0x14
PROCESSOR, BUS, IO_APIC, IO_INTERRUPT, LOCAL_INTERRUPT = range(5)
ENABLED, BOOTSTRAP = 1, 2
INT, NMI, EXTINT = 0, 1, 3  # interrupt types
ALL_APICS = 0xFF
ISA = 0
CASCADE, TIMER_INPUT = 2, 2
SPEC_REVISION = 4
HEADER_BYTES = 44


def mp_table(cores: int, signature: int, features: int) -> dict[int, bytes]:
    """The floating pointer and the configuration table, by physical address. `signature` and `features` are CPUID 1's."""
    io_apic_id = cores
    entries = [
        struct.pack("<BBBBIIQ", PROCESSOR, core, APIC_VERSION, ENABLED | (0 if core else BOOTSTRAP), signature, features, 0)
        for core in range(cores)
    ]
    entries.append(struct.pack("<BB6s", BUS, ISA, b"ISA   "))
    entries.append(struct.pack("<BBBBI", IO_APIC, io_apic_id, 0x20, ENABLED, IO_APIC_AT))
    for line in range(16):
        if line != CASCADE:
            entries.append(struct.pack("<BBHBBBB", IO_INTERRUPT, INT, 0, ISA, line, io_apic_id, line or TIMER_INPUT))
    entries.append(struct.pack("<BBHBBBB", LOCAL_INTERRUPT, EXTINT, 0, ISA, 0, 0, 0))
    entries.append(struct.pack("<BBHBBBB", LOCAL_INTERRUPT, NMI, 0, ISA, 0, ALL_APICS, 1))
    body = b"".join(entries)
    header = struct.pack(
        "<4sHBB8s12sIHHIHBB", b"PCMP", HEADER_BYTES + len(body), SPEC_REVISION, 0, b"EMU     ", b"BOOT        ", 0, 0,
        len(entries), LOCAL_APIC_AT, 0, 0, 0,
    )  # fmt: skip
    table = with_checksum(header + body, 7)
    at = MP_AT + 16
    pointer = with_checksum(struct.pack("<4sIBBB5s", b"_MP_", at, 1, SPEC_REVISION, 0, bytes(5)), 10)
    return {MP_AT: pointer, at: table}


def with_checksum(table: bytes, at: int) -> bytes:
    """The table with the byte at `at` such that all bytes add up to 0."""
    changed = bytearray(table)
    changed[at] = 0
    changed[at] = -sum(changed) & 0xFF
    return bytes(changed)
