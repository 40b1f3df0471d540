"""One debugger at a time, on the loopback interface: packets in and out, and Ctrl-C while the machine runs."""

import select
import socket
from collections.abc import Callable

from emu.debug.packets import Garbage, Stream, framed
from emu.errors import UserError

HOST = "127.0.0.1"
PORT_MAX = 65535
POLL_SECONDS = 0.2
RECEIVED_MAX = 1 << 16


class Gone(Exception):
    """Occurs when the debugger has closed its side."""


def reserve(port: int) -> socket.socket:
    """A socket at a port, 0 for any that is free; a debugger that comes early is refused, as it would not wait long."""
    if not 0 <= port <= PORT_MAX:
        raise UserError(f"--gdb must be a port, 0 to {PORT_MAX} (0: any that is free), not {port}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise UserError(f"--gdb {port}: cannot listen there: {error.strerror or error}; name another port, or 0 for any") from None
    return listener


class Connection:
    """A debugger that has come."""

    def __init__(self, listener: socket.socket, should_stop: Callable[[], bool]) -> None:
        """Wait for it on a socket that listens; nobody else is let in."""
        self._should_stop = should_stop
        while not self._ready(listener):
            if should_stop():
                raise KeyboardInterrupt
        self._socket, _ = listener.accept()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = Stream()
        self.acknowledges = True  # each packet is answered by + or -

    def close(self) -> None:
        """Let it go."""
        self._socket.close()

    def packet(self) -> bytes:
        """The content of the next packet."""
        while True:
            found = self._stream.next()
            if found is None:
                self._wait()
                continue
            content, right = found
            if self.acknowledges:
                self._write(b"+" if right else b"-")
            elif not right:
                raise Garbage("a packet whose checksum is wrong")
            if right:
                self._stream.interrupted = False
                return content

    def send(self, content: bytes) -> None:
        """A packet."""
        self._write(framed(content))

    def interrupted(self) -> bool:
        """While the machine runs: whether it is to stop, as the debugger says Ctrl-C or has gone."""
        if self._should_stop():
            raise KeyboardInterrupt
        while self._ready(self._socket, 0.0):
            self._receive()
        return self._stream.look_for_interrupt()

    def _wait(self) -> None:
        while not self._ready(self._socket):
            if self._should_stop():
                raise KeyboardInterrupt
        self._receive()

    def _receive(self) -> None:
        try:
            content = self._socket.recv(RECEIVED_MAX)
        except OSError:
            content = b""
        if not content:
            raise Gone
        self._stream.feed(content)

    def _write(self, content: bytes) -> None:
        try:
            self._socket.sendall(content)
        except OSError:
            raise Gone from None

    @staticmethod
    def _ready(waiting: socket.socket, seconds: float = POLL_SECONDS) -> bool:
        return bool(select.select([waiting], [], [], seconds)[0])
