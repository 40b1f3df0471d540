"""The one file that gdb reads from us (vFile packets): symbols. Source: GDB's manual, appendix E (Host I/O Packets)."""

import struct
from collections.abc import Callable

from emu.debug.packets import PACKET_MAX

NO_ENTRY, BAD_FILE, NOT_IMPLEMENTED = 2, 9, 88
STAT = struct.Struct(">7I3Q3I")  # of the protocol, 64 bytes
REGULAR = 0o100444
HANDLE = b"3"


class Files:
    """Answers to vFile packets."""

    def __init__(self, name: str, content: Callable[[], bytes] | None) -> None:
        """What makes the file of that name, if there can be one."""
        self._name, self._make = name, content
        self._content: bytes | None = None

    @property
    def there(self) -> bool:
        """Whether there is a file."""
        return self._make is not None

    def answer(self, packet: bytes) -> bytes:
        """To what stands behind `vFile:`."""
        operation, _, rest = packet.partition(b":")
        arguments = rest.split(b",")
        match operation:
            case b"setfs":
                return b"F0"
            case b"open":
                return self._open(bytes.fromhex(arguments[0].decode()))
            case b"pread" if self._content is not None:
                size, offset = int(arguments[1], 16), int(arguments[2], 16)
                part = self._content[offset : offset + min(size, PACKET_MAX // 2 - 16)]
                return b"F%x;" % len(part) + part
            case b"fstat" if self._content is not None:
                return b"F%x;" % STAT.size + STAT.pack(0, 1, REGULAR, 1, 0, 0, 0, len(self._content), 4096, 0, 0, 0, 0)
            case b"close":
                return b"F0"
            case b"pread" | b"fstat":
                return b"F-1,%x" % BAD_FILE
        return b"F-1,%x" % (NO_ENTRY if operation in (b"readlink", b"unlink") else NOT_IMPLEMENTED)

    def _open(self, name: bytes) -> bytes:
        if self._make is None or name != self._name.encode():
            return b"F-1,%x" % NO_ENTRY
        if self._content is None:
            self._content = self._make()
        return b"F" + HANDLE
