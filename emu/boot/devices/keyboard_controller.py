"""The i8042's one duty here: to reset the machine. No keyboard is behind it, and its status says so.

Source: Intel UPI-41/42 (8042) as in the PC/AT Technical Reference, command 0xfe: pulse output port bit 0, the processor's reset.
"""

from collections.abc import Callable

DATA, COMMAND = 0x60, 0x64
ABSENT = 0xFF  # what a bus without the chip reads as: Linux gives up at once, where 0 costs it 270 M instructions of waiting
PULSE, RESET_LINE = 0xF0, 1


class KeyboardController:
    """Ports 0x60 and 0x64."""

    def __init__(self, reset: Callable[[], None]) -> None:
        """Whom to tell of a reset."""
        self._reset = reset

    def read(self, _: int) -> int:
        """Status and data."""
        return ABSENT

    def write_command(self, _: int, value: int) -> None:
        """A command: pulse some of the output port's low four lines, those whose bit is 0."""
        if value & 0xF0 == PULSE and not value & RESET_LINE:
            self._reset()

    def write_data(self, _: int, value: int) -> None:
        """Nobody listens."""
