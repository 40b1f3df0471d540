"""PCI configuration space with nothing in it, and the reset control register beside it.

Source: PCI Local Bus Specification 3.0, 3.2.2.3.2 (configuration mechanism #1); a device that is not there reads as ones.
Reset control: Intel ICH9 data sheet, 13.7.5 (port 0xcf9).
"""

from collections.abc import Callable

ADDRESS, DATA, RESET = 0xCF8, 0xCFC, 0xCF9
RESET_CPU, SYSTEM_RESET = 4, 2


class EmptyPci:
    """The address register can be read back, which is how a kernel finds the mechanism; no device answers."""

    def __init__(self, reset: Callable[[], None]) -> None:
        """Whom to tell of a reset."""
        self._reset = reset
        self.address = 0
        self.reset_control = 0

    def read_address(self, _: int) -> int:
        """The address register, 32 bits."""
        return self.address

    def write_address(self, _: int, value: int) -> None:
        """The address register, 32 bits."""
        self.address = value & 0x80FFFFFC

    def read_data(self, _: int) -> int:
        """A byte of the data register: no device drives the lines."""
        return 0xFF

    def write_data(self, _: int, value: int) -> None:
        """Nobody listens."""

    def read_reset(self, _: int) -> int:
        """Port 0xcf9."""
        return self.reset_control

    def write_reset(self, _: int, value: int) -> None:
        """Port 0xcf9: the rising edge of bit 2 resets."""
        rises = value & RESET_CPU and not self.reset_control & RESET_CPU
        self.reset_control = value & (SYSTEM_RESET | RESET_CPU)
        if rises:
            self._reset()
