"""Chases: each visits all of its lines once in a round, wherever a run begins."""

import numpy as np
import pytest

from emu.calibrate import branch_loops, memory_loops
from emu.calibrate.benchmark import PAGE_BYTES

ADDRESS = 0x100000000
CHASES = {each.name: each for each in memory_loops.loops(1 << 15) if each.layout is not None}


def ring(loop) -> np.ndarray:
    """The word of each line, as offsets in the data."""
    words = np.zeros(loop.data_bytes // 8, np.uint64)
    loop.layout(words, ADDRESS, np.random.default_rng(0))
    return words


@pytest.mark.parametrize("name", ("chase, 4 KiB", "chase, 256 KiB", "chase, 2 MiB", "chase, 4096 lines side by side"))
def test_a_chase_comes_by_every_line(name):
    loop = CHASES[name]
    words = ring(loop)
    at, seen = 0, set()
    while at not in seen:
        seen.add(at)
        at = int(words[at // 8]) - ADDRESS
    assert len(seen) == loop.data_bytes // 64


def test_a_chase_over_pages_has_a_line_of_each():
    loop = CHASES["L1 and L2 DTLB miss: 4096 pages"]
    offsets = np.flatnonzero(ring(loop)) * 8
    assert sorted(offsets // PAGE_BYTES) == list(range(4096))
    assert np.bincount(offsets // 64 % 2048).max() <= 16  # no set of an L2 of 2 MiB overflows


def test_a_run_goes_on_where_the_last_one_ended():
    loop = CHASES["chase, 256 KiB"]
    words = ring(loop)
    at = loop.place(0)
    for _ in range(memory_loops.COPIES * 3):
        at = int(words[at // 8]) - ADDRESS
    assert at == loop.place(3)


def test_branches_by_chance_do_not_see_their_bits_again():
    loop = next(each for each in branch_loops.loops() if each.name == branch_loops.CONDITIONAL)
    assert loop.place(loop.warm + sum(loop.lengths)) <= loop.data_bytes
