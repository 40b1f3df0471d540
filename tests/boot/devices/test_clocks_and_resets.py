"""The fixed date, ACPI's timer and sleep register, the ways to reset, an empty PCI, ports where nobody answers."""

import pytest

from emu.boot.devices.acpi_pm import AcpiPm
from emu.boot.devices.clock import SECOND
from emu.boot.devices.cmos import Cmos
from emu.boot.devices.keyboard_controller import KeyboardController
from emu.boot.devices.pci import EmptyPci
from emu.boot.devices.ports import Ports


class Wall:
    """A real-time clock, and the time that it goes by."""

    def __init__(self) -> None:
        self.at = 0
        self.cmos = Cmos(lambda: self.at)

    def read(self, index: int) -> int:
        self.cmos.write(0, index)
        return self.cmos.read(1)

    def write(self, index: int, value: int) -> None:
        self.cmos.write(0, index)
        self.cmos.write(1, value)

    def time(self) -> list[int]:
        return [self.read(index) for index in (0x32, 9, 8, 7, 4, 2, 0)]


def test_every_boot_begins_at_the_same_second_and_time_goes_on() -> None:
    wall = Wall()
    assert wall.time() == [0x20, 0x24, 1, 1, 0, 0, 0] and wall.read(6) == 2, "a Monday, in binary-coded decimal"
    wall.at = (31 * 86400 + 3 * 3600 + 25 * 60 + 59) * SECOND
    assert wall.time() == [0x20, 0x24, 2, 1, 3, 0x25, 0x59]
    wall.write(11, 6)
    assert wall.time() == [20, 24, 2, 1, 3, 25, 59], "in binary"


def test_the_guest_sets_the_clock() -> None:
    wall = Wall()
    wall.write(11, 0x82)
    for index, value in ((0x32, 0x19), (9, 0x99), (8, 0x12), (7, 0x31), (4, 0x23), (2, 0x59), (0, 0x58)):
        wall.write(index, value)
    wall.write(11, 2)
    wall.at += 3 * SECOND
    assert wall.time() == [0x20, 0, 1, 1, 0, 0, 1]


def test_what_is_no_time_is_memory() -> None:
    wall = Wall()
    wall.write(0x40, 0x5A)
    assert wall.read(0x40) == 0x5A and wall.read(13) == 0x80 and not wall.read(10) & 0x80
    wall.at = SECOND - 1
    assert wall.read(10) & 0x80, "about to be updated"


def test_the_power_management_timer_and_power_off() -> None:
    ended: list[bool] = []
    at = [0]
    pm = AcpiPm(lambda: at[0], lambda: ended.append(True))
    assert pm.read(4) == 1, "in ACPI mode"
    at[0] = 5 * SECOND
    assert sum(pm.read(8 + each) << 8 * each for each in range(4)) == 5 * 3579545 & 0xFFFFFF
    pm.write(2, 0x21)
    assert (pm.read(0), pm.read(2)) == (0, 0x21)
    pm.write(4, 0)
    pm.write(5, 5 << 2)  # the sleep type alone
    assert ended == []
    pm.write(5, 5 << 2 | 1 << 5)
    assert ended == [True]


@pytest.mark.parametrize("value, resets", [(0xFE, 1), (0xFF, 0), (0xD1, 0), (0xF0, 1)])
def test_the_keyboard_controller_resets(value: int, resets: int) -> None:
    done: list[bool] = []
    controller = KeyboardController(lambda: done.append(True))
    controller.write_command(0, value)
    assert len(done) == resets and controller.read(0) == 0xFF


def test_pci_is_found_and_empty_and_resets() -> None:
    done: list[bool] = []
    pci = EmptyPci(lambda: done.append(True))
    pci.write_address(0xCF8, 0x80000000)
    assert pci.read_address(0xCF8) == 0x80000000 and pci.read_data(0) == 0xFF
    for value in (2, 6, 6):
        pci.write_reset(0, value)
    assert len(done) == 1


def test_ports_by_bytes_as_a_whole_and_without_a_device() -> None:
    ports = Ports()
    written: list[tuple[int, int]] = []
    ports.claim(0x100, 2, lambda register: 0x40 + register, lambda register, value: written.append((register, value)))
    ports.claim_wide(0xCF8, 4, lambda port: 0x12345678, lambda port, value: written.append((port, value)))
    assert (ports.read(0x100, 2), ports.read(0x101, 2), ports.read(0xCF8, 4)) == (0x4140, 0xFF41, 0x12345678)
    ports.write(0x100, 2, 0xBEEF)
    ports.write(0xCF8, 4, 7)
    assert written == [(0, 0xEF), (1, 0xBE), (0xCF8, 7)] and ports.unclaimed == {0x102}
