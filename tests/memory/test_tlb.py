"""Data TLBs: reach, sharing of the second level, large pages."""

import pytest

from emu.memory import access
from emu.memory.records import BUS, Bus
from emu.native import array_at

L2_HIT, WALK = 20, 21
PAGE, LARGE_PAGE = 0x1000, 0x200000


@pytest.fixture
def bus() -> Bus:
    bus = Bus(16 << 20, 4, 2, (64, 4), (2048, 16), (4, 2, 4))
    bus.configure(buffer_depth=24, buffer_requests=8, tlb_l2_hit=L2_HIT, page_walk=WALK)
    return bus


def load(bus: Bus, core: int, address: int) -> int:
    """Cycles of a load that comes after all before it have ended."""
    record = array_at(bus.record.ctypes.data, 1, BUS)[0]
    now = 1000 * int(record.tlb_clock + 1)
    return int(access.load(record, core, now, now, address, 8))


def test_pages_within_reach_hit(bus: Bus) -> None:
    bus.small_pages(0, 16 * PAGE)
    pages = [PAGE * n for n in range(4)]
    assert [load(bus, 0, page) for page in pages] == [L2_HIT + WALK] * 4
    assert [load(bus, 0, page + 8) for page in pages] == [0] * 4


def test_pages_beyond_reach_come_from_the_second_level(bus: Bus) -> None:
    bus.small_pages(0, 16 * PAGE)
    for page in range(5):
        load(bus, 0, PAGE * page)
    assert [load(bus, 0, PAGE * page) for page in range(5)] == [L2_HIT] * 5  # least recently used: every one has just left


def test_the_second_level_is_the_modules(bus: Bus) -> None:
    bus.small_pages(0, 16 * PAGE)
    load(bus, 0, 0)
    assert load(bus, 1, 0) == L2_HIT
    assert load(bus, 2, 0) == L2_HIT + WALK


def test_the_second_level_has_a_reach_of_its_own(bus: Bus) -> None:
    bus.small_pages(0, 64 * PAGE)
    for page in range(10):  # five pages of each of its two sets of four ways
        load(bus, 0, PAGE * page)
    assert load(bus, 0, 0) == L2_HIT + WALK


def test_a_large_page_is_one_entry(bus: Bus) -> None:
    assert load(bus, 0, 0) == L2_HIT + WALK
    assert [load(bus, 0, PAGE * n) for n in (1, 77, 511)] == [0, 0, 0]
    assert load(bus, 0, LARGE_PAGE) == L2_HIT + WALK
