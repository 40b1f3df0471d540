"""The I/O APIC against the 82093AA data sheet: select and window, edges, levels with remote IRR, masks, destinations."""

import pytest

from emu.boot.devices.interrupt_message import Delivery, Message
from emu.boot.devices.io_apic import END, INPUTS, SELECT, WINDOW, IoApic


class Wired:
    """An I/O APIC, and what it has sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.chip = IoApic(self.sent.append)

    def put(self, register: int, value: int) -> None:
        self.chip.write(SELECT, register)
        self.chip.write(WINDOW, value)

    def get(self, register: int) -> int:
        self.chip.write(SELECT, register)
        return self.chip.read(WINDOW)


@pytest.fixture
def wired() -> Wired:
    return Wired()


def test_version_and_identity(wired: Wired) -> None:
    assert wired.get(1) == (INPUTS - 1) << 16 | 0x20
    wired.put(0, 5 << 24)
    assert wired.get(0) == wired.get(2) == 5 << 24


def test_all_inputs_are_masked_at_first(wired: Wired) -> None:
    assert all(wired.get(0x10 + 2 * line) == 0x10000 for line in range(INPUTS))
    wired.chip.set_line(4, True)
    assert wired.sent == []


def test_an_edge_is_sent_once(wired: Wired) -> None:
    wired.put(0x19, 0x03000000)
    wired.put(0x18, 0x834)
    for active in (True, True, False, True):
        wired.chip.set_line(4, active)
    assert wired.sent == [Message(0x34, Delivery.FIXED, 3, logical=True)] * 2


def test_a_level_is_sent_again_after_its_end(wired: Wired) -> None:
    wired.put(0x22, 0x8139)
    wired.chip.set_line(9, True)
    wired.chip.set_line(9, True)
    assert len(wired.sent) == 1 and wired.get(0x22) & 0x4000
    wired.chip.end(0x39)
    assert len(wired.sent) == 2, "the line is still high"
    wired.chip.set_line(9, False)
    wired.chip.write(END, 0x39)
    assert len(wired.sent) == 2 and not wired.get(0x22) & 0x4000
    assert wired.sent[0] == Message(0x39, Delivery.LOWEST_PRIORITY, 0, level_triggered=True)


def test_a_level_that_was_masked_is_sent_when_it_no_longer_is(wired: Wired) -> None:
    wired.put(0x22, 0x18039)
    wired.chip.set_line(9, True)
    assert wired.sent == []
    wired.put(0x22, 0x08039)
    assert len(wired.sent) == 1


def test_read_only_bits_stay(wired: Wired) -> None:
    wired.put(0x10, 0x1F000)
    assert wired.get(0x10) == 0x1A000
