"""Many routines as one text: where each instruction, label and annotation came to lie is told by a table at its end."""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from emu.assembly.find_error import BLOCKS, find_error
from emu.assembly.fold import REGISTERS, SET, fold
from emu.assembly.keystone_engine import CannotEncode, encode
from emu.assembly.source import Source
from emu.errors import UserError
from emu.image import Mark, Routine

_LABEL = re.compile(r"^([\w.$]+):$")
_CALL = re.compile(r"^(?:call|j[a-z]+)\s+([A-Za-z_][\w.]*)$")
_REX_W = re.compile(r"\.byte\s+0x48\n((?:\S+:\n)*)(sysret|retf)\n")  # Keystone has no sysretq


@dataclass(frozen=True, slots=True)
class AssembledText:
    """One text: its bytes and what is known of the addresses in it."""

    code: bytes = b""
    routines: tuple[Routine, ...] = ()
    marks: tuple[Mark, ...] = ()
    lines: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    fixups: Mapping[int, int] = field(default_factory=dict)  # where an instruction that may fault goes on


def assemble_text(sources: list[Source], base: int, values: Mapping[str, int]) -> AssembledText:
    """Assemble prepared sources to run at `base`; an error is a `UserError` with file and line."""
    if not sources:
        return AssembledText()
    _check_labels(sources, values)
    sources = [replace(each, lines=fold(each.path, each.lines, values)) for each in sources]
    text, table, places = _one_text(sources)
    try:
        code = encode(text, base)
    except CannotEncode:
        raise UserError(find_error(sources, base)) from None
    at = dict(zip(table, struct.unpack(f"<{len(table)}Q", code[-8 * len(table) :]), strict=True))
    return AssembledText(
        code[: -8 * len(table)],
        tuple(routine for each in sources for routine in _routines(each, at)),
        tuple(
            Mark(note.kind, note.name, at[note.label], note.register, note.zero, str(each.path), note.line)
            for each in sources
            for note in each.annotations
            if note.kind != "fixup"
        ),
        {at[label]: place for label, place in places.items()},
        {name: at[name] for each in sources for name in each.labels},
        {at[note.label]: at[note.name] for each in sources for note in each.annotations if note.kind == "fixup"},
    )


def _routines(source: Source, at: Mapping[str, int]) -> Iterator[Routine]:
    """The routines of a file, each up to the next one or to the file's end."""
    names = sorted(source.labels, key=at.__getitem__) if source.several else [source.name]
    ends = [*(at[name] for name in names[1:]), at[f".Lend__{source.word}"]]
    for name, end in zip(names, ends, strict=True):
        yield Routine(name, at[name], end - at[name], str(source.path), source.state)


def gnu_text(sources: list[Source], values: Mapping[str, int]) -> str:
    """The same text for GNU as, which adds up the constants itself, without the table: a second opinion for the tests."""
    parts = [".intel_syntax noprefix", ".text", *(f".set {name}, {value:#x}" for name, value in values.items())]
    for each in sources:
        lines = [line for _, line in each.lines]
        constants = [line for line in lines if SET.match(line)]  # GNU as takes a name that is set below for a label
        parts += [".p2align 4", *constants, *(line.replace("riz*0x1 + ", "") for line in lines if not SET.match(line))]
    return _REX_W.sub(r"\1\2q\n", "\n".join(parts) + "\n")


def undefined(sources: Iterable[Source], values: Mapping[str, int]) -> dict[str, list[str]]:
    """Call and jump targets that nothing defines, each with the places that name it."""
    prepared = list(sources)
    defined = values.keys() | REGISTERS | {m.group(1) for each in prepared for _, line in each.lines if (m := _LABEL.match(line))}
    missing: dict[str, list[str]] = {}
    for each in prepared:
        for number, line in each.lines:
            if (call := _CALL.match(line)) and call.group(1) not in defined:
                missing.setdefault(call.group(1), []).append(f"{each.path}:{number}")
    return missing


def _check_labels(sources: list[Source], values: Mapping[str, int]) -> None:
    """Each label is given once and is no other name; each call and jump has one to go to."""
    owner: dict[str, str] = {}
    for each in sources:
        for number, line in each.lines:
            if match := _LABEL.match(line):
                name, where = match.group(1), f"{each.path}:{number}"
                if name in owner or name in values or name in REGISTERS:
                    other = owner.get(name, "a register" if name in REGISTERS else "a struct offset or a global")
                    shown = name.removeprefix(f"L__{each.word}__")
                    raise UserError(f"{where}: label {shown} is already the name of {other}")
                owner[name] = f"a label at {where}"
    for each in sources:
        for note in each.annotations:
            if note.kind == "fixup" and note.name not in owner:
                raise UserError(f"{each.path}:{note.line}: this file has no label .L{note.name.removeprefix(f'L__{each.word}__')}")
    if missing := undefined(sources, values):
        name, places = next(iter(missing.items()))
        raise UserError(f"{places[0]}: {name} is not defined: no file {name}.S and no global of that name")


def _one_text(sources: list[Source]) -> tuple[str, list[str], dict[str, tuple[str, int]]]:
    """The text, the labels of its table, and file and line of each label that stands before an instruction."""
    parts: list[str] = []
    table: list[str] = []
    places: dict[str, tuple[str, int]] = {}
    for index, each in enumerate(sources):
        parts.append(".p2align 4")
        until = ""  # end of a block that is assembled elsewhere, many times or not at all: no labels inside
        for number, line in each.lines:
            word = line.split()[0]
            until = until or BLOCKS.get(word, "")
            if not until and not word.endswith(":") and (word[0] != "." or word == ".byte"):
                label = f".Lline__{index}__{len(parts)}"
                places[label] = (str(each.path), number)
                table.append(label)
                parts.append(f"{label}:")
            if word == until:
                until = ""
            parts.append(line)
        parts.append(f".Lend__{each.word}:")
        table += [*each.labels, f".Lend__{each.word}", *(note.label for note in each.annotations)]
        table += [note.name for note in each.annotations if note.kind == "fixup"]
    parts.append(".p2align 3")
    parts += [f".quad {label}" for label in table]
    return "\n".join(parts) + "\n", table, places
