"""The symbols that a kernel carries itself, found in its image by their form: a stock kernel has no others.

Source: kernel/kallsyms.c and scripts/kallsyms.c of Linux. A name is a string of tokens, one of 256 to a byte, behind its length
(from 128 on two bytes, the low seven bits first). In memory lie, each at a multiple of eight, to 6.3 in this order: offsets, base,
count, names, markers (where every 256th name begins), tokens, the tokens' places; from 6.4 on offsets and base at the end. 6.2, 6.3
and late 6.1 have the order of the names, three bytes each, in front of the tokens; markers before 4.20 have eight bytes. Kernels
without CONFIG_KALLSYMS_BASE_RELATIVE have addresses of eight bytes in place of offsets and base. With
CONFIG_KALLSYMS_ABSOLUTE_PERCPU an offset that is not negative is the address itself, and one that is counts from the base,
downwards, less one.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.elf.symbols import SymbolTable, from_names

TOKENS, ALIGNMENT, MARKED = 256, 8, 256
SYMBOLS_MAX = 1 << 21
NAME_BYTES_MAX = 512  # KSYM_NAME_LEN
TOKEN_BYTES_MAX = 64
_DIGITS = re.compile(b"".join(b"%d\0" % digit for digit in range(10)))  # each digit occurs in names, so it is a token of its own
_FIRST_DIGIT = ord("0")

TEXT_MAP = 0xFFFFFFFF80000000  # where kernels for x86-64 are linked: __START_KERNEL_map
IMAGE_BYTES_MAX = 64 << 20  # from the count of symbols to their tokens, at most
NAME_BYTES_MEAN_MAX = 64
LAYOUTS = ((3, 4), (0, 4), (0, 8))  # bytes of a name's place in their order, and of a marker

Image = bytes | memoryview


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The token table: where it is, and what each token stands for."""

    start: int
    end: int  # behind the places
    words: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """Compressed names: where their count stands, and each name as it is stored."""

    count_at: int
    stored: list[bytes]


def kallsyms(image: Image) -> SymbolTable | None:
    """The symbols in a kernel's image, as it lies in a vmlinux's segment or in the guest's memory; None if there are none."""
    view = memoryview(image)
    for tokens in _token_tables(view):
        for names in _names(view, tokens):
            addresses = _addresses(view, tokens, names)
            if addresses is not None:
                expanded = (b"".join([tokens.words[token] for token in each]) for each in names.stored)
                return from_names(addresses, [name[1:] for name in expanded])  # the first letter is the kind
    return None


