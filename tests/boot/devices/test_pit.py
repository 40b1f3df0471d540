"""The 8254 against its data sheet: counting in each mode, access by bytes, latches, read-back, and what the timer interrupts."""

import pytest

from emu.boot.devices.clock import NEVER, ticks
from emu.boot.devices.pit import HERTZ, Pit


class Timer:
    """A timer, its clock, and how often its line has risen."""

    def __init__(self) -> None:
        self.at, self.rises = 0, 0
        self.pit = Pit(lambda: self.at, self._raise)

    def _raise(self, level: bool) -> None:
        self.rises += level

    def program(self, counter: int, mode: int, count: int) -> None:
        self.pit.write(3, counter << 6 | 0x30 | mode << 1)
        self.pit.write(counter, count & 0xFF)
        self.pit.write(counter, count >> 8)

    def read(self, counter: int) -> int:
        return self.pit.read(counter) | self.pit.read(counter) << 8


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.mark.parametrize(
    "mode, cycles, count",
    [(0, 0, 1000), (0, 10, 990), (0, 1001, 0xFFFF), (2, 10, 990), (2, 1000, 1000), (2, 2500, 500), (3, 10, 980), (3, 510, 980)],
)
def test_what_a_counter_reads(timer: Timer, mode: int, cycles: int, count: int) -> None:
    timer.program(0, mode, 1000)
    timer.at = ticks(cycles, HERTZ)
    assert timer.read(0) == count


def test_a_rate_generator_interrupts_each_round(timer: Timer) -> None:
    timer.program(0, 2, 1193)
    first = timer.pit.deadline
    assert first == ticks(1193, HERTZ)
    before = timer.rises
    for _ in range(3):
        timer.at = timer.pit.deadline
        timer.pit.tick()
    assert timer.rises == before + 3 and timer.pit.deadline == 4 * first


def test_a_one_shot_interrupts_once(timer: Timer) -> None:
    timer.program(0, 0, 100)
    timer.at = timer.pit.deadline
    timer.pit.tick()
    assert timer.rises == 1 and timer.pit.deadline == NEVER


def test_a_latch_keeps_the_count_until_it_is_read(timer: Timer) -> None:
    timer.program(0, 2, 1000)
    timer.at = ticks(100, HERTZ)
    timer.pit.write(3, 0)
    timer.at = ticks(300, HERTZ)
    assert (timer.read(0), timer.read(0)) == (900, 700)


def test_read_back_latches_status_and_count(timer: Timer) -> None:
    timer.program(0, 2, 1000)
    timer.at = ticks(100, HERTZ)
    timer.pit.write(3, 0xC2)  # count and status of counter 0
    assert timer.pit.read(0) == 0x80 | 0x30 | 2 << 1
    assert timer.read(0) == 900


def test_one_byte_access_and_binary_coded_decimal(timer: Timer) -> None:
    timer.pit.write(3, 0x10 | 2 << 1)  # low byte only
    timer.pit.write(0, 200)
    timer.at = ticks(50, HERTZ)
    assert timer.pit.read(0) == 150
    timer.pit.write(3, 0x30 | 2 << 1 | 1)
    timer.pit.write(0, 0x00)
    timer.pit.write(0, 0x10)  # 1000
    timer.at += ticks(1, HERTZ)
    assert timer.read(0) == 0x999


def test_the_gate_of_the_third_counter_and_its_output(timer: Timer) -> None:
    timer.program(2, 0, 100)
    assert timer.pit.read_gate(0) & 0x21 == 0
    timer.at = ticks(500, HERTZ)
    assert not timer.pit.read_gate(0) & 0x20, "the gate is off: it does not count"
    timer.pit.write_gate(0, 1)
    timer.at += ticks(100, HERTZ)
    assert timer.pit.read_gate(0) & 0x21 == 0x21
