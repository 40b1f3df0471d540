"""Keystone, and only here: all routines of an image in one text, addresses of labels through a table at its end."""

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emu.assembly.fold import fold, local_constants
from emu.assembly.globals import Global, load_globals, render
from emu.assembly.image import Image, Mark, Routine, Segment
from emu.assembly.source import REGISTERS, Source, prepare
from emu.assembly.structs import Struct, constants, load_structs
from emu.assembly.variants import FIRMWARE, get_variant, guest_folder, kernel_sources, user_sources
from emu.errors import UserError

TEXT_PHYSICAL = 0x100000
TEXT_VIRTUAL = 0xFFFFFFFF80000000 + TEXT_PHYSICAL
USER_VIRTUAL = 0x400000
PAGE = 0x1000
_DEFINITION = re.compile(r"^\s*([A-Za-z_.][\w.]*):\s*(.*)$")
_CALL = re.compile(r"^\s*(?:call|j[a-z]+)\s+([A-Za-z_]\w*)\s*$")
_REX_W = re.compile(r"[ \t]*\.byte\s+0x48\s*\n((?:\S+:\n)*)\s*(sysret|retf)\n")  # Keystone has no sysretq
_SYMBOLS = re.compile(r"[A-Za-z_.][\w.]*")


def assemble_variant(name: str) -> Image:
    """Assemble firmware and snippets of a variant."""
    variant = get_variant(name)
    firmware = guest_folder(FIRMWARE)
    structs = load_structs(sorted((firmware / "structs").glob("*.toml")))
    placed = load_globals(sorted((firmware / "globals").glob("*.toml")), structs)
    return assemble(
        kernel_sources(variant).values(), user_sources().values(), structs=structs, placed=placed, variant=name
    )


def assemble(
    kernel: Iterable[Path],
    user: Iterable[Path] = (),
    *,
    structs: Mapping[str, Struct],
    placed: Mapping[str, Global],
    variant: str = "",
    stubs: Sequence[str] = (),
) -> Image:
    """Assemble routines, one a file, into an `Image`; `stubs` are labels to be taken as given (for tests of one part)."""
    values = dict(constants(structs))
    values |= {each.name: each.virtual for each in placed.values()}
    values |= dict.fromkeys(stubs, TEXT_VIRTUAL)
    text = assemble_text([prepare(path) for path in kernel], TEXT_VIRTUAL, values)
    user_text = assemble_text([prepare(path) for path in user], USER_VIRTUAL, values)
    user_physical = -(-(TEXT_PHYSICAL + len(text.code)) // PAGE) * PAGE
    everything = sorted(text.routines + user_text.routines, key=lambda each: each.address)
    symbols = {**text.labels, **user_text.labels, **{each.name: each.virtual for each in placed.values()}}
    data = render(placed, symbols, partial=bool(stubs))
    base = min((each.physical for each in placed.values()), default=0x400000)
    return Image(
        variant=variant,
        text=Segment("text", TEXT_PHYSICAL, TEXT_VIRTUAL, text.code),
        user_text=Segment("user", user_physical, USER_VIRTUAL, user_text.code),
        data=Segment("globals", base, base + 0xFFFFFFFF80000000, data),
        routines=tuple(everything),
        symbols=symbols,
        globals={each.name: each.size for each in placed.values()},
        structs=dict(structs),
        marks=text.marks + user_text.marks,
        lines={**text.lines, **user_text.lines},
        _starts=tuple(each.address for each in everything),
    )


def undefined(sources: Iterable[Source], values: Mapping[str, int]) -> dict[str, list[str]]:
    """Call and jump targets that nothing defines, each with the places that name it."""
    prepared = list(sources)
    defined = set(values) | REGISTERS | {
        m.group(1) for each in prepared for _, line in each.lines if (m := _DEFINITION.match(line))
    }
    missing: dict[str, list[str]] = {}
    for each in prepared:
        for number, line in each.lines:
            if (call := _CALL.match(line)) and call.group(1) not in defined:
                missing.setdefault(call.group(1), []).append(f"{each.path}:{number}")
    return missing


@dataclass(frozen=True, slots=True)
class AssembledText:
    """One text: its bytes and what is known of the addresses in it."""

    code: bytes = b""
    routines: tuple[Routine, ...] = ()
    marks: tuple[Mark, ...] = ()
    lines: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)


