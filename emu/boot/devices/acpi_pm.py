"""ACPI's fixed hardware: the power management timer, and the sleep register, which turns the machine off.

Source: ACPI Specification 6.4, 4.8.3 (PM1 registers) and 4.8.3.3 (PM timer).
"""

from collections.abc import Callable

from emu.boot.devices.clock import Now, cycles

PORT = 0x600
EVENT, CONTROL, TIMER = 0, 4, 8  # offsets of the register blocks
EVENT_BYTES, CONTROL_BYTES, TIMER_BYTES = 4, 2, 4
HERTZ = 3579545
TIMER_MASK = 0xFFFFFF  # 24 bits: the FADT does not say TMR_VAL_EXT
SCI_ENABLED, SLEEP_ENABLE = 1, 1 << 13
SLEEP_TYPE_SHIFT, SLEEP_TYPE_OFF = 10, 5  # what the DSDT's \_S5 says


class AcpiPm:
    """Ports 0x600 to 0x60b, by byte."""

    def __init__(self, now: Now, power_off: Callable[[], None]) -> None:
        """In ACPI mode, no event enabled."""
        self._now, self._power_off = now, power_off
        self.enabled = 0
        self.control = SCI_ENABLED

    def read(self, offset: int) -> int:
        """A byte of a register."""
        if offset < CONTROL:
            return self.enabled >> 8 * (offset - 2) & 0xFF if offset >= 2 else 0  # no event has a source here
        if offset < CONTROL + CONTROL_BYTES:
            return self.control >> 8 * (offset - CONTROL) & 0xFF
        if offset >= TIMER:
            return self.timer() >> 8 * (offset - TIMER) & 0xFF
        return 0

    def write(self, offset: int, value: int) -> None:
        """A byte of a register."""
        if 2 <= offset < CONTROL:
            shift = 8 * (offset - 2)
            self.enabled = self.enabled & ~(0xFF << shift) | value << shift
        elif CONTROL <= offset < CONTROL + CONTROL_BYTES:
            shift = 8 * (offset - CONTROL)
            self.control = (self.control & ~(0xFF << shift) | value << shift) & ~SLEEP_ENABLE | SCI_ENABLED
            if value << shift & SLEEP_ENABLE and self.control >> SLEEP_TYPE_SHIFT & 7 == SLEEP_TYPE_OFF:
                self._power_off()

    def timer(self) -> int:
        """The timer."""
        return cycles(self._now(), HERTZ) & TIMER_MASK
