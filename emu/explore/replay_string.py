"""A schedule as a short line of text: what it is a schedule of, and who was chosen how often.

`emu1:KIND:TEXT`. The number is the version of the format. KIND says which command's search it is of. TEXT is base64 (the alphabet
of URLs) of four bytes of SHA-256 over version, kind and what follows, and of that: zlib over the header's length, the header as
JSON, and the tokens, all numbers as varints of 7 bits, the low ones first.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emu.errors import UserError

VERSION = "emu1"
CHECK_BYTES = 4
CONTENT_MAX = 16 << 20  # of unpacked bytes: what a schedule of a million choices takes
VARINT_BITS = 63

Token = tuple[int, int]  # an agent, and how often it is chosen in a row
Plain = str | int | list["Plain"] | dict[str, "Plain"] | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a line of text says."""

    kind: str
    header: Mapping[str, Plain]
    tokens: tuple[Token, ...]


def encode(kind: str, header: Mapping[str, Plain], tokens: Sequence[Token]) -> str:
    """The text of a schedule; the same one always gives the same text."""
    about = json.dumps(header, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    numbers = (number for token in tokens for number in token)
    content = b"".join([_varint(len(about)), about, *map(_varint, numbers)])
    if len(content) > CONTENT_MAX:
        raise UserError(f"a schedule of {len(tokens)} choices is too long for a replay string: take a shorter region")
    packed = zlib.compress(content, 9)
    return f"{VERSION}:{kind}:{_letters(_check(kind, packed) + packed)}"


def decode(text: str) -> Replay:
    """What a text says; one that is damaged, or of another version, is a `UserError`."""
    version, _, rest = text.strip().partition(":")
    kind, colon, coded = rest.partition(":")
    if not (version.startswith("emu") and version[3:].isdecimal() and kind and colon):
        raise UserError(f"not a replay string: one begins {VERSION}:KIND: and stands under 'replay' of a find")
    if version != VERSION:
        raise UserError(f"a replay string of version {version[3:]}, and this emu reads version {VERSION[3:]}: explore anew")
    try:
        bytes_ = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _damaged() from None
    check, packed = bytes_[:CHECK_BYTES], bytes_[CHECK_BYTES:]
    if check != _check(kind, packed) or _letters(bytes_) != coded:
        raise _damaged()
    return Replay(kind, *_unpack(packed))


def _letters(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _check(kind: str, packed: bytes) -> bytes:
    return hashlib.sha256(f"{VERSION}:{kind}:".encode() + packed).digest()[:CHECK_BYTES]


def _damaged() -> UserError:
    return UserError("a replay string that is cut off or damaged: copy all of it, from 'emu1:' to its last letter")


def _unpack(packed: bytes) -> tuple[dict[str, Plain], tuple[Token, ...]]:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, CONTENT_MAX)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise _damaged()
        size, at = _read_varint(content, 0)
        header = json.loads(content[at : at + size])
        numbers = list(_read_varints(content, at + size))
    except (zlib.error, ValueError, IndexError):
        raise _damaged() from None
    if not isinstance(header, dict) or len(numbers) % 2:
        raise _damaged()
    return header, tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """A number, and where the next one begins; IndexError if it is cut off."""
    number = shift = 0
    while True:
        byte = content[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
        if shift > VARINT_BITS:
            raise ValueError("a number of too many bits")


def _read_varints(content: bytes, at: int) -> Iterator[int]:
    while at < len(content):
        number, at = _read_varint(content, at)
        yield number


def tokens_of(agents: Iterable[int]) -> list[Token]:
    """A list of choices, those of one agent in a row taken together."""
    return joined((agent, 1) for agent in agents)


def joined(tokens: Iterable[Token]) -> list[Token]:
    """Turns of one agent in a row are one."""
    made: list[Token] = []
    for agent, count in tokens:
        if made and made[-1][0] == agent:
            made[-1] = (agent, made[-1][1] + count)
        else:
            made.append((agent, count))
    return made
