"""The 8254 programmable interval timer, and port 0x61, which gates and shows its third counter.

Source: Intel 8254 data sheet (231164-005). Binary and BCD counting, modes 0 to 5, counter latch and read-back.
"""

from emu.boot.devices.clock import NEVER, Now, Raise, cycles, ticks

HERTZ = 1193182
COUNTERS = 3
LOW, HIGH, BOTH = 1, 2, 3  # access
GATE, SPEAKER, OUT = 1, 2, 0x20  # port 0x61


class Counter:
    """One counter. In modes 2 and 3 it reloads by itself."""

    def __init__(self, now: Now) -> None:
        """Not programmed: it counts from 0 in mode 0, without an end."""
        self._now = now
        self.mode, self.access, self.bcd = 0, BOTH, False
        self.reload = 0x10000
        self.began: int | None = None  # when counting began
        self.gate = True
        self.low_next_read = self.low_next_write = True
        self.low_written = 0
        self.latched: int | None = None
        self.status: int | None = None

    @property
    def period(self) -> int:
        """Ticks of one round."""
        return ticks(self.reload, HERTZ)

    @property
    def periodic(self) -> bool:
        """Whether it goes on after the first round."""
        return self.mode in (2, 3)

    def elapsed(self) -> int:
        """Periods of its clock since counting began."""
        return 0 if self.began is None else cycles(self._now() - self.began, HERTZ)

    def count(self) -> int:
        """What it would read."""
        gone = self.elapsed()
        if self.periodic:
            gone %= self.reload
            value = self.reload - gone
            if self.mode == 3:
                value = self.reload - 2 * gone % self.reload
        else:
            value = self.reload - gone
        value %= 10000 if self.bcd else 0x10000
        return _to_bcd(value) if self.bcd else value

    def out(self) -> bool:
        """Its output."""
        if self.began is None:
            return self.mode != 0
        gone = self.elapsed()
        if self.mode == 2:
            return gone % self.reload != self.reload - 1
        if self.mode == 3:
            return gone % self.reload < (self.reload + 1) // 2
        if self.mode in (4, 5):
            return gone != self.reload
        return gone >= self.reload

    def control(self, value: int) -> None:
        """A control word for it."""
        if value & 0x30 == 0:
            self.latch()
            return
        mode = value >> 1 & 7
        self.access, self.bcd = value >> 4 & 3, bool(value & 1)
        self.mode = mode & 3 if mode > 5 else mode
        self.began = None
        self.low_next_read = self.low_next_write = True
        self.latched = self.status = None

    def latch(self) -> None:
        """Keep the count until it is read."""
        if self.latched is None:
            self.latched = self.count()

    def latch_status(self) -> None:
        """Keep the status until it is read."""
        if self.status is None:
            null_count = 0x40 if self.began is None else 0
            self.status = self.out() << 7 | null_count | self.access << 4 | self.mode << 1 | self.bcd

    def read(self) -> int:
        """The next byte: status, latched count or count."""
        if self.status is not None:
            value, self.status = self.status, None
            return value
        value = self.count() if self.latched is None else self.latched
        low = self.low_next_read if self.access == BOTH else self.access == LOW
        if self.access == BOTH:
            self.low_next_read = not self.low_next_read
        if self.access != BOTH or not low:
            self.latched = None
        return value & 0xFF if low else value >> 8

    def write(self, value: int) -> bool:
        """The next byte of the count; whether it is complete."""
        if self.access == BOTH and self.low_next_write:
            self.low_written, self.low_next_write = value, False
            return False
        self.low_next_write = True
        written = {LOW: value, HIGH: value << 8, BOTH: value << 8 | self.low_written}[self.access]
        self.reload = (_from_bcd(written) or 10000) if self.bcd else (written or 0x10000)
        if self.mode not in (1, 5):  # those wait for the gate to rise
            self.began = self._now() if self.gate else None
        return True

    def set_gate(self, gate: bool) -> None:
        """The gate input: a rising edge begins anew in modes 1, 2, 3 and 5."""
        if gate and not self.gate and (self.mode in (1, 2, 3, 5) or self.began is None):
            self.began = self._now()
        self.gate = gate


class Pit:
    """Three counters; the first one's output is an interrupt line."""

    def __init__(self, now: Now, interrupt: Raise) -> None:
        """Nothing programmed, the third counter's gate off."""
        self._now, self._interrupt = now, interrupt
        self.counters = [Counter(now) for _ in range(COUNTERS)]
        self.counters[2].gate = False
        self.deadline = NEVER  # when the first counter's output rises next
        self.speaker = 0

    def read(self, register: int) -> int:
        """Ports 0x40 to 0x42."""
        return self.counters[register].read() if register < COUNTERS else 0xFF

    def write(self, register: int, value: int) -> None:
        """Ports 0x40 to 0x43."""
        if register == COUNTERS:
            self._control(value)
        elif self.counters[register].write(value) and register == 0:
            self._interrupt(False)
            counter = self.counters[0]
            self.deadline = NEVER if counter.began is None else counter.began + counter.period

    def tick(self) -> None:
        """The time is the deadline or later."""
        counter = self.counters[0]
        self._interrupt(False)
        self._interrupt(True)
        late = self._now() - self.deadline
        self.deadline = self.deadline + counter.period * (late // counter.period + 1) if counter.periodic else NEVER

    def read_gate(self, _: int) -> int:
        """Port 0x61."""
        third = self.counters[2]
        return self.speaker | (GATE if third.gate else 0) | (OUT if third.out() else 0)

    def write_gate(self, _: int, value: int) -> None:
        """Port 0x61."""
        self.speaker = value & SPEAKER
        self.counters[2].set_gate(bool(value & GATE))

    def _control(self, value: int) -> None:
        which = value >> 6
        if which < COUNTERS:
            self.counters[which].control(value)
            if which == 0 and value & 0x30:
                self.deadline = NEVER
                self._interrupt(self.counters[0].mode != 0)
            return
        for number, counter in enumerate(self.counters):  # read-back
            if value >> (number + 1) & 1:
                if not value & 0x20:
                    counter.latch()
                if not value & 0x10:
                    counter.latch_status()


def _to_bcd(value: int) -> int:
    return int(str(value), 16)


def _from_bcd(value: int) -> int:
    return int("".join(str(min(value >> shift & 15, 9)) for shift in (12, 8, 4, 0)))
