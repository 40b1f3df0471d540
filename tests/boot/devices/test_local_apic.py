"""The local APICs and their bus against the SDM: priorities, delivery modes, destinations, the timer, errors, level and EOI."""

import pytest

from emu.boot.devices import local_apic
from emu.boot.devices.clock import NEVER
from emu.boot.devices.interrupt_bus import InterruptBus
from emu.boot.devices.interrupt_message import Delivery, Message
from emu.boot.devices.local_apic import (
    CURRENT,
    DFR,
    DIVIDE,
    EOI,
    ESR,
    ICR_HIGH,
    ICR_LOW,
    INITIAL,
    IRR,
    ISR,
    LDR,
    LVT_ERROR,
    LVT_LINT1,
    LVT_TIMER,
    PPR,
    SVR,
    TMR,
    TPR,
    VERSION,
    LocalApic,
)  # fmt: skip

ENABLE = 0x1FF


class Board:
    """Four local APICs, and what the bus has done to cores."""

    def __init__(self) -> None:
        self.at = 0
        self.started: list[tuple[str, int, int]] = []
        self.ended: list[int] = []
        self.bus = InterruptBus(
            lambda core: self.started.append(("init", core, 0)), lambda core, vector: self.started.append(("start", core, vector))
        )
        self.apics = [LocalApic(core, lambda: self.at, self.bus.send, self.ended.append) for core in range(4)]
        self.bus.apics = self.apics
        for core, apic in enumerate(self.apics):
            apic.write(SVR, ENABLE)
            apic.write(LDR, 1 << core << 24)

    def command(self, origin: int, low: int, destination: int = 0) -> None:
        self.apics[origin].write(ICR_HIGH, destination << 24)
        self.apics[origin].write(ICR_LOW, low)

    def requested(self, vector: int) -> list[int]:
        return [apic.identity for apic in self.apics if apic.read(IRR + (vector >> 5) * 0x10) >> (vector & 31) & 1]


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.mark.parametrize(
    "low, destination, cores",
    [
        (0x0FD, 2, [2]), (0x0FD, 0xFF, [0, 1, 2, 3]), (0x8FD, 0b1010, [1, 3]), (0x8FD, 0xFF, [0, 1, 2, 3]),
        (0x400FD, 0, [1]), (0x800FD, 0, [0, 1, 2, 3]), (0xC00FD, 0, [0, 2, 3]), (0x9FD, 0b1100, [2]), (0x0FD, 9, []),
    ],
)  # fmt: skip
def test_destinations(board: Board, low: int, destination: int, cores: list[int]) -> None:
    board.command(1, low, destination)
    assert board.requested(0xFD) == cores


def test_lowest_priority_looks_at_the_priorities(board: Board) -> None:
    board.apics[2].write(TPR, 0x80)
    board.command(0, 0x900 | 0x51, 0b1100)
    assert board.requested(0x51) == [3]


def test_clusters(board: Board) -> None:
    for core, apic in enumerate(board.apics):
        apic.write(DFR, 0)
        apic.write(LDR, (core >> 1) << 28 | 1 << (core & 1) << 24)
    board.command(0, 0x8FD, 0x13)
    assert board.requested(0xFD) == [2, 3]


def test_nmi_init_and_startup(board: Board) -> None:
    board.command(0, 0x400, 3)
    assert [apic.nmi for apic in board.apics] == [False, False, False, True]
    board.command(0, 0xC500, 1)
    board.command(0, 0x8500, 1)  # level de-assert
    board.command(0, 0x699, 1)
    assert board.started == [("init", 1, 0), ("start", 1, 0x99)]


def test_priorities_and_nesting(board: Board) -> None:
    apic = board.apics[0]
    for vector in (0x31, 0x62, 0x35):
        apic.accept(vector)
    assert apic.acknowledge() == 0x62 and apic.read(PPR) == 0x60
    assert apic.pending() is None
    apic.accept(0x71)
    assert apic.acknowledge() == 0x71
    apic.write(EOI, 0)
    assert apic.read(ISR + 0x30) == 1 << 2
    apic.write(EOI, 0)
    assert apic.pending() == 0x35
    apic.write(TPR, 0x30)
    assert apic.pending() is None and apic.acknowledge() == 0xFF, "the spurious vector"


@pytest.mark.parametrize("divide, length", [(0b1011, 10), (0b0000, 20), (0b0011, 160), (0b1010, 1280)])
def test_a_one_shot_timer(board: Board, divide: int, length: int) -> None:
    apic = board.apics[0]
    apic.write(DIVIDE, divide)
    apic.write(LVT_TIMER, 0xEC)
    apic.write(INITIAL, 1000)
    assert apic.deadline == 1000 * length
    board.at = 400 * length
    assert apic.read(CURRENT) == 600
    board.at = apic.deadline
    apic.tick()
    assert (board.requested(0xEC), apic.deadline, apic.read(CURRENT)) == ([0], NEVER, 0)


def test_a_periodic_timer_and_a_masked_one(board: Board) -> None:
    apic = board.apics[0]
    apic.write(DIVIDE, 0b1011)
    apic.write(LVT_TIMER, 0x200EC)
    apic.write(INITIAL, 100)
    board.at = 1000
    apic.tick()
    assert apic.deadline == 2000 and apic.acknowledge() == 0xEC
    apic.write(EOI, 0)
    apic.write(LVT_TIMER, 0x300EC)
    board.at = 2000
    apic.tick()
    assert apic.deadline == 3000 and apic.pending() is None
    apic.write(INITIAL, 0)
    assert apic.deadline == NEVER


def test_the_end_of_a_level_triggered_interrupt_is_told(board: Board) -> None:
    apic = board.apics[0]
    apic.accept(0x41, level_triggered=True)
    assert apic.read(TMR + 0x20) == 1 << 1
    apic.acknowledge()
    apic.write(EOI, 0)
    assert board.ended == [0x41]


def test_errors_are_latched_by_a_write_and_interrupt(board: Board) -> None:
    apic = board.apics[0]
    apic.write(LVT_ERROR, 0xFE)
    board.command(0, 0x00F, 1)
    assert apic.read(ESR) == 0, "not yet"
    apic.write(ESR, 0)
    assert apic.read(ESR) == 1 << 5 and board.requested(0xFE) == [0]


def test_a_disabled_apic_masks_its_vectors_and_takes_none(board: Board) -> None:
    apic = board.apics[0]
    apic.write(LVT_TIMER, 0xEC)
    apic.write(SVR, 0xFF)
    assert apic.read(LVT_TIMER) == 0x100EC
    apic.write(LVT_TIMER, 0xEC)
    assert apic.read(LVT_TIMER) == 0x100EC, "masked for as long"
    apic.accept(0x40)
    assert board.requested(0x40) == []


def test_after_a_reset() -> None:
    first, other = (LocalApic(core, lambda: 0, lambda *sent: None, lambda vector: None) for core in (0, 1))
    assert (first.takes_extint, other.takes_extint) == (True, False)
    assert first.read(VERSION) == 0x50014
    first.local_interrupt(LVT_LINT1)
    assert first.nmi
    assert other.read(local_apic.ID) == 1 << 24


def test_a_system_management_interrupt_does_nothing(board: Board) -> None:
    board.bus.send(None, Message(0, Delivery.SMI, 0xFF))
    assert board.started == [] and not any(apic.nmi for apic in board.apics)
