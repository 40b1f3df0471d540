"""Page tables and descriptors, by the processor's own rules (AMD64 Architecture Programmer's Manual volume 2)."""

import numpy as np
import pytest

from emu.errors import InternalError
from emu.guest import descriptors
from emu.guest.paging import (
    APIC_PHYSICAL,
    APIC_VIRTUAL,
    LARGE_PAGE,
    NO_EXECUTE,
    USER_DATA,
    USER_TEXT,
    WRITE,
    PageTables,
)
from emu.guest.ram import DIRECT_MAP, TEXT_MAP, Ram


@pytest.fixture
def ram() -> Ram:
    return Ram(np.zeros(16 << 20, np.uint8), 4 << 20)


@pytest.fixture
def pages(ram: Ram) -> PageTables:
    tables = PageTables(ram)
    tables.map_kernel(text_bytes=LARGE_PAGE)
    tables.map_range(0x400000, 0x200000, 0x1800, USER_TEXT)
    tables.map(0x7F0000000000, 0x300000, USER_DATA)
    return tables


def leaf(ram: Ram, tables: PageTables, virtual: int) -> int:
    """The entry that maps an address, however large its page."""
    table = tables.cr3
    for shift in (39, 30, 21, 12):
        entry = ram.get(table + 8 * (virtual >> shift & 0x1FF))
        if shift == 12 or entry & 0x80:
            return entry
        table = entry & 0x000FFFFFFFFFF000
    raise AssertionError


def test_both_kernel_maps_reach_all_of_ram(pages: PageTables) -> None:
    for physical in (0, 0x100000, 0x1FFFFF, 0x200000, (16 << 20) - 1):
        assert pages.translate(TEXT_MAP + physical) == physical
        assert pages.translate(DIRECT_MAP + physical) == physical
    assert pages.translate(DIRECT_MAP + (16 << 20)) is None
    assert pages.translate(APIC_VIRTUAL + 0x300) == APIC_PHYSICAL + 0x300


def test_user_pages_are_mapped_one_by_one(pages: PageTables) -> None:
    assert pages.translate(0x400FFF) == 0x200FFF
    assert pages.translate(0x401000) == 0x201000
    assert pages.translate(0x402000) is None
    assert pages.translate(0x7F0000000FFF) == 0x300FFF
    assert pages.translate(0x7F0000001000) is None


def test_only_text_is_executable_and_text_is_not_writable(ram: Ram, pages: PageTables) -> None:
    for virtual in (TEXT_MAP + 0x100000, 0x400000):
        assert not leaf(ram, pages, virtual) & (NO_EXECUTE | WRITE)
    for virtual in (TEXT_MAP + 0x400000, DIRECT_MAP + 0x100000, 0x7F0000000000, APIC_VIRTUAL):
        assert leaf(ram, pages, virtual) & NO_EXECUTE and leaf(ram, pages, virtual) & WRITE


def test_ring_3_reaches_nothing_of_the_kernel(ram: Ram, pages: PageTables) -> None:
    for virtual in (TEXT_MAP + 0x100000, TEXT_MAP + 0x400000, DIRECT_MAP, APIC_VIRTUAL):
        assert not leaf(ram, pages, virtual) & 4
    for virtual in (0x400000, 0x7F0000000000):
        assert leaf(ram, pages, virtual) & 4


def test_tss_descriptor_and_gate_hold_their_addresses(ram: Ram) -> None:
    descriptors.write_gdt(ram, 0x1000, 0xFFFF880012345678, 0x68)
    low, high = ram.get(0x1040), ram.get(0x1048)
    assert (low >> 16 & 0xFFFFFF) | (low >> 56) << 24 | high << 32 == 0xFFFF880012345678
    assert low & 0xFFFF == 0x67 and low >> 40 & 0xFF == 0x89
    descriptors.write_gate(ram, 0x2000, 0xFD, 0xFFFFFFFF80123456)
    low, high = ram.get(0x2FD0), ram.get(0x2FD8)
    assert low & 0xFFFF | (low >> 48) << 16 | high << 32 == 0xFFFFFFFF80123456
    assert low >> 16 & 0xFFFF == descriptors.KERNEL_CS and low >> 40 & 0xFF == 0x8E


def test_allocations_never_share_a_line(ram: Ram) -> None:
    ends = []
    for size in (1, 64, 65, 200):
        start = ram.allocate(size)
        assert start % 64 == 0 and (not ends or start >= ends[-1])
        ends.append(start + -(-size // 64) * 64)
    assert ram.allocate(8, 0x4000) % 0x4000 == 0
    with pytest.raises(InternalError, match="needs more than"):
        ram.allocate(64 << 20)
