"""The I/O port space: which device answers at which port; where none does, all lines read as ones."""

from collections.abc import Callable

Read = Callable[[int], int]
Write = Callable[[int, int], None]


class Ports:
    """Devices by port, a byte each: wider accesses go to consecutive ports, low byte first, unless a port is claimed as wide."""

    def __init__(self) -> None:
        """Nobody answers."""
        self._bytes: dict[int, tuple[Read, Write]] = {}
        self._wide: dict[tuple[int, int], tuple[Read, Write]] = {}
        self.unclaimed: set[int] = set()  # ports that were used and have no device, for --verbose

    def claim(self, first: int, count: int, read: Read, write: Write) -> None:
        """A device answers at these ports; it is given offsets from the first."""
        for port in range(first, first + count):
            self._bytes[port] = (lambda _, at=port - first: read(at)), (lambda _, value, at=port - first: write(at, value))  # type: ignore[misc]

    def claim_wide(self, port: int, size: int, read: Read, write: Write) -> None:
        """A register of more than one byte, accessed as a whole."""
        self._wide[port, size] = (read, write)

    def read(self, port: int, size: int) -> int:
        """IN."""
        if (port, size) in self._wide:
            return self._wide[port, size][0](port)
        value = 0
        for each in range(size):
            value |= (self._one(port + each)[0](port + each) & 0xFF) << 8 * each
        return value

    def write(self, port: int, size: int, value: int) -> None:
        """OUT."""
        if (port, size) in self._wide:
            self._wide[port, size][1](port, value)
            return
        for each in range(size):
            self._one(port + each)[1](port + each, value >> 8 * each & 0xFF)

    def _one(self, port: int) -> tuple[Read, Write]:
        if port not in self._bytes:
            self.unclaimed.add(port)
            return _nothing_read, _nothing_written
        return self._bytes[port]


def _nothing_read(port: int) -> int:
    return 0xFF


def _nothing_written(port: int, value: int) -> None:
    pass
