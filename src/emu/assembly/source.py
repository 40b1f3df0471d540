"""One assembly file as text that Keystone takes: annotations taken out, labels made unique, its traps avoided.

Keystone 0.9.2 reads decimal literals wrongly, knows no numeric labels, and encodes `gs:[X]` and `[NAME]` relative to RIP
or RSP unless an index register is written: `riz`, the index that is none, makes it an absolute 32-bit displacement.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from emu.errors import UserError

STATES = ("user", "kernel", "scheduler", "interrupt", "idle")
REGISTERS = frozenset(
    [f"{width}{name}" for width in "re" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")]
    + [f"r{number}{width}" for number in range(8, 16) for width in ("", "d")]
    + ["rip", "riz"]
)
_LOCAL = re.compile(r"\.L(\w+)")
_MEMORY = re.compile(r"\[([^\]]*)\]")
_DECIMAL = re.compile(r"(?<![\w.])(?!(?<=\*)[1248]\b)(?!(?<=\* )[1248]\b)(\d+)(?![\w.])")
_BARE = re.compile(r"[+-]\s*0x[0-9a-fA-F]+")
_WORD = re.compile(r"[A-Za-z_.]\w*")
_LABEL = re.compile(r"^\s*([A-Za-z_.][\w.]*):")
_ANNOTATION = re.compile(r"^\s*//@\s*(\w+)\s+(\S+)(?:\s+reg=(\w+))?\s*$")


@dataclass(frozen=True, slots=True)
class Annotation:
    """`//@ kind name [reg=R]`, bound to the instruction behind `label`."""

    kind: str
    name: str
    register: str | None
    label: str
    line: int


@dataclass(slots=True)
class Source:
    """A prepared file: `lines` are (line number, statement) for the assembler."""

    path: Path
    name: str
    state: str = "kernel"
    lines: list[tuple[int, str]] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)  # global ones: the routine's name, then entries inside it


def prepare(path: Path) -> Source:
    """Read one routine's file; a broken rule is a `UserError` with file and line."""
    source = Source(path, path.stem)
    try:
        text = path.read_text()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    labels = source.labels
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.lstrip().startswith("//@"):
            _annotate(source, number, raw)
            continue
        statement = raw.split("//", 1)[0].rstrip()
        if not statement.strip():
            continue
        where = f"{path}:{number}"
        for part in statement.split(";"):
            if part.strip():
                source.lines.append((number, _statement(part, source.name, where)))
        if (label := _LABEL.match(statement)) and not label.group(1).startswith(".L"):
            labels.append(label.group(1))
    if not labels or labels[0] != source.name:
        raise UserError(
            f"{path}: the first label must be the file's name, {source.name}, not {labels[0] if labels else 'none'}"
        )
    return source


def _annotate(source: Source, number: int, raw: str) -> None:
    where = f"{source.path}:{number}"
    match = _ANNOTATION.match(raw)
    if match is None:
        raise UserError(f"{where}: an annotation is `//@ event|point|load|state NAME [reg=R]`, not {raw.strip()!r}")
    kind, name, register = match.groups()
    if kind == "state":
        if name not in STATES:
            raise UserError(f"{where}: state must be one of {', '.join(STATES)}, not {name!r}")
        source.state = name
        return
    if kind not in ("event", "point", "load"):
        raise UserError(f"{where}: an annotation must be event, point, load or state, not {kind!r}")
    label = f".Lmark__{source.name}__{number}"
    source.annotations.append(Annotation(kind, name, register, label, number))
    source.lines.append((number, f"{label}:"))


def _statement(text: str, routine: str, where: str) -> str:
    if decimal := _DECIMAL.search(re.sub(r"\\?\"[^\"]*\"", "", text)):
        raise UserError(
            f"{where}: write {decimal.group(1)} as {int(decimal.group(1)):#x}: Keystone misreads decimal literals"
        )
    text = _MEMORY.sub(lambda match: _memory(match.group(1), where), text)
    return _LOCAL.sub(lambda match: f"L__{routine}__{match.group(1)}", text)  # a dot in an address is refused


def _memory(inside: str, where: str) -> str:
    words = _WORD.findall(inside)
    bases = [word for word in words if word in REGISTERS]
    scaled = set(re.findall(r"(\w+)\s*\*", inside))
    if not bases:
        return f"[riz*0x1 + {inside.strip()}]"
    if (
        "rsp" not in bases
        and "rip" not in bases
        and _BARE.search(inside)
        and not any(w not in REGISTERS for w in words)
    ):
        raise UserError(f"{where}: [{inside}] has a bare displacement: use a name from the struct table")
    if set(bases) == scaled:  # an index without a base: Keystone needs nothing more
        return f"[{inside}]"
    return f"[{inside}]"
