"""The real-time clock with its CMOS memory, Motorola MC146818A, at a fixed date: every boot begins at the same second.

Source: MC146818A data sheet; the century's place is the one that ACPI's FADT and every PC use, 0x32.
"""

from datetime import datetime, timedelta

from emu.boot.devices.clock import SECOND, Now

EPOCH = datetime(2024, 1, 1)  # a Monday
SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR = 0, 2, 4, 6, 7, 8, 9
A, B, C, D, CENTURY = 10, 11, 12, 13, 0x32
UPDATING, SET, BINARY, HOURS_24, VALID = 0x80, 0x80, 4, 2, 0x80
BYTES = 128


class Cmos:
    """Index and data, ports 0x70 and 0x71."""

    def __init__(self, now: Now) -> None:
        """Binary-coded decimal, 24 hours, no interrupts."""
        self._now = now
        self.index = 0
        self.memory = bytearray(BYTES)
        self.memory[A], self.memory[B], self.memory[D] = 0x26, HOURS_24, VALID
        self.offset = 0  # seconds that the guest has set the clock ahead

    def read(self, register: int) -> int:
        """A port."""
        if register == 0:
            return 0xFF
        if self.index == A:
            late = self._now() % SECOND > SECOND - SECOND // 1000  # the update in progress shows shortly before each second
            return self.memory[A] | (UPDATING if late else 0)
        value = self._time().get(self.index)
        if value is None or self.memory[B] & SET:
            return self.memory[self.index]
        return value if self.memory[B] & BINARY else value // 10 << 4 | value % 10

    def write(self, register: int, value: int) -> None:
        """A port."""
        if register == 0:
            self.index = value & (BYTES - 1)  # bit 7 masks NMIs that no device here raises
        elif self.index == B:
            self._set(value)
        elif self.index not in (C, D):
            self.memory[self.index] = value & 0x7F if self.index == A else value

    def _set(self, value: int) -> None:
        """While SET is on, the guest writes the time; when it goes off, the clock goes on from there."""
        if value & SET and not self.memory[B] & SET:
            binary = self.memory[B] & BINARY
            for index, part in self._time().items():
                self.memory[index] = part if binary else part // 10 << 4 | part % 10
        elif self.memory[B] & SET and not value & SET:
            places = (CENTURY, YEAR, MONTH, DAY, HOURS, MINUTES, SECONDS)
            century, year, month, day, hour, minute, second = (self._decode(self.memory[index], value) for index in places)
            try:
                set_to = datetime(century * 100 + year, month, day, hour, minute, second)
                self.offset = int((set_to - EPOCH).total_seconds()) - self._now() // SECOND
            except ValueError:
                pass  # no date: the clock stays as it was
        self.memory[B] = value

    def _decode(self, value: int, mode: int) -> int:
        return value if mode & BINARY else (value >> 4) * 10 + (value & 15)

    def _time(self) -> dict[int, int]:
        at = EPOCH + timedelta(seconds=self._now() // SECOND + self.offset)
        return {
            SECONDS: at.second,
            MINUTES: at.minute,
            HOURS: at.hour,
            WEEKDAY: at.isoweekday() % 7 + 1,
            DAY: at.day,
            MONTH: at.month,
            YEAR: at.year % 100,
            CENTURY: at.year // 100,
        }
