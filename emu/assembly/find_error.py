"""Keystone gives no line with an error, so the line is found by assembling less and less."""

import re
from collections.abc import Iterator

from emu.assembly.keystone_engine import CannotEncode, encode
from emu.assembly.source import Source

SYMBOL = re.compile(r"[A-Za-z_.][\w.]*")
BLOCKS = {".macro": ".endm", ".rept": ".endr", ".if": ".endif"}
_LABEL = re.compile(r"^([\w.$]+):$")


def find_error(sources: list[Source], base: int) -> str:
    """File, line and statement that Keystone refuses: first the file is found, then the statement in it."""
    labels = {match.group(1) for each in sources for _, line in each.lines if (match := _LABEL.match(line))}
    for each in sources:
        lines = [line for _, line in each.lines]
        own = {match.group(1) for line in lines if (match := _LABEL.match(line))}
        if _refusal(_with_labels("\n".join(lines), labels - own), base) is None:
            continue
        macros = ""
        for number, statement in _statements(each):
            if statement.startswith(".macro"):
                macros += statement + "\n"
            elif (why := _refusal(macros + _with_labels(statement, labels), base)) is not None:
                return f"{each.path}:{number}: Keystone cannot assemble {statement!r}{why or _hint(statement, labels)}"
    return f"{sources[0].path}: Keystone cannot assemble this file and those that follow, though it can each of their statements"


def _refusal(text: str, base: int) -> str | None:
    """Nothing if Keystone takes the text; else why not, empty if it does not say."""
    try:
        encode(text, base)
    except CannotEncode as error:
        return f": {error.ended}" if error.ended else ""
    return None


def _with_labels(text: str, labels: set[str]) -> str:
    """The text, and behind it every label that it names."""
    return f"{text}\nnop\n" + "".join(f"{name}:\nnop\n" for name in sorted(labels & set(SYMBOL.findall(text))))


def _statements(source: Source) -> Iterator[tuple[int, str]]:
    """Statements without labels; a macro or conditional block as one."""
    block: list[str] = []
    first, until = 0, ""
    for number, line in source.lines:
        if not block and _LABEL.match(line):
            continue
        if not block:
            first, until = number, BLOCKS.get(line.split()[0], "")
        block.append(line)
        if not until or line.split()[0] == until:
            yield first, "\n".join(block)
            block = []
    if block:
        yield first, "\n".join(block)


def _hint(statement: str, labels: set[str]) -> str:
    """The name that nothing defines, if one can be told from an instruction or a register by its looks."""
    for name in SYMBOL.findall(re.sub(r"0x\w+", "", statement)):
        if ("_" in name or name != name.lower()) and name not in labels:
            return f": {name} is not defined"
    return ""
