"""The code of litmus tests as one program: each thread a routine that ends in `hlt`, each location an address."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emu.assembly.assembler import assemble_text
from emu.assembly.keystone_engine import CannotEncode, encode
from emu.assembly.source import Source
from emu.assembly.text import AssembledText
from emu.errors import UserError
from emu.image import Image, Segment
from emu.litmus.scope import LINE_BYTES
from emu.litmus.test import LitmusTest, Location, Thread

TEXT_BASE = 0x10000
DATA_BASE = 0x200000  # below 4 GiB, so that a register of 32 bits can hold an address
_PLACE = re.compile(r"\{(:?)([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one test is: the first instruction of each thread, the `hlt` behind its last, and the locations.

    `addresses` has the elements of an array too: `x` and `x[1]`. Locations of different tests lie over each other.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    addresses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Program:
    """A batch of tests in one image."""

    image: Image
    tests: tuple[Placed, ...]
    statements: Mapping[int, str]  # by address: file, line and text of an instruction, as the test has it


def assemble(tests: Sequence[LitmusTest]) -> Program:
    """Put tests into one image; a statement that Keystone refuses is a `UserError` with its file, line and text."""
    addresses = [_place(test.locations) for test in tests]
    sources = [
        _source(f"T{number}_P{position}", test.path, thread, places)
        for number, (test, places) in enumerate(zip(tests, addresses, strict=True))
        for position, thread in enumerate(test.threads)
    ]
    try:
        text = assemble_text(sources, TEXT_BASE, {})
    except UserError as error:
        raise (_refused(tests, addresses) or error) from None
    if (room := DATA_BASE - TEXT_BASE) < len(text.code):
        raise UserError(f"{len(tests)} tests have {len(text.code)} bytes of code and {room} is the most: assemble fewer at once")
    image = Image(
        variant="litmus",
        text=Segment("text", TEXT_BASE, TEXT_BASE, text.code),
        user_text=Segment("user", 0, 0, b""),
        data=Segment("data", DATA_BASE, DATA_BASE, b""),
        routines=text.routines,
        symbols=text.labels,
        globals={},
        structs={},
        marks=(),
        lines=text.lines,
        _starts=tuple(each.address for each in text.routines),
    )
    placed = []
    for number, (test, places) in enumerate(zip(tests, addresses, strict=True)):
        names = [f"T{number}_P{position}" for position in range(len(test.threads))]
        starts, ends = (tuple(text.labels[name + suffix] for name in names) for suffix in ("", _END))
        placed.append(Placed(starts, ends, places))
    return Program(image, tuple(placed), dict(_statements(tests, text)))


def _statements(tests: Sequence[LitmusTest], text: AssembledText) -> Iterator[tuple[int, str]]:
    """Address and place of each instruction but for the ends of the threads."""
    addresses = iter(sorted(text.lines))
    for test in tests:
        for thread in test.threads:
            for (number, line), written in zip(thread.lines, thread.written, strict=True):
                if not line.endswith(":"):
                    yield next(addresses), f"{test.path}:{number}: {written}"
            next(addresses)


_END = "_end"


def _place(locations: Iterable[Location]) -> dict[str, int]:
    addresses: dict[str, int] = {}
    at = DATA_BASE
    for location in locations:
        for index in range(len(location.initial)):
            addresses[f"{location.name}[{index}]" if index else location.name] = at + index * location.size
        at += -(-location.size * len(location.initial) // LINE_BYTES) * LINE_BYTES
    return addresses


def _source(name: str, path: str, thread: Thread, addresses: Mapping[str, int]) -> Source:
    labels = {"": name + _END}
    for number, (_, line) in enumerate(thread.lines):
        if (match := _PLACE.match(line)) and line.endswith(":"):
            labels[match.group(2)] = f"{name}_L{number}"
    lines = [(number, _filled(line, addresses, labels)) for number, line in thread.lines]
    last = lines[-1][0] if lines else 1
    lines = [(last, f"{name}:"), *lines, (last, f"{name}{_END}:"), (last, "hlt")]
    return Source(Path(path), name, lines=lines, labels=[name, name + _END])


def _filled(line: str, addresses: Mapping[str, int], labels: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: labels[match.group(2)] if match.group(1) else hex(addresses[match.group(2)]), line)


class _Anywhere(dict[str, str]):
    """Each label, for a statement that is assembled by itself, is the beginning of the text."""

    def __missing__(self, name: str) -> str:
        return hex(TEXT_BASE)


def _refused(tests: Sequence[LitmusTest], addresses: Sequence[Mapping[str, int]]) -> UserError | None:
    """The first statement that Keystone refuses, as the user wrote it."""
    for test, places in zip(tests, addresses, strict=True):
        for thread in test.threads:
            for (number, line), written in zip(thread.lines, thread.written, strict=True):
                if line.endswith(":"):
                    continue
                try:
                    encode(_filled(line, places, _Anywhere()), TEXT_BASE)
                except CannotEncode as error:
                    why = f" ({error.ended})" if error.ended else ""
                    return UserError(f"{test.path}:{number}: no such instruction, or not with these operands: {written}{why}")
    return None
