"""A record and its arrays: what is wired, kept alive and saved."""

import weakref

import numpy as np

from emu.block import Block
from emu.native import address_of, array_at

RECORD = np.dtype([("count", np.int64), ("numbers", np.int64), ("constants", np.int64)])


def make() -> Block:
    block = Block(RECORD)
    block.put(count=3)
    block.share("numbers", np.zeros(3, np.int64))
    block.share("constants", np.ones(2, np.int64), saved=False)
    block.keep("elsewhere", np.zeros(1, np.int64))
    return block


def test_fields_hold_the_addresses_of_arrays_that_live_as_long_as_the_record() -> None:
    block = make()
    assert int(block.record["constants"][0]) == address_of(block.arrays["constants"])
    array = weakref.ref(block.share("numbers", np.full(3, 7)))
    assert array_at(int(block.record["numbers"][0]), 3, np.int64)[2] == 7
    assert array() is not None
    del block
    assert array() is None


def test_the_state_is_what_is_saved_and_the_record() -> None:
    block = make()
    assert [each.size for each in block.state()] == [1, 3, 1]
    block.share("constants", np.zeros(5, np.int64))  # taken in anew as something that is saved
    assert [each.size for each in block.state()] == [1, 3, 5, 1]


def test_a_copy_of_the_state_put_back_is_the_state() -> None:
    block = make()
    before = [each.copy() for each in block.state()]
    block.arrays["numbers"][:] = 1
    block.put(count=4)
    for live, copy in zip(block.state(), before, strict=True):
        np.copyto(live, copy)
    assert (int(block.record["count"][0]), block.arrays["numbers"].any()) == (3, False)
