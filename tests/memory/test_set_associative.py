"""Tables of sets beside a list that is kept in order by hand."""

import numpy as np
import pytest

from emu.native import address_of, array_at
from emu.set_associative import EMPTY, TABLE, count, hit, insert, look_up, new_table, remove

OWNERS = 3


@pytest.mark.parametrize(("sets", "ways"), [(1, 5), (2, 1), (2, 2), (3, 4)])
def test_a_set_is_a_list_the_most_recent_first(sets: int, ways: int) -> None:
    tags, values = new_table(OWNERS, sets, ways)
    table = array_at(address_of(holder := np.array([values], TABLE)), 1, TABLE)[0]
    lists: dict[tuple[int, int], list[int]] = {(owner, key): [] for owner in range(OWNERS) for key in range(sets)}
    random = np.random.default_rng(ways)
    for owner, tag, action in zip(
        random.integers(OWNERS, size=3000), 3 * random.integers(-5, 5, size=3000) + 1, random.integers(4, size=3000), strict=True
    ):
        expected = lists[owner, tag % sets]
        known = tag in expected
        if action == 0:
            remove(table, owner, tag, tag)
            expected[:] = [each for each in expected if each != tag]
        elif action == 1 and not known:
            assert insert(table, owner, tag, tag) == (expected[-1] if len(expected) == ways else EMPTY)
            expected[:] = [tag, *expected][:ways]
        elif action == 2:
            assert hit(table, owner, tag, tag) == known
            expected[:] = [tag, *(each for each in expected if each != tag)] if known else expected
        else:
            assert look_up(table, owner, tag, tag) == known
            expected[:] = [tag, *(each for each in expected if each != tag)][:ways]
        assert count(table, owner, tag, tag) == (tag in expected)
        begin = (owner * sets + tag % sets) * ways
        assert tags[begin : begin + ways].tolist() == [*expected, *[EMPTY] * (ways - len(expected))]
    assert len(holder) == 1  # alive up to here


def test_a_tag_need_not_be_its_key() -> None:
    tags, values = new_table(1, 4, 2)
    holder = np.array([values], TABLE)
    table = array_at(address_of(holder), 1, TABLE)[0]
    assert not look_up(table, 0, 7, 0x7000)
    assert look_up(table, 0, 3, 0x7000)  # the same set
    assert not hit(table, 0, 2, 0x7000)
    assert np.flatnonzero(tags != EMPTY).tolist() == [6]
