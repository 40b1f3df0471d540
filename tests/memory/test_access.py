"""The one road to memory: latencies, states and values as cores in two modules use the same lines."""

import numpy as np
import pytest

from emu.description import load_machine
from emu.memory import access, store_buffer
from emu.memory.bus import Bus
from emu.memory.moesi import Line
from emu.memory.records import BUS
from emu.native import NEVER, array_at
from emu.run.overrides import apply_overrides
from emu.trace.record import Cause

KEEPS = 41  # cycles for which a locked instruction keeps its line
A, B = 0x1000, 0x2000
LATENCIES = {
    "l2_hit": 19,
    "sibling_line": 25,
    "sibling_locked": 119,
    "remote_line": 350,
    "remote_write": 376,
    "upgrade": 230,
    "memory": 286,
    "store_forward": 7,
    "store_forward_fail": 25,
}


class Harness:
    """A bus of four cores in two modules, with stores that also write RAM, as an emulated instruction does."""

    def __init__(self, depth: int = 24, requests: int = 8, misses: int = 8, threads: int = 1) -> None:
        figures = {f"latencies.{name}": value for name, value in LATENCIES.items()} | {
            "store_buffer.depth": depth,
            "store_buffer.ownership_requests": requests,
            "miss_buffers": misses,
            "tlb.l2_hit": 0,
            "tlb.page_walk": 0,
        }
        machine = apply_overrides(load_machine("a10-7800"), tuple(figures.items()))
        topology = machine.topology.model_copy(update={"cores_per_module": 2 // threads, "threads_per_core": threads})
        self.bus = Bus(machine.model_copy(update={"topology": topology}), 4, 1 << 20)
        self.record = array_at(self.bus.record.ctypes.data, 1, BUS)[0]

    def load(self, core: int, now: int, address: int, size: int = 8) -> tuple[int, int]:
        cycles = access.load(self.record, core, now, now, address, size)
        return int(store_buffer.read_ram(self.record, address, size)), int(cycles)

    def store(self, core: int, now: int, address: int, value: int, size: int = 8) -> int:
        stall = access.store(self.record, core, now, now, address, size, value, -1, now, now)
        store_buffer.write_ram(self.record, address, size, value)
        return int(stall)

    def atomic(self, core: int, now: int, address: int) -> int:
        return int(access.atomic(self.record, core, now, address, 8, KEEPS))

    def state(self, module: int, address: int) -> Line:
        modules = int(self.bus.record["modules"][0])
        return Line(int(self.bus.arrays["line.state"][(address >> 6) * modules + module]))

    def drain(self) -> None:
        store_buffer.drain_due(self.record, 10**9)


def test_first_read_comes_from_memory_then_hits() -> None:
    harness = Harness()
    assert harness.load(0, 0, A) == (0, 286)
    assert harness.state(0, A) == Line.E
    assert harness.load(0, 1000, A) == (0, 4)
    assert harness.load(1, 2000, A) == (0, 19)  # the sibling finds it in the shared L2


def test_dirty_line_moves_across_modules_and_is_owned() -> None:
    harness = Harness()
    harness.store(0, 0, A, 7)
    harness.drain()
    assert harness.state(0, A) == Line.M
    assert harness.load(2, 1000, A) == (7, 350)
    assert (harness.state(0, A), harness.state(1, A)) == (Line.O, Line.S)
    assert harness.bus.counts()["transfers_across_modules"] == 1


def test_write_to_a_shared_line_is_an_upgrade() -> None:
    harness = Harness()
    harness.load(0, 0, A)
    harness.load(2, 1000, A)
    harness.store(0, 2000, A, 1)
    assert harness.load(2, 2000 + 229, A) == (0, 4)  # not visible before the line is owned
    assert harness.load(2, 2000 + 230, A)[0] == 1
    assert harness.bus.counts()["upgrades"] == 1


def test_sibling_store_drops_the_other_l1() -> None:
    harness = Harness()
    harness.load(1, 0, A)
    harness.store(0, 1000, A, 3)
    harness.drain()
    assert harness.load(1, 5000, A) == (3, 25)


def test_own_stores_are_forwarded() -> None:
    harness = Harness()
    harness.store(0, 0, A, 0x1122334455667788)
    assert harness.load(0, 0, A) == (0x1122334455667788, 7)
    assert harness.load(0, 1, A + 4, 4) == (0x11223344, 6)  # the data were there a cycle before
    harness.store(0, 2, A + 2, 0xAAAA, 2)
    value, cycles = harness.load(0, 3, A)  # wider than the youngest store it overlaps: waits for the drain
    assert value == 0x11223344AAAA7788
    assert cycles > 25


def test_store_buffering_is_visible() -> None:
    """SB: both cores may read the old value, as x86-TSO allows; with drained buffers they may not."""
    harness = Harness()
    harness.store(0, 0, A, 1)
    harness.store(2, 0, B, 1)
    assert (harness.load(0, 1, B)[0], harness.load(2, 1, A)[0]) == (0, 0)
    assert (harness.load(0, 10**6, B)[0], harness.load(2, 10**6, A)[0]) == (1, 1)


def test_stores_drain_in_order() -> None:
    harness = Harness()
    harness.load(2, 0, B)
    harness.store(2, 1000, B, 9)  # B is owned by the other module, A by nobody
    harness.drain()
    harness.store(0, 2000, B, 1)
    harness.store(0, 2001, A, 1)
    for now in range(2002, 3000, 7):
        if harness.load(3, now, A)[0] == 1:
            assert harness.load(3, now, B)[0] == 1
            return
    pytest.fail("the stores never became visible")


def test_full_buffer_stalls_until_the_oldest_has_left() -> None:
    harness = Harness(depth=2, requests=1)
    assert harness.store(0, 0, A, 1) == 0
    assert harness.store(0, 1, A + 64, 1) == 0
    assert harness.store(0, 2, A + 128, 1) == 282 - 2


def test_contention_serialises_at_the_line() -> None:
    harness = Harness()
    harness.store(0, 0, A, 1)
    harness.drain()
    assert harness.atomic(2, 1000, A) == 376
    assert harness.atomic(0, 1001, A) == 376 + (376 + KEEPS - 1)  # waits until the line has arrived and been changed over there


def test_line_crossing_store_keeps_its_bytes() -> None:
    harness = Harness()
    harness.store(0, 0, A + 60, 0x1122334455667788)
    assert harness.load(0, 1, A + 60)[0] == 0x1122334455667788
    assert harness.load(2, 1, A + 60)[0] == 0
    harness.drain()
    assert harness.load(2, 10**6, A + 60)[0] == 0x1122334455667788


@pytest.mark.parametrize("seed", range(20))
def test_single_writer_and_l1_inside_l2(seed: int) -> None:
    """Random traffic: at most one module owns a line, an owner in M or E is alone, every L1 line is in its L2."""
    harness = Harness()
    random = np.random.default_rng(seed)
    for now in range(0, 60_000, 40):
        core, line = int(random.integers(4)), int(random.integers(6))
        address = A + 64 * line + 8 * int(random.integers(8))
        kind = random.integers(3)
        if kind == 0:
            harness.load(core, now, address)
        elif kind == 1:
            harness.store(core, now, address, int(random.integers(100)))
        elif harness.bus.arrays["buffers"][core]["count"] == 0:
            harness.atomic(core, now, address)
        for index in range(6):
            states = [harness.state(module, A + 64 * index) for module in (0, 1)]
            assert sum(state in (Line.M, Line.O, Line.E) for state in states) <= 1
            if Line.M in states or Line.E in states:
                assert Line.I in states
    tags = harness.bus.arrays["l1"].reshape(4, -1)
    for core in range(4):
        for line in tags[core][tags[core] >= 0]:
            assert harness.state(core // 2, int(line) << 6) != Line.I


def test_load_waits_for_a_line_in_flight() -> None:
    """A second miss on a line that its module has asked for takes no longer than the first, for both cores."""
    harness = Harness()
    harness.load(0, 1000, A)
    assert harness.load(0, 1100, A + 8) == (0, 186)
    assert harness.load(1, 1100, A + 16) == (0, 186)
    assert harness.load(0, 2000, A + 8) == (0, 4)


def test_load_waits_for_the_line_of_an_own_store() -> None:
    """What a store fetches a load behind it gets, too: one transfer, and no sooner than the store owns the line."""
    harness = Harness()
    harness.store(0, 1000, A, 5)
    assert harness.load(0, 1010, A + 32) == (0, 276)
    harness.drain()
    assert harness.bus.counts()["memory_reads"] == 1


def test_threads_of_a_core_take_turns_with_a_line_that_is_locked() -> None:
    harness = Harness(threads=2)
    harness.atomic(0, 0, A)
    assert harness.atomic(0, 1000, A) == 0
    assert harness.atomic(1, 1010, A) == KEEPS - 10
    assert int(harness.bus.record["met"]["cause"][0]) == Cause.LINE_BUSY
    assert harness.atomic(1, 2000, A) == 0  # they share the L1


def test_misses_beyond_the_miss_buffers_wait() -> None:
    harness = Harness(misses=2)
    assert [harness.load(0, 1000, A + 64 * n)[1] for n in range(4)] == [286, 286, 568, 568]


def test_independent_requests_go_before_one_that_is_made_later() -> None:
    """A core that is ahead asks at 5000 for what another one wants at 1000: the earlier request does not wait for the later."""
    harness = Harness()
    access.load(harness.record, 0, 900, 5000, A, 8)
    assert access.load(harness.record, 2, 1000, 1000, A, 8) == 286


X, C = 0x3000, 0x4000  # lines that come from memory
REQUESTED = 1000  # when the store to A asks for its line, which its module owns


def lose_the_line() -> Harness:
    """Core 0 stores to X, to A, which it owns, and to C; before A's turn the other module's core 2 changes A."""
    harness = Harness()
    harness.store(0, 0, A, 7)
    harness.drain()
    for address, value in ((X, 1), (A, 8), (C, 1)):
        harness.store(0, REQUESTED, address, value)
    assert store_buffer.stores_visible_at(harness.record, 0) == REQUESTED + 282 + 2  # A and C behind X
    assert harness.atomic(2, REQUESTED + 100, A) == 376
    return harness


def test_a_store_that_lost_its_line_asks_for_it_again() -> None:
    harness = lose_the_line()
    assert harness.bus.record["requests_lost"][0] == 0
    store_buffer.drain_due(harness.record, REQUESTED + 283)  # A's turn
    assert harness.bus.record["requests_lost"][0] == 1
    back = REQUESTED + 100 + 376 + KEEPS + 376  # when the other core has had it, and it has come back
    assert store_buffer.stores_visible_at(harness.record, 0) == back + 1
    assert harness.load(3, back - 1, A)[0] == 7
    assert harness.load(3, back, A)[0] == 8
    harness.drain()
    assert harness.bus.record["requests_lost"][0] == 1


def test_time_drains_nothing_where_somebody_else_does() -> None:
    """A search tries each drain itself: neither a line that came before its store, nor a wide load, nor the years do one."""
    harness = Harness()
    harness.bus.put(first_drain=NEVER)
    harness.store(0, 0, B, 9)
    access.store(harness.record, 0, 0, 0, A, 1, 7, -1, 0, 100)  # it asks for its line at 100,
    store_buffer.write_ram(harness.record, A, 1, 7)
    assert harness.load(0, 0, A + 8)[1] == 286  # and a load has brought that before
    assert harness.load(0, 0, A)[0] == 7
    harness.store(0, 0, A, 8)
    assert store_buffer.stores_visible_at(harness.record, 0) == 0
    assert [harness.load(1, 1 << 50, address)[0] for address in (A, B)] == [0, 0]
    assert harness.load(0, 1 << 50, A)[0] == 8


@pytest.mark.parametrize("step", [7, 13, 40])
def test_stores_keep_their_order_when_one_loses_its_line(step: int) -> None:
    """A core that polls (and so takes lines away itself) sees X before A before C."""
    harness = lose_the_line()
    seen = set()
    for now in range(REQUESTED + 101, REQUESTED + 3000, step):
        c, a, x = (harness.load(3, now, address)[0] for address in (C, A, X))  # the last one to be written is read first
        assert (c == 0 or a == 8) and (a == 7 or x == 1)
        seen.add((x, a, c))
    assert (1, 7, 0) in seen
    assert (1, 8, 1) in seen
