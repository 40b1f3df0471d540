"""The two 8259As against their data sheet: initialisation, priorities, ends of interrupts, the cascade, spurious requests."""

import pytest

from emu.boot.devices.pic import Pic


class Pair:
    """Both chips as a PC's firmware or Linux sets them up, and their output."""

    def __init__(self, icw4: int = 1) -> None:
        self.wants = False
        self.pic = Pic(self._raise)
        for chip, base, cascade in ((0, 0x30, 4), (1, 0x38, 2)):
            for register, value in ((0, 0x11), (1, base), (1, cascade), (1, icw4), (1, 0)):
                self.pic.write(chip, register, value)

    def _raise(self, wants: bool) -> None:
        self.wants = wants


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("line, vector", [(0, 0x30), (4, 0x34), (7, 0x37), (8, 0x38), (15, 0x3F)])
def test_a_line_gives_its_vector(pair: Pair, line: int, vector: int) -> None:
    pair.pic.set_line(line, True)
    assert pair.wants and pair.pic.acknowledge() == vector
    assert not pair.wants, "its own end comes first"


def test_a_masked_line_waits(pair: Pair) -> None:
    pair.pic.write(0, 1, 0x10)
    pair.pic.set_line(4, True)
    assert not pair.wants and pair.pic.read(0, 0) == 0x10
    pair.pic.write(0, 1, 0)
    assert pair.wants


def test_only_a_higher_priority_interrupts_a_service(pair: Pair) -> None:
    pair.pic.set_line(4, True)
    pair.pic.acknowledge()
    pair.pic.set_line(5, True)
    assert not pair.wants
    pair.pic.set_line(1, True)
    assert pair.pic.acknowledge() == 0x31
    pair.pic.write(0, 0, 0x0B)
    assert pair.pic.read(0, 0) == 0x12, "both in service"
    pair.pic.write(0, 0, 0x20)
    assert pair.pic.read(0, 0) == 0x10, "an end that names none ends the highest"
    pair.pic.write(0, 0, 0x64)
    assert pair.wants and pair.pic.acknowledge() == 0x35


def test_an_edge_counts_once_and_a_level_again(pair: Pair) -> None:
    pair.pic.set_line(3, True)
    pair.pic.acknowledge()
    pair.pic.write(0, 0, 0x20)
    assert not pair.wants, "the line is still high, and has not risen"
    pair.pic.write_elcr(1, 0x02)
    pair.pic.set_line(9, True)
    assert pair.pic.acknowledge() == 0x39
    pair.pic.write(1, 0, 0x20)
    pair.pic.write(0, 0, 0x20)
    assert pair.wants, "a level asks until it falls"


def test_a_request_that_has_gone_is_spurious(pair: Pair) -> None:
    pair.pic.set_line(4, True)
    pair.pic.set_line(4, False)
    assert not pair.wants and pair.pic.acknowledge() == 0x37
    pair.pic.write(0, 0, 0x0B)
    assert pair.pic.read(0, 0) == 0, "and not in service"


def test_an_automatic_end_needs_no_command() -> None:
    pair = Pair(icw4=3)
    pair.pic.set_line(4, True)
    pair.pic.acknowledge()
    pair.pic.set_line(5, True)
    assert pair.wants and pair.pic.acknowledge() == 0x35


def test_rotation_makes_the_ended_line_the_last(pair: Pair) -> None:
    pair.pic.set_line(0, True)
    pair.pic.acknowledge()
    pair.pic.write(0, 0, 0xA0)
    pair.pic.set_line(0, False)
    for line in (0, 6):
        pair.pic.set_line(line, True)
    assert pair.pic.acknowledge() == 0x36
