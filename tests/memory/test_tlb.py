"""Data TLBs: reach, sharing of the second level, large pages."""

from itertools import count

import pytest

from emu.description import load_machine
from emu.memory import access
from emu.memory.bus import Bus
from emu.memory.records import BUS
from emu.native import array_at
from emu.run.overrides import apply_overrides

SIZES = {"tlb.entries": 4, "tlb.l2_sets": 2, "tlb.l2_ways": 4}
A10 = load_machine("a10-7800")
NEAR = dict.fromkeys(("latencies.l2_hit", "latencies.memory"), A10.latencies.l1_hit.value)  # only translations take time
SMALL = apply_overrides(A10, tuple((SIZES | NEAR).items()))
L2_HIT, WALK = SMALL.tlb.l2_hit.value, SMALL.tlb.page_walk.value
LOADS = count(1)  # of all tests: each comes after all before it
PAGE, LARGE_PAGE = 0x1000, 0x200000


@pytest.fixture
def bus() -> Bus:
    return Bus(SMALL, 4, 16 << 20)


def load(bus: Bus, core: int, address: int) -> int:
    """Cycles beyond an L1 hit of a load that comes after all before it have ended."""
    record = array_at(bus.record.ctypes.data, 1, BUS)[0]
    now = 1000 * next(LOADS)
    return int(access.load(record, core, now, now, address, 8)) - A10.latencies.l1_hit.value


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
