"""Keystone, in a process of its own, begun when first asked and anew whenever a text has ended it."""

import atexit
import signal
import socket
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from emu.assembly.keystone_process import ANSWER, CODE, READY, REQUEST, SECONDS_MAX
from emu.errors import InternalError
from emu.processes import without_interrupts

_FATAL = "LLVM ERROR: "


class CannotEncode(Exception):
    """Occurs when Keystone refuses a text; `ended` says how, if it did so by ending its process, and is empty otherwise."""

    def __init__(self, ended: str = "") -> None:
        """Keep the reason."""
        super().__init__(ended)
        self.ended = ended


def encode(text: str, base: int) -> bytes:
    """Machine code of a text that begins at `base`, or `CannotEncode`."""
    if "\0" in text:  # Keystone would leave out all that follows
        raise CannotEncode
    code = _assembler().ask(text.encode(), base)
    if not code:
        raise CannotEncode
    return code


class _Ended(Exception):
    """Occurs when the process has closed its end of the connection."""


class _Assembler:
    """The process, or none yet."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def ask(self, text: bytes, base: int) -> bytes:
        """Code of a text, empty if it is refused."""
        connection = self._connection or self._begin()
        try:
            connection.sendall(REQUEST.pack(base, len(text)) + text, socket.MSG_NOSIGNAL)
            kind, data = self._receive(connection)
        except (_Ended, OSError):
            raise CannotEncode(self.end()) from None
        return data if kind == CODE else b""

    def _begin(self) -> socket.socket:
        keystone = find_spec("keystone")
        if keystone is None or keystone.origin is None:
            raise InternalError("the assembler is not installed: keystone is missing from this environment")
        program, folder = Path(__file__).with_name("keystone_process.py"), Path(keystone.origin).parents[1]
        connection, theirs = socket.socketpair()
        with theirs, without_interrupts():
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(program), str(folder)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.PIPE,
            )
        self._connection = connection
        try:
            kind, _ = self._receive(connection)
        except (_Ended, OSError):
            raise InternalError(f"the assembler does not start: {self.end()}") from None
        assert kind == READY
        return connection

    def _receive(self, connection: socket.socket) -> tuple[int, bytes]:
        kind, size = ANSWER.unpack(self._bytes(connection, ANSWER.size))
        return kind, self._bytes(connection, size)

    def _bytes(self, connection: socket.socket, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = connection.recv(count - len(parts))
            if not part:
                raise _Ended
            parts += part
        return bytes(parts)

    def end(self) -> str:
        """End the process if it is there; what it said last, or by which signal it went."""
        if self._process is None or self._connection is None:
            return ""
        self._connection.close()
        _, said = self._process.communicate()
        code, lines = self._process.returncode, said.decode(errors="replace").split("\n")
        self._process = self._connection = None
        if code == -signal.SIGXCPU:
            return f"Keystone took more than {SECONDS_MAX} s"
        fatal = next((line for line in lines if line.startswith(_FATAL)), "")
        return fatal.removeprefix(_FATAL) or (f"Keystone ended by {signal.Signals(-code).name}" if code < 0 else "Keystone ended")


@cache
def _assembler() -> _Assembler:
    assembler = _Assembler()
    atexit.register(assembler.end)
    return assembler
