"""The guest's console: what it has written, who reads along, and what the kernel says there of its own end."""

import re
from collections.abc import Callable
from typing import Any

PANIC = b"Kernel panic - not syncing"
PANIC_END = b"---[ end Kernel panic"
OOPS = re.compile(rb"Oops: [0-9a-f]{4} \[#\d+\]|general protection fault|invalid opcode: 0000|kernel BUG at|double fault: 0000")
OOPS_END = b"---[ end trace"
HALTED = b"reboot: System halted"
EXIT_CODE = re.compile(rb"Attempted to kill init! exitcode=0x([0-9a-f]{8})")
KEPT = ("panic", "oops", "oops_over", "panic_over", "halted", "text_seen", "_line_at")
LINE_MAX = 4096  # bytes of a line that are looked at


class Console:
    """Bytes come in one by one; `wake` is called for each that may end the run, or a mark's wait."""

    def __init__(self, output: Callable[[bytes], None]) -> None:
        """Nothing written."""
        self.wake: Callable[[], None] = lambda: None
        self.content = bytearray()
        self.panic = self.oops = self.oops_over = self.panic_over = self.halted = False
        self.text: bytes | None = None  # what a mark waits for
        self.text_seen = False
        self._output = output
        self._line_at = 0  # where the line begins that is being written
        self._handed = 0  # bytes that have been handed on

    def receive(self, byte: int) -> None:
        """The next byte."""
        self.content.append(byte)
        if self.text is not None and byte == self.text[-1] and self.content.endswith(self.text):
            self.text_seen = True
            self.wake()
        if byte == 0x0A:
            self._read_line(bytes(self.content[self._line_at :][:LINE_MAX]))
            self._line_at = len(self.content)
            self.flush()

    def restore(self, content: bytes) -> None:
        """What a snapshot's machine has written, which nobody sees again."""
        self.content = bytearray(content)
        self._line_at = self._handed = len(content)
        self.panic = self.oops = self.oops_over = self.panic_over = self.halted = self.text_seen = False

    def state(self) -> dict[str, Any]:
        """What it is now, for `put_state`."""
        return {name: getattr(self, name) for name in KEPT} | {"content": bytes(self.content)}

    def put_state(self, state: dict[str, Any]) -> None:
        """Go back to what it was then: what has been handed on is not handed on again when it is written again."""
        for name, value in state.items():
            setattr(self, name, bytearray(value) if name == "content" else value)

    def flush(self) -> None:
        """Hand on what has not been handed on yet."""
        if self._handed < len(self.content):
            self._output(bytes(self.content[self._handed :]))
            self._handed = len(self.content)

    def exit_status(self) -> int | None:
        """What the kernel says of the end of process 1: its exit status, or 128 and the signal's number."""
        found = EXIT_CODE.search(self.content)
        if found is None:
            return None
        code = int(found[1], 16)
        return 128 + (code & 0x7F) if code & 0x7F else code >> 8 & 0xFF

    def _read_line(self, line: bytes) -> None:
        if PANIC in line:
            self.panic = True
        elif OOPS.search(line):
            self.oops = True
        elif OOPS_END in line and self.oops:
            self.oops_over = True
            self.wake()
        if PANIC_END in line:
            self.panic_over = True
            self.wake()
        if HALTED in line:
            self.halted = True
            self.wake()
