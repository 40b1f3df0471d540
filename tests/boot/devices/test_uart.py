"""The serial port against the PC16550D data sheet: registers, the interrupt of each kind and what clears it, FIFO, loopback."""

import pytest

from emu.boot.devices.uart import DATA, IER, IIR, LCR, LSR, MCR, MSR, OUT2, SCR, Uart

DLAB = 0x80


class Line:
    """A port, what it has sent, and its interrupt line."""

    def __init__(self) -> None:
        self.sent, self.level = bytearray(), False
        self.uart = Uart(self.sent.append, self._raise)
        self.uart.write(MCR, OUT2)

    def _raise(self, level: bool) -> None:
        self.level = level


@pytest.fixture
def line() -> Line:
    return Line()


def test_what_is_written_is_sent(line: Line) -> None:
    for byte in b"ok\n":
        assert line.uart.read(LSR) & 0x60 == 0x60, "holding and shift register empty"
        line.uart.write(DATA, byte)
    assert line.sent == b"ok\n"


def test_the_divisor_latch_hides_data_and_interrupts(line: Line) -> None:
    line.uart.write(LCR, DLAB | 3)
    line.uart.write(DATA, 0x34)
    line.uart.write(IER, 0x12)
    assert (line.uart.read(DATA), line.uart.read(IER)) == (0x34, 0x12)
    line.uart.write(LCR, 3)
    assert (line.sent, line.uart.read(IER), line.uart.divisor) == (b"", 0, 0x1234)


def test_an_empty_transmitter_interrupts_until_its_cause_is_read(line: Line) -> None:
    line.uart.write(IER, 2)
    assert line.level and line.uart.read(IIR) == 2
    assert not line.level and line.uart.read(IIR) == 1
    line.uart.write(DATA, 65)
    assert line.level, "anew after each character"


def test_input_interrupts_until_it_is_read(line: Line) -> None:
    line.uart.write(IER, 1)
    line.uart.receive(b"ab")
    assert line.level and line.uart.read(IIR) == 4 and line.uart.read(LSR) & 1
    assert bytes([line.uart.read(DATA), line.uart.read(DATA)]) == b"ab"
    assert not line.level and not line.uart.read(LSR) & 1


def test_a_fifo_waits_for_its_trigger_and_says_when_fewer_lie_in_it(line: Line) -> None:
    line.uart.write(IIR, 0xC1)  # 14 bytes
    line.uart.write(IER, 1)
    line.uart.receive(bytes(13))
    assert line.uart.read(IIR) == 0xCC, "character timeout, FIFOs enabled"
    line.uart.receive(bytes(20))
    assert line.uart.read(IIR) == 0xC4
    assert [line.uart.read(DATA) for _ in range(33)] == [0] * 33, "nothing is lost: the other end waits for room"


def test_loopback_overrun_and_modem_lines(line: Line) -> None:
    line.uart.write(MCR, 0x10 | 0xF)
    assert line.uart.read(MSR) & 0xF0 == 0xF0
    line.uart.write(DATA, 1)
    line.uart.write(DATA, 2)
    assert line.uart.read(LSR) & 3 == 3, "data ready, overrun"
    assert line.uart.read(LSR) & 2 == 0, "reading it clears it"
    assert (line.uart.read(DATA), line.sent) == (1, b"")
    line.uart.write(MCR, 0)
    assert line.uart.read(MSR) & 0xF0 == 0xB0, "carrier, data set ready, clear to send"


def test_without_out2_no_interrupt_leaves_the_chip(line: Line) -> None:
    line.uart.write(MCR, 0)
    line.uart.write(IER, 2)
    assert not line.level and line.uart.read(IIR) == 2


def test_the_scratch_register_keeps_a_byte(line: Line) -> None:
    line.uart.write(SCR, 0xA5)
    assert line.uart.read(SCR) == 0xA5
