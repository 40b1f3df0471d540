"""One assembly file as text that Keystone takes: annotations taken out, labels made unique, its traps refused by line.

Keystone 0.9.2 reads decimal literals wrongly, knows no numeric labels, and encodes `gs:[X]` and `[NAME]` relative to RIP
or RSP unless an index register is written: `riz`, the index that is none, makes it an absolute 32-bit displacement.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emu.assembly.fold import MEMORY, REGISTERS
from emu.assembly.inline import Inline
from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded

LINE_MAX = 1000  # characters: what looks through a line may take longer than it is long
STATES = ("user", "kernel", "scheduler", "interrupt", "idle")
DIRECTIVES = frozenset((".set", ".equ", ".macro", ".endm", ".rept", ".endr", ".if", ".else", ".endif", ".p2align", ".byte"))
_LOCAL = re.compile(r"\.L(\w+)")
_NUMBER = re.compile(r"(?<![\w.\\])(?!0x[0-9a-fA-F]+\b)\d\w*")
_SCALE = re.compile(r"\*\s*[1248]\b|\b[1248]\s*\*")
_WORD = re.compile(r"\\?(?<![\w.])[A-Za-z_.][\w.]*")
_LABEL = re.compile(r"^\s*([\w.$]+)\s*:(.*)$")
_ANNOTATION = re.compile(r"^\s*//@\s*(\w+)\s+(\S+)(?:\s+reg=(\w+)(\s+zero)?)?\s*$")


@dataclass(frozen=True, slots=True)
class Annotation:
    """`//@ kind name [reg=R [zero]]`, bound to the instruction behind `label`; a fixup's name is a label of the same file."""

    kind: str
    name: str
    register: str | None
    zero: bool  # it happens only if the register is 0
    label: str
    line: int


@dataclass(slots=True)
class Source:
    """A prepared file: `lines` are (line number, statement or label) for the assembler."""

    path: Path
    name: str
    state: str = "kernel"
    lines: list[tuple[int, str]] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)  # global ones: the routine's name, then entries inside it
    several: bool = False  # each label begins a routine of its own

    @property
    def word(self) -> str:
        """The file's name as a part of labels; that of a user's own file may have anything in it."""
        return re.sub(r"\W", "_", self.name)


def prepare(path: Path, inlines: Mapping[str, Inline] | None = None, *, labels: Sequence[str] = ()) -> Source:
    """Read one routine's file, put inline routines where they are named; a broken rule is a `UserError` with file and line.

    The first label is the file's name, unless the file is one of routines with names of their own: then it has all `labels`.
    """
    source = Source(path, path.stem, several=bool(labels))
    text = read_bounded(path, TEXT_BYTES_MAX, "routine")
    for number, raw in enumerate(text.splitlines(), 1):
        _expand(source, number, raw, inlines or {}, ())
    if missing := [label for label in labels if label not in source.labels]:
        raise UserError(f"{path}: it must have the label {missing[0]}:, and has {', '.join(source.labels) or 'no labels'}")
    if not labels and source.labels[:1] != [source.name]:
        first = source.labels[0] if source.labels else "none"
        raise UserError(f"{path}: the first label must be the file's name, {source.name}, not {first}")
    if source.lines[-1][1].startswith(".Lmark__"):
        raise UserError(f"{path}:{source.lines[-1][0]}: no instruction follows this annotation")
    return source


def _expand(source: Source, number: int, raw: str, inlines: Mapping[str, Inline], inside: tuple[str, ...]) -> None:
    """Add a line, or those of the inline routine that it names, which may name others."""
    if len(raw) > LINE_MAX:
        raise UserError(f"{source.path}:{number}: a line must have at most {LINE_MAX} characters, not {len(raw)}")
    word = raw.split(maxsplit=1)[0] if raw.strip() else ""
    if word not in inlines:
        _line(source, number, raw)
        return
    where = f"{source.path}:{number}"
    if word in inside:
        raise UserError(f"{where}: inline routines name each other in a circle: {', '.join((*inside, word))}")
    rest = raw.split("//", 1)[0].strip().removeprefix(word)
    for line in inlines[word].expand(rest, where, len(source.lines)):
        _expand(source, number, line, inlines, (*inside, word))


def _line(source: Source, number: int, raw: str) -> None:
    if raw.lstrip().startswith("//@"):
        _annotate(source, number, raw)
        return
    for statement in raw.split("//", 1)[0].split(";"):
        _add(source, number, statement.strip())


def _annotate(source: Source, number: int, raw: str) -> None:
    where = f"{source.path}:{number}"
    match = _ANNOTATION.match(raw)
    if match is None:
        raise UserError(f"{where}: an annotation is `//@ event|point|load|fixup|state NAME [reg=R [zero]]`, not {raw.strip()!r}")
    kind, name, register, zero = match.groups()
    if register is not None and (kind != "event" or register not in REGISTERS):
        raise UserError(f"{where}: reg= belongs to an event and names a register of 32 or 64 bits, not {register!r} on {kind}")
    if kind == "state":
        if name not in STATES:
            raise UserError(f"{where}: state must be one of {', '.join(STATES)}, not {name!r}")
        source.state = name
        return
    if kind not in ("event", "point", "load", "fixup"):
        raise UserError(f"{where}: an annotation must be event, point, load, fixup or state, not {kind!r}")
    if kind == "fixup":
        if not name.startswith(".L"):
            raise UserError(f"{where}: a fixup names a label .L... of this file, not {name!r}")
        name = _local(name, source)
    label = f".Lmark__{source.word}__{len(source.annotations)}"
    source.annotations.append(Annotation(kind, name, register, zero is not None, label, number))
    source.lines.append((number, f"{label}:"))


def _add(source: Source, number: int, text: str) -> None:
    """Append a label, a statement or both; nothing for an empty line."""
    where = f"{source.path}:{number}"
    if label := _LABEL.match(text):
        name, text = label.group(1), label.group(2).strip()
        if name[0].isdigit():
            raise UserError(f"{where}: label {name} must be a word (.L{name} for a local one): Keystone knows no numeric labels")
        if not name.startswith(".L"):
            source.labels.append(name)
        source.lines.append((number, _local(f"{name}:", source)))
    if text:
        source.lines.append((number, _local(_statement(text, where), source)))


def _local(text: str, source: Source) -> str:
    return _LOCAL.sub(lambda match: f"L__{source.word}__{match.group(1)}", text)  # a dot in an address is refused


def _statement(text: str, where: str) -> str:
    word = text.split()[0]
    if word.startswith(".") and word not in DIRECTIVES:
        raise UserError(f"{where}: {word} has no place in a routine; data belong into firmware/globals/*.toml")
    if "#" in text or "/*" in text:
        raise UserError(f"{where}: a comment begins with //")
    if number := _NUMBER.search(_SCALE.sub("", text)):
        hint = f" as {int(number.group()):#x}" if number.group().isdigit() else ""
        raise UserError(f"{where}: write {number.group()} in hex{hint}: Keystone misreads decimal literals")
    return MEMORY.sub(lambda match: _memory(match.group(1)), text)


def _memory(inside: str) -> str:
    if any(word in REGISTERS or word.startswith("\\") for word in _WORD.findall(inside)):
        return f"[{inside}]"
    return f"[riz*0x1 + {inside.strip()}]"
