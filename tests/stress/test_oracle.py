"""The oracle by hand: what x86-TSO allows and what it forbids; and against a tiny model in plain lists."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.native import address_of, array_at
from emu.stress import oracle as tso
from emu.stress.records import BYTE, FIFO, ORACLE

LINES = 4
X, Y = 0x40, 0x80


class Memory:
    """An oracle of three cores and a few lines."""

    def __init__(self, cores: int = 3) -> None:
        self.record = np.zeros(1, ORACLE)
        self.keep = {
            "slot_of_line": np.arange(LINES, dtype=np.int32),
            "agreed": np.zeros(LINES * 64, np.uint8),
            "newest": np.zeros(cores * LINES * 64, np.uint8),
            "pending": np.zeros(cores * LINES * 64, np.int32),
            "slot_pending": np.zeros(LINES, np.int32),
            "fifo": np.zeros(cores * FIFO, BYTE),
            "fifo_head": np.zeros(cores, np.int64),
            "fifo_count": np.zeros(cores, np.int64),
        }
        for name, value in {"cores": cores, "slots": LINES, "lines": LINES}.items():
            self.record[name] = value
        for name, array in self.keep.items():
            self.record[name] = address_of(array)
        self.oracle = array_at(address_of(self.record), 1, ORACLE)[0]

    def store(self, core: int, address: int, value: int, width: int = 8) -> None:
        tso.accept(self.oracle, core, address, width, value, -1)

    def drain(self, core: int, address: int, width: int = 8) -> int:
        return int(tso.drain(self.oracle, core, address, width))

    def load(self, core: int, address: int, width: int = 8) -> int:
        return int(tso.sees(self.oracle, core, address, width))

    def atomic(self, address: int, value: int, width: int = 8) -> None:
        tso.write_at_once(self.oracle, address, width, value)


def test_store_buffering_is_allowed():
    memory = Memory()
    memory.store(0, X, 1)
    memory.store(1, Y, 1)
    assert (memory.load(0, Y), memory.load(1, X)) == (0, 0)
    assert (memory.load(0, X), memory.load(1, Y)) == (1, 1)  # each sees its own


def test_message_passing_is_in_order():
    """Data, then flag: the flag cannot become visible first."""
    memory = Memory()
    memory.store(0, X, 42)
    memory.store(0, Y, 1)
    assert memory.drain(0, Y) == tso.OTHER_STORE
    assert memory.drain(0, X) == tso.WELL
    assert (memory.load(1, Y), memory.load(1, X)) == (0, 42)
    assert memory.drain(0, Y) == tso.WELL
    assert (memory.load(1, Y), memory.load(1, X)) == (1, 42)


def test_independent_readers_agree():
    """IRIW: a store that one other core sees is seen by all."""
    memory = Memory()
    memory.store(0, X, 1)
    assert (memory.load(1, X), memory.load(2, X)) == (0, 0)
    memory.drain(0, X)
    assert (memory.load(1, X), memory.load(2, X)) == (1, 1)


def test_load_merges_own_bytes_with_memory():
    memory = Memory()
    memory.store(0, X, 0x1122334455667788)
    memory.drain(0, X)
    memory.store(1, X + 2, 0xAAAA, 2)
    memory.store(1, X + 3, 0xBB, 1)
    assert memory.load(1, X) == 0x11223344BBAA7788
    assert memory.load(0, X) == 0x1122334455667788
    assert tso.gets_own(memory.oracle, 1, X, 8)
    assert not tso.gets_own(memory.oracle, 1, X, 2)


def test_newest_own_store_wins_until_it_drains():
    memory = Memory()
    memory.store(0, X, 1)
    memory.store(0, X, 2)
    assert memory.load(0, X) == 2
    memory.drain(0, X)
    assert (memory.load(0, X), memory.load(1, X)) == (2, 1)
    memory.atomic(X, 7)  # another core's: the pending store still hides it
    assert (memory.load(0, X), memory.load(1, X)) == (2, 7)
    memory.drain(0, X)
    assert memory.load(1, X) == 2
    assert tso.pending_bytes(memory.oracle, 0) == 0


def test_store_within_a_line_is_not_torn():
    memory = Memory()
    memory.store(0, X, 0x0102, 2)
    assert memory.drain(0, X, 1) == tso.TORN
    assert memory.load(1, X, 2) == 0
    assert memory.drain(0, X, 2) == tso.WELL


def test_store_across_lines_may_be_torn_but_not_turned_round():
    memory = Memory()
    memory.store(0, Y - 1, 0x0102, 2)
    assert memory.drain(0, Y, 1) == tso.OTHER_STORE
    assert memory.drain(0, Y - 1, 1) == tso.WELL
    assert memory.load(1, Y - 1, 2) == 0x0002
    assert memory.drain(0, Y, 1) == tso.WELL
    assert memory.load(1, Y - 1, 2) == 0x0102


def test_nothing_to_drain():
    assert Memory().drain(0, X) == tso.OTHER_STORE


def test_lock_of_the_oldest_store():
    memory = Memory()
    tso.accept(memory.oracle, 0, X, 1, 0, 5)
    memory.store(0, Y, 1)
    assert tso.oldest_lock(memory.oracle, 0) == 5
    memory.drain(0, X, 1)
    assert tso.oldest_lock(memory.oracle, 0) == -1


ACTIONS = st.tuples(
    st.sampled_from(["store", "drain", "atomic"]),
    st.integers(0, 2),
    st.integers(X, X + 24),
    st.sampled_from([1, 2, 4, 8]),
    st.integers(0, 2**63 - 1),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_agrees_with_queues_of_whole_stores(actions):
    """The same rules as lists: a load looks for its newest pending store, byte by byte."""
    memory, agreed = Memory(), dict.fromkeys(range(X, X + 32), 0)
    queues: list[list[tuple[int, int, int]]] = [[], [], []]
    for action, core, address, width, value in actions:
        if action == "store":
            memory.store(core, address, value, width)
            queues[core].append((address, width, value))
        elif action == "drain" and queues[core]:
            address, width, value = queues[core].pop(0)
            assert memory.drain(core, address, width) == tso.WELL
            agreed |= {address + k: value >> (8 * k) & 0xFF for k in range(width)}
        elif action == "atomic":
            memory.atomic(address, value, width)
            agreed |= {address + k: value >> (8 * k) & 0xFF for k in range(width)}
    for core in range(3):
        seen = dict(agreed)
        for address, width, value in queues[core]:
            seen |= {address + k: value >> (8 * k) & 0xFF for k in range(width)}
        assert [memory.load(core, address, 1) for address in seen] == list(seen.values())
