"""The table of calls that have not returned, beside a dictionary: nothing is lost, and nothing is found that has gone."""

import random

import numpy as np
import pytest

from emu.engine.lock_frames import SPAN, WORD, begin_frame, end_frame, frame_around, frame_at, jump_frame
from emu.engine.records import FRAME, MACHINE
from emu.native import address_of, array_at

ROOM = 64
KERNEL = -0x7F00_0000_0000


class Table:
    """A machine that has nothing but calls."""

    def __init__(self) -> None:
        self.frames, record = np.zeros(ROOM, FRAME), np.zeros(1, MACHINE)
        record["locking"]["frames"], record["locking"]["frame_room"] = address_of(self.frames), ROOM
        self._record = record
        self.machine = array_at(address_of(record), 1, MACHINE)[0]

    def site_at(self, stack: int) -> int | None:
        found = frame_at(self.machine, stack)
        return None if found < 0 else int(self.frames[found]["site"])


@pytest.mark.parametrize("seed", range(4))
def test_beside_a_dictionary(seed: int) -> None:
    chance, table, known = random.Random(seed), Table(), dict[int, int]()
    places = [KERNEL + WORD * chance.randrange(1 << 30) for _ in range(3 * ROOM)]
    for step in range(3000):
        stack = chance.choice(places)
        if stack in known and chance.random() < 0.7:
            end_frame(table.machine, frame_at(table.machine, stack))
            del known[stack]
        elif stack in known or len(known) < ROOM * 3 // 4:
            begin_frame(table.machine, stack, step + 1)
            known[stack] = step + 1
        assert table.site_at(stack) == known.get(stack)
    assert {stack: table.site_at(stack) for stack in places if table.site_at(stack) is not None} == known
    assert table.machine.locking.frame_count == len(known)


def test_the_innermost_call_around_a_place_of_the_stack() -> None:
    table = Table()
    for words, site in ((0, 1), (20, 2), (20 + SPAN, 3)):
        begin_frame(table.machine, KERNEL + WORD * words, site)
    for words, site in ((-1, 1), (0, 1), (1, 2), (20, 2), (21, 3), (20 + SPAN, 3), (21 + SPAN, None), (-SPAN, None)):
        found = frame_around(table.machine, KERNEL + WORD * words)
        assert (None if found < 0 else table.frames[found]["site"]) == site


def test_a_call_keeps_its_caller_whatever_comes_between_it_and_the_lock() -> None:
    """Interrupted at the routine's first instruction, on the same stack and on another one, and preempted there by another task."""
    table, task, interrupt, other = Table(), KERNEL, KERNEL + 0x10000, KERNEL - 0x20000
    begin_frame(table.machine, task, 1)
    for stack, site in ((task - 0x100, 2), (interrupt, 3), (other, 4)):
        begin_frame(table.machine, stack, site)
        assert table.frames[frame_around(table.machine, stack - WORD)]["site"] == site
        assert table.frames[frame_around(table.machine, task - WORD)]["site"] == 1
        end_frame(table.machine, frame_at(table.machine, stack))
    assert table.frames[frame_around(table.machine, task - WORD)]["site"] == 1


def test_a_routine_that_ends_in_a_jump_keeps_its_frame() -> None:
    """As mutex_lock of PREEMPT_RT does, and down: the last thing it does is to jump to what lets go of its inner spin lock."""
    table = Table()
    begin_frame(table.machine, KERNEL, 1)
    jump_frame(table.machine, KERNEL, 2)
    jump_frame(table.machine, KERNEL + WORD, 3)  # one that has none
    assert (table.site_at(KERNEL), table.site_at(KERNEL + WORD)) == (1, 3)


def test_a_full_table_says_what_it_has_lost() -> None:
    table = Table()
    for number in range(ROOM):
        begin_frame(table.machine, KERNEL + WORD * number, 1)
    assert (int(table.machine.locking.frame_count), int(table.machine.locking.frames_lost)) == (ROOM * 3 // 4, ROOM // 4)
