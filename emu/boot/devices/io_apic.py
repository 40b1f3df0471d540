"""The I/O APIC: 24 inputs, each with a redirection entry.

Source: Intel 82093AA data sheet (290566-001), and ICH9 data sheet 13.5 for the EOI register of version 0x20.
"""

from collections.abc import Callable

from emu.boot.devices.interrupt_message import Delivery, Message

BASE, BYTES = 0xFEC00000, 0x1000
INPUTS = 24
SELECT, WINDOW, END = 0x00, 0x10, 0x40
ID, VERSION, ARBITRATION, REDIRECTION = 0, 1, 2, 0x10
VERSION_VALUE = 0x20 | (INPUTS - 1) << 16
MASKED, LEVEL, REMOTE_IRR, LOW_ACTIVE, LOGICAL = 1 << 16, 1 << 15, 1 << 14, 1 << 13, 1 << 11
READ_ONLY = REMOTE_IRR | 1 << 12


class IoApic:
    """Select and window; lines come in, messages go out."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        """All inputs masked."""
        self._send = send
        self.identity = 0
        self.selected = 0
        self.entries = [MASKED] * INPUTS
        self.lines = [False] * INPUTS

    def read(self, offset: int) -> int:
        """A register in memory."""
        if offset == SELECT:
            return self.selected
        if offset != WINDOW:
            return 0
        if self.selected in (ID, ARBITRATION):
            return self.identity << 24
        if self.selected == VERSION:
            return VERSION_VALUE
        line, high = divmod(self.selected - REDIRECTION, 2)
        if not 0 <= line < INPUTS:
            return 0
        return self.entries[line] >> 32 if high else self.entries[line] & 0xFFFFFFFF

    def write(self, offset: int, value: int) -> None:
        """A register in memory."""
        if offset == SELECT:
            self.selected = value & 0xFF
        elif offset == END:
            self.end(value & 0xFF)
        elif offset == WINDOW and self.selected == ID:
            self.identity = value >> 24 & 15
        elif offset == WINDOW and self.selected >= REDIRECTION:
            self._redirect(value)

    def set_line(self, line: int, active: bool) -> None:
        """An input rises or falls; devices here are active high, so an entry of the other polarity sees them inverted."""
        risen = active and not self.lines[line]
        self.lines[line] = active
        if risen or self.entries[line] & LEVEL:
            self._serve(line, risen)

    def end(self, vector: int) -> None:
        """An end of interrupt for a level-triggered vector."""
        for line, entry in enumerate(self.entries):
            if entry & 0xFF == vector and entry & LEVEL:
                self.entries[line] = entry & ~REMOTE_IRR
                self._serve(line, False)

    def _redirect(self, value: int) -> None:
        line, high = divmod(self.selected - REDIRECTION, 2)
        if line >= INPUTS:
            return
        entry = self.entries[line]
        if high:
            self.entries[line] = entry & 0xFFFFFFFF | value << 32
            return
        entry = entry & ~0xFFFFFFFF | value & ~READ_ONLY & 0x1FFFF | entry & READ_ONLY
        self.entries[line] = entry if entry & LEVEL else entry & ~REMOTE_IRR
        self._serve(line, False)

    def _serve(self, line: int, risen: bool) -> None:
        entry = self.entries[line]
        level = bool(entry & LEVEL)
        wanted = (self.lines[line] and not entry & REMOTE_IRR) if level else risen
        kind = entry >> 8 & 7
        if not wanted or entry & MASKED or kind not in Delivery.__members__.values():
            return
        if level:
            self.entries[line] |= REMOTE_IRR
        self._send(Message(entry & 0xFF, Delivery(kind), entry >> 56 & 0xFF, bool(entry & LOGICAL), level))
