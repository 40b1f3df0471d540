"""What scripts/kallsyms.c puts into a kernel, as its text describes it, in each of the layouts that there have been."""

import struct
from collections.abc import Mapping, Sequence

PAIRS = [b"st", b"ar", b"sc", b"ke", b"rn", b"_p", b"ys", b"in"]  # tokens of two letters


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 8)


def tokens_for(names: Sequence[bytes]) -> list[bytes]:
    """Each byte that occurs is itself; the first that do not occur stand for pairs."""
    used = set(b"".join(names)) | set(b"0123456789")
    free = iter(PAIRS)
    return [bytes([byte]) if byte in used else next(free, b"") for byte in range(256)]


def compressed(name: bytes, tokens: Sequence[bytes]) -> bytes:
    text, out = name, b""
    while text:
        token = max((each for each in tokens if each and text.startswith(each)), key=len)
        out += bytes([tokens.index(token)])
        text = text[len(token) :]
    length = bytes([len(out)]) if len(out) < 128 else bytes([0x80 | len(out) & 0x7F, len(out) >> 7])
    return length + out


def kallsyms_image(
    symbols: Mapping[bytes, int], base: int, *, layout: str = "6.1", percpu: bool = True, order: bool = False, marker: str = "I"
) -> bytes:
    """The bytes of the arrays, with others around them; `symbols` by address, their names with the letter of their kind."""
    names = list(symbols)
    tokens = tokens_for(names)
    stored = [compressed(name, tokens) for name in names]
    starts = [sum(map(len, stored[:index])) for index in range(len(stored))]
    table = b"".join(token + b"\0" for token in tokens)
    places = [sum(len(token) + 1 for token in tokens[:index]) for index in range(256)]
    offsets = [
        address if percpu and address < 1 << 63 else base - 1 - address if percpu else address - base
        for address in symbols.values()
    ]
    relative = padded(b"".join(struct.pack("<i" if percpu else "<I", offset) for offset in offsets)) + struct.pack("<Q", base)
    absolute = b"".join(struct.pack("<Q", address) for address in symbols.values())
    front = {"6.1": relative, "6.4": b"", "absolute": absolute}[layout]
    parts = [front, struct.pack("<Q", len(names)), padded(b"".join(stored))]
    parts.append(padded(b"".join(struct.pack(f"<{marker}", start) for start in starts[::256])))
    parts.append(padded(bytes(3 * len(names))) if order else b"")
    parts += [padded(table), padded(struct.pack("<256H", *places)), relative if layout == "6.4" else b""]
    return b"\x90" * 4096 + b"0\x001\x002\0" + bytes(2) + b"".join(parts) + b"\x90" * 4096