def assemble_text(sources: list[Source], base: int, values: Mapping[str, int]) -> AssembledText:
    """Assemble prepared sources to run at `base`; an error is a `UserError` with file and line."""
    if not sources:
        return AssembledText()
    _fold_constants(sources, values)
    text, table, places = _one_text(sources)
    code = _keystone(_settings(sources, values) + text, base)
    if code is None:
        raise UserError(_find_error(sources, values))
    at = dict(zip(table, struct.unpack(f"<{len(table)}Q", code[-8 * len(table) :]), strict=True))
    return AssembledText(
        code[: -8 * len(table)],
        tuple(
            Routine(each.name, at[each.name], at[f".Lend__{each.name}"] - at[each.name], str(each.path), each.state)
            for each in sources
        ),
        tuple(
            Mark(note.kind, note.name, at[note.label], note.register, str(each.path), note.line)
            for each in sources
            for note in each.annotations
        ),
        {at[label]: place for label, place in places.items()},
        {name: at[name] for each in sources for name in each.labels},
    )


def gnu_text(sources: list[Source], values: Mapping[str, int]) -> str:
    """The same text for GNU as, without the table: a second opinion for the tests."""
    _fold_constants(sources, values)
    text, table, _ = _one_text(sources)
    text = text.split(f"\n.p2align 3\n.quad {table[0]}\n")[0] + "\n"
    text = _REX_W.sub(r"\1\2q\n", text)
    return ".intel_syntax noprefix\n.text\n" + _settings(sources, values) + text.replace("riz*0x1 + ", "")


def _fold_constants(sources: list[Source], values: Mapping[str, int]) -> None:
    if missing := undefined(sources, values):
        name, places = next(iter(missing.items()))
        raise UserError(f"{places[0]}: {name} is not defined: no file {name}.S and no global of that name")
    for each in sources:
        known = {**values, **local_constants(each.lines, values)}
        each.lines = [(number, fold(line, known)) for number, line in each.lines]


def _one_text(sources: list[Source]) -> tuple[str, list[str], dict[str, tuple[str, int]]]:
    parts: list[str] = []
    table: list[str] = []
    places: dict[str, tuple[str, int]] = {}
    for index, each in enumerate(sources):
        parts.append(".p2align 4")
        in_macro = False
        for number, line in each.lines:
            word = line.split()[0]
            in_macro = (in_macro or word == ".macro") and word != ".endm"
            if not in_macro and not word.startswith(".") and not word.endswith(":"):
                label = f".Lline__{index}__{len(parts)}"
                places[label] = (str(each.path), number)
                table.append(label)
                parts.append(f"{label}:")
            parts.append(line)
        parts.append(f".Lend__{each.name}:")
        table += [*each.labels, f".Lend__{each.name}", *(note.label for note in each.annotations)]
    parts.append(".p2align 3")
    parts += [f".quad {label}" for label in table]
    return "\n".join(parts) + "\n", table, places


def _settings(sources: list[Source], values: Mapping[str, int]) -> str:
    """`.set` lines for the constants that the sources name (all of them would take Keystone longer than the code)."""
    used = {word for each in sources for _, line in each.lines for word in _SYMBOLS.findall(line)}
    return "".join(f".set {name}, {value:#x}\n" for name, value in values.items() if name in used)


def _keystone(text: str, base: int) -> bytes | None:
    import keystone

    engine: Any = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64)
    try:
        encoded, _ = engine.asm(text, base, True)
    except keystone.KsError:
        return None
    return bytes(encoded) if encoded else None


def _find_error(sources: list[Source], values: Mapping[str, int]) -> str:
    """Keystone gives no line: assemble one statement at a time, with every label given, until one fails."""
    labels = {m.group(1) for each in sources for _, line in each.lines if (m := _DEFINITION.match(line))}
    given = _settings(sources, values)
    for each in sources:
        macro: list[str] = []
        definitions = ""
        for number, line in each.lines:
            word = line.split()[0]
            if word in (".set", ".equ"):
                definitions += line + "\n"
                continue
            if macro or word == ".macro":
                macro.append(line)
                if word == ".endm":
                    definitions += "\n".join(macro) + "\n"
                    macro = []
                continue
            body = _DEFINITION.sub(lambda m: m.group(2), line)
            used = "".join(f"{name}:\nnop\n" for name in sorted(labels & set(_SYMBOLS.findall(body))))
            if body.strip() and _keystone(f"{given}{definitions}{body}\nnop\n{used}", TEXT_VIRTUAL) is None:
                return f"{each.path}:{number}: Keystone cannot assemble {line.strip()!r}"
    return f"{sources[0].path}: Keystone cannot assemble the text: a label may be defined twice"
