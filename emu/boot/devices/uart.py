"""A serial port: National Semiconductor PC16550D, the part that every kernel's 8250 driver knows.

Source: PC16550D data sheet (SNLS378B), 8.0 registers. A character is sent at once: the line has no speed.
"""

from collections import deque
from collections.abc import Callable

from emu.boot.devices.clock import Raise

DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR = range(8)
DLL, DLM = 0, 1  # with the divisor latch access bit
RECEIVED, EMPTY, LINE, MODEM = 1, 2, 4, 8  # IER
NO_INTERRUPT, ID_MODEM, ID_EMPTY, ID_RECEIVED, ID_LINE, ID_TIMEOUT = 1, 0, 2, 4, 6, 12
FIFO_ENABLED, FIFOS = 1, 0xC0
DIVISOR_LATCH = 0x80
DATA_READY, OVERRUN, HOLDING_EMPTY, IDLE = 1, 2, 0x20, 0x40  # LSR
DTR, RTS, OUT1, OUT2, LOOP = 1, 2, 4, 8, 16  # MCR
CTS, DSR, RING, CARRIER = 0x10, 0x20, 0x40, 0x80  # MSR
FIFO_BYTES = 16
TRIGGERS = (1, 4, 8, 14)


class Uart:
    """What a guest writes goes to `send`; `receive` brings it input."""

    def __init__(self, send: Callable[[int], None], interrupt: Raise) -> None:
        """As after a reset."""
        self._send, self._interrupt = send, interrupt
        self.ier = self.lcr = self.mcr = self.scr = self.fcr = 0
        self.divisor = 1
        self.empty_pending = False  # the transmitter has become empty, and nobody has asked yet
        self.overrun = False
        self.modem_delta = 0
        self.received: deque[int] = deque()
        self.backlog: deque[int] = deque()  # input that waits for room: whoever writes honours RTS

    def read(self, register: int) -> int:
        """A register."""
        if register == DATA:
            return self.divisor & 0xFF if self.lcr & DIVISOR_LATCH else self._take()
        if register == IER:
            return self.divisor >> 8 if self.lcr & DIVISOR_LATCH else self.ier
        if register == IIR:
            cause = self._cause()
            if cause == ID_EMPTY:
                self.empty_pending = False
                self._update()
            return cause | (FIFOS if self.fcr & FIFO_ENABLED else 0)
        if register == LSR:
            status = HOLDING_EMPTY | IDLE | (DATA_READY if self.received else 0) | (OVERRUN if self.overrun else 0)
            self.overrun = False
            self._update()
            return status
        if register == MSR:
            status = self._modem() | self.modem_delta
            self.modem_delta = 0
            self._update()
            return status
        return {LCR: self.lcr, MCR: self.mcr, SCR: self.scr}[register]

    def write(self, register: int, value: int) -> None:
        """A register."""
        if register == DATA and not self.lcr & DIVISOR_LATCH:
            if self.mcr & LOOP:
                self._accept(value)
            else:
                self._send(value)
            self.empty_pending = True
        elif register == DATA:
            self.divisor = self.divisor & 0xFF00 | value
        elif register == IER and self.lcr & DIVISOR_LATCH:
            self.divisor = self.divisor & 0xFF | value << 8
        elif register == IER:
            if value & EMPTY and not self.ier & EMPTY:
                self.empty_pending = True
            self.ier = value & 0xF
        elif register == IIR:  # FIFO control
            if value & 2 or (value ^ self.fcr) & FIFO_ENABLED:
                self.received.clear()
            self.fcr = value & 0xC9
        elif register == LCR:
            self.lcr = value
        elif register == MCR:
            before = self._modem()
            self.mcr = value & 0x1F
            self.modem_delta |= (before ^ self._modem()) >> 4
        elif register == SCR:
            self.scr = value
        self._update()

    def receive(self, data: bytes) -> None:
        """Input from outside."""
        self.backlog.extend(data)
        self._refill()
        self._update()

    def _capacity(self) -> int:
        return FIFO_BYTES if self.fcr & FIFO_ENABLED else 1

    def _refill(self) -> None:
        while self.backlog and len(self.received) < self._capacity():
            self.received.append(self.backlog.popleft())

    def _accept(self, value: int) -> None:
        if len(self.received) < self._capacity():
            self.received.append(value)
        else:
            self.overrun = True

    def _take(self) -> int:
        value = self.received.popleft() if self.received else 0
        self._refill()
        self._update()
        return value

    def _modem(self) -> int:
        if not self.mcr & LOOP:
            return CTS | DSR | CARRIER
        pairs = ((RTS, CTS), (DTR, DSR), (OUT1, RING), (OUT2, CARRIER))
        return sum(line for output, line in pairs if self.mcr & output)

    def _cause(self) -> int:
        """The interrupt with the highest priority."""
        if self.ier & LINE and self.overrun:
            return ID_LINE
        if self.ier & RECEIVED and self.received:
            trigger = TRIGGERS[self.fcr >> 6] if self.fcr & FIFO_ENABLED else 1
            return ID_RECEIVED if len(self.received) >= trigger else ID_TIMEOUT
        if self.ier & EMPTY and self.empty_pending:
            return ID_EMPTY
        return ID_MODEM if self.ier & MODEM and self.modem_delta else NO_INTERRUPT

    def _update(self) -> None:
        """OUT2 gates the interrupt line, as on every PC; in loopback it goes nowhere."""
        self._interrupt(self._cause() != NO_INTERRUPT and bool(self.mcr & OUT2) and not self.mcr & LOOP)
