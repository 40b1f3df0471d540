"""Packets of the remote serial protocol: cut out of a stream of bytes, and made.

Source: GDB's manual, appendix E (Remote Protocol): `$data#checksum`, `+` and `-` as answers, 0x03 for Ctrl-C, `}` escapes.
"""

INTERRUPT = 0x03
BEGIN, BETWEEN = ord("$"), b"+-\x03"
ESCAPE = 0x7D
ESCAPED = b"}$#*"  # the escape itself first
PACKET_MAX = 0x8000  # bytes of one, as gdb is told
HELD_MAX = 4 * PACKET_MAX  # of a stream in which none ends


class Garbage(Exception):
    """Occurs when what comes in is no stream of packets."""


def framed(content: bytes) -> bytes:
    """A packet with this content."""
    escaped = escape(content)
    return b"$" + escaped + b"#%02x" % (sum(escaped) & 0xFF)


def escape(content: bytes) -> bytes:
    """Bytes that have a meaning of their own, escaped."""
    for each in ESCAPED:
        content = content.replace(bytes((each,)), bytes((ESCAPE, each ^ 0x20)))
    return content


def unescape(content: bytes) -> bytes:
    """What `escape` was given."""
    made, escaped = bytearray(), False
    for each in content:
        if escaped or each != ESCAPE:
            made.append(each ^ 0x20 if escaped else each)
            escaped = False
        else:
            escaped = True
    return bytes(made)


class Stream:
    """What a debugger sends, piece by piece."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._held = bytearray()
        self.interrupted = False  # Ctrl-C has come in

    def feed(self, content: bytes) -> None:
        """More of it."""
        self._held += content
        if len(self._held) > HELD_MAX:
            raise Garbage(f"{len(self._held)} bytes without an end of a packet")

    def look_for_interrupt(self) -> bool:
        """Whether Ctrl-C has come in: what stands in front of a packet."""
        self._drop_what_is_between()
        return self.interrupted

    def _drop_what_is_between(self) -> None:
        """Answers to packets, which nobody needs here, and Ctrl-C."""
        while self._held and self._held[0] in BETWEEN:
            self.interrupted = self.interrupted or self._held[0] == INTERRUPT
            del self._held[0]

    def next(self) -> tuple[bytes, bool] | None:
        """The next packet's content, and whether its checksum is right; None if none has come in whole."""
        self._drop_what_is_between()
        if self._held and self._held[0] != BEGIN:
            raise Garbage(f"a byte {self._held[0]:#04x} in front of a packet: this is no debugger that speaks GDB's protocol")
        end = self._held.find(b"#")
        if end < 0 or len(self._held) < end + 3:
            return None
        content, checksum = bytes(self._held[1:end]), bytes(self._held[end + 1 : end + 3])
        del self._held[: end + 3]
        try:
            right = int(checksum, 16) == sum(content) & 0xFF
        except ValueError:
            right = False
        return unescape(content), right
