"""The books of one out-of-order core: widths, depths and units by themselves, without an engine."""

import numpy as np
import pytest

from emu.native import array_at
from emu.timing import pipeline as pl

DEPTHS = {"width": 4, "reorder_buffer": 16, "scheduler": 3, "load_queue": 2, "load_units": 2, "taken_branch": 2}
NEVER_WAITS = 0  # a start that is not later than any dispatch


class Core:
    """An idle pipeline."""

    def __init__(self, **depths: int) -> None:
        self.array = pl.new_pipelines(1, **(DEPTHS | depths))
        self.record = array_at(self.array.ctypes.data, 1, pl.PIPELINE)[0]

    def dispatch(self, clock: int, ops: int = 1, start: int = NEVER_WAITS, retired_at: int = 0) -> int:
        return int(pl.dispatch(self.record, clock, ops, start, retired_at))


@pytest.mark.parametrize(
    ("width", "ops", "wanted"),
    [
        (4, [1] * 9, [0, 0, 0, 1, 1, 1, 1, 2, 2]),
        (2, [1] * 5, [0, 1, 1, 2, 2]),
        (4, [2, 2, 2, 2], [0, 1, 1, 2]),
        (4, [3, 3, 3], [0, 1, 2]),  # what does not fit goes on into the next cycle
        (4, [6, 1, 1], [1, 1, 2]),
        (4, [0, 0, 0, 0, 0], [0] * 5),  # fused into the instruction before
    ],
)
def test_dispatch_width(width: int, ops: list[int], wanted: list[int]) -> None:
    core, clock, found = Core(width=width), 0, []
    for each in ops:
        clock = core.dispatch(clock, each)
        found.append(clock)
    assert found == wanted


def test_a_gap_in_dispatch_begins_a_group() -> None:
    core = Core()
    assert [core.dispatch(0), core.dispatch(0), core.dispatch(7), core.dispatch(7), core.dispatch(7), core.dispatch(7)] == [
        0, 0, 7, 7, 7, 8,
    ]  # fmt: skip


def test_the_reorder_buffer_is_left_in_order() -> None:
    """The seventeenth macro-op waits until the first has retired, the eighteenth until the second."""
    core = Core(width=64)
    found = [core.dispatch(0, retired_at=100 + n) for n in range(18)]
    assert found == [0] * 15 + [100, 101, 102]


def test_macro_ops_take_places_in_the_reorder_buffer() -> None:
    core = Core(width=64)
    assert [core.dispatch(0, ops=8, retired_at=100), core.dispatch(0, ops=8, retired_at=200)] == [0, 100]


def test_scheduler_entries_leave_when_their_instructions_start() -> None:
    """Out of order: with three entries the next instruction waits for the earliest start, not for the oldest instruction."""
    core = Core(width=64)
    assert [core.dispatch(0, start=start) for start in (300, 100)] == [0, 0]
    assert core.dispatch(0, start=200) == 100
    assert core.dispatch(100, start=150) == 150
    assert core.dispatch(150, start=151) == 151


def test_what_has_started_holds_no_scheduler_entry() -> None:
    core = Core(width=64)
    assert [core.dispatch(0, start=start) for start in (10, 20)] == [0, 0]
    assert core.dispatch(20, start=30) == 20
    assert core.dispatch(20, start=NEVER_WAITS) == 20
    assert core.dispatch(20, start=40) == 20


def test_the_scheduler_forgets_nothing_over_many_instructions() -> None:
    """As many as go round its places several times, against a list kept beside it."""
    core, random, waiting, clock = Core(width=10**6, scheduler=8), np.random.default_rng(1), [], 0
    for _ in range(5 * pl.RING):
        start = clock + int(random.integers(0, 40))
        waiting = [each for each in waiting if each > clock]
        following = core.dispatch(clock, ops=0, start=start)
        if start > clock:
            waiting.append(start)
        if start > clock and len(waiting) == 8:
            assert following == min(waiting)
            waiting.remove(min(waiting))
        else:
            assert following == clock
        clock = following


def test_the_load_queue_is_left_in_order() -> None:
    core = Core()
    assert [int(pl.queue_load(core.record, at)) for at in (50, 40, 60)] == [0, 50, 40]


def test_taken_branches_are_two_cycles_apart() -> None:
    core = Core()
    assert [int(pl.redirect(core.record, clock)) for clock in (10, 11, 11, 30)] == [11, 13, 15, 31]


def test_a_unit_is_given_in_program_order() -> None:
    """Two a cycle where two units count as one; the one that is dispatched later does not go before."""
    core = Core()
    pair = [int(pl.reserve(core.record, pl.ALU, 5, pl.TICKS // 2)) for _ in range(5)]
    assert pair == [5, 5, 6, 6, 7]
    assert int(pl.reserve(core.record, pl.MULTIPLIER, 5, 4 * pl.TICKS)) == 5
    assert int(pl.reserve(core.record, pl.MULTIPLIER, 6, 4 * pl.TICKS)) == 9
    assert int(pl.reserve(core.record, pl.MULTIPLIER, 40, 4 * pl.TICKS)) == 40


def test_registers_are_ready_when_their_last_writer_has_ended() -> None:
    core = Core()
    pl.becomes_ready(core.record, 1 | 3 << 8, 20)
    pl.becomes_ready(core.record, 3, 15)  # a later writer that ends sooner
    assert [int(pl.ready_at(core.record, registers, 10)) for registers in (0, 1, 2, 3, 3 | 1 << 8)] == [10, 20, 10, 15, 20]