def _aligned(at: Any) -> Any:
    """A number, or each of an array, or the multiple of eight behind it."""
    return -(-at // ALIGNMENT) * ALIGNMENT


def _token_tables(view: memoryview) -> Iterator[_Tokens]:
    """Places where 256 strings are followed by their 16-bit offsets."""
    for match in _DIGITS.finditer(view):
        low = max(0, match.start() - _FIRST_DIGIT * TOKEN_BYTES_MAX)
        ends = [at for at, byte in enumerate(view[low : match.start()], low) if byte == 0][-_FIRST_DIGIT:]
        if len(ends) < _FIRST_DIGIT:
            continue
        first = bytes(view[max(0, ends[0] - TOKEN_BYTES_MAX) : ends[0]]).rpartition(b"\0")[2]  # and perhaps what stands before it
        for start in range(_aligned(ends[0] - len(first)), ends[0] + 1, ALIGNMENT):
            if (tokens := _tokens_at(view, start)) is not None:
                yield tokens


def _tokens_at(view: memoryview, start: int) -> _Tokens | None:
    words = bytes(view[start : start + TOKENS * TOKEN_BYTES_MAX]).split(b"\0", TOKENS)[:TOKENS]
    places = np.cumsum([0, *(len(word) + 1 for word in words)])
    places_at = _aligned(start + int(places[-1]))
    stored = bytes(view[places_at : places_at + 2 * TOKENS])
    if len(words) < TOKENS or stored != places[:-1].astype("<u2").tobytes():
        return None
    return _Tokens(start, _aligned(places_at + 2 * TOKENS), tuple(words))


def _names(view: memoryview, tokens: _Tokens) -> Iterator[_Names]:
    """Names behind a count which says that their markers, the order of the names if there is one, and the tokens follow."""
    low = max(0, tokens.start - IMAGE_BYTES_MAX) // ALIGNMENT * ALIGNMENT
    words = np.frombuffer(view[low : tokens.start], "<u4")
    pairs = words[: len(words) // 2 * 2].reshape(-1, 2)
    places = np.flatnonzero((pairs[:, 0] > 0) & (pairs[:, 0] <= SYMBOLS_MAX) & (pairs[:, 1] == 0)) * ALIGNMENT
    counts = words[places // 4].astype(np.int64)
    for order_bytes, marker_bytes in LAYOUTS:
        markers_at = len(words) * 4 - _aligned(order_bytes * counts) - _aligned(marker_bytes * -(-counts // MARKED))
        room = markers_at - places - ALIGNMENT
        likely = (room >= 2 * counts) & (room <= NAME_BYTES_MEAN_MAX * counts)
        likely[likely] = words[markers_at[likely] // 4] == 0
        for at, count, end in zip(places[likely], counts[likely], markers_at[likely], strict=True):
            markers = np.frombuffer(view, f"<u{marker_bytes}", -(-count // MARKED), low + end)
            if bool(np.all(markers[1:] > markers[:-1])) and end - at > markers[-1]:
                stored = _walk(bytes(view[low + at + ALIGNMENT : low + end]), int(count), markers.tolist())
                if stored is not None:
                    yield _Names(low + int(at), stored)


def _walk(names: bytes, count: int, markers: list[int]) -> list[bytes] | None:
    """`count` names that fill these bytes but for padding, each 256th where its marker says."""
    at, stored = 0, list[bytes]()
    for index in range(count):
        if (index % MARKED == 0 and markers[index // MARKED] != at) or at + 2 >= len(names):
            return None
        length = names[at]
        at += 1
        if length & 0x80:
            length = length & 0x7F | names[at] << 7
            at += 1
        if not 0 < length <= NAME_BYTES_MAX:
            return None
        stored.append(names[at : at + length])
        at += length
    return stored if _aligned(at) == len(names) else None


def _addresses(view: memoryview, tokens: _Tokens, names: _Names) -> NDArray[np.uint64] | None:
    """Of each name, by whichever of the three layouts gives kernel addresses in order."""
    count = len(names.stored)
    packed = _aligned(4 * count)
    layouts = [
        (names.count_at - ALIGNMENT - packed, names.count_at - ALIGNMENT),  # to 6.3
        (tokens.end, tokens.end + packed),  # from 6.4 on
    ]
    for offsets_at, base_at in layouts:
        if offsets_at < 0 or base_at + 8 > len(view):
            continue
        (base,) = struct.unpack_from("<Q", view, base_at)
        offsets = np.frombuffer(view[offsets_at : offsets_at + 4 * count], "<i4").astype(np.int64)
        if base >= TEXT_MAP and (found := _absolute(offsets, base)) is not None:
            return found
    if (at := names.count_at - 8 * count) >= 0:
        whole = np.frombuffer(view[at : at + 8 * count], "<u8")
        if bool(np.all(whole[1:] >= whole[:-1])) and whole[-1] >= TEXT_MAP:
            return whole
    return None


def _absolute(offsets: NDArray[np.int64], base: int) -> NDArray[np.uint64] | None:
    """Addresses from offsets, None if they do not grow: symbols are stored by address."""
    unsigned = (offsets & 0xFFFFFFFF).astype(np.uint64)
    if not bool(np.any(offsets < 0)):
        addresses = unsigned + np.uint64(base)
    else:
        below = np.uint64(base - 1) + (-offsets).astype(np.uint64)  # wraps where it is not used
        addresses = np.where(offsets >= 0, unsigned, below)
    return addresses if bool(np.all(addresses[1:] >= addresses[:-1])) else None
