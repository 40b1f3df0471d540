"""The parts of a litmus file: header, initial state, columns of code, condition."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emu.litmus.lexer import File
from emu.litmus.mnemonics import PREFIXES

ARCHITECTURES = ("X86", "X86_64")
_HEADER = re.compile(r"[\s\ufeff]*(?P<architecture>\w+)[ \t\r]+(?P<name>[^\s;\"({]+)")
_INFORMATION = re.compile(r"[A-Za-z][\w/.-]*[ \t\r]*=[^\n]*", re.ASCII)
_COMMENT = re.compile(r"\(\*|\*\)")
_BRACE = re.compile(r"[{}]")
_LINE_COMMENT = re.compile(r"(?:#|(?<!\\)//(?!\\)).*")
_FINAL = re.compile(
    r"(?<![\w/.$-])(?:(?:~\s*|not\s+)exists|exists|forall|final|observed|Observed|locations|filter)(?![\w/.$-])", re.ASCII
)
_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$/-]*)\s*:", re.ASCII)
_THREAD = re.compile(r"\s*P([0-9]{1,3})\s*:?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """A label or an instruction, as written."""

    offset: int
    text: str
    is_label: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A file in parts: where the initial state and the condition begin and end, and the pieces of each thread.

    Comments are blanks in `file`.
    """

    file: File
    architecture: str
    name: str
    initial: tuple[int, int]
    columns: tuple[tuple[Piece, ...], ...]
    final: tuple[int, int]


def read_layout(file: File) -> Layout:
    """Find the parts; a `UserError` names the one that is missing."""
    match = _HEADER.match(file.text)
    if match is None or match.group("architecture") not in ARCHITECTURES:
        first = next((line.strip() for line in file.text.splitlines() if line.strip()), "")
        file.refuse(0, f"a litmus test begins with X86 or X86_64 and its name, got {first[:60]!r}")
    opening = _initial_state(file, match.end())
    file = File(file.path, file.text[:opening] + _blank_comments(file, opening))
    closing = _balanced(file, opening, _BRACE, "{", "the initial state has no end: a closing brace is missing") - 1
    code = _LINE_COMMENT.sub(lambda match: " " * len(match.group()), file.text[closing:])
    file = File(file.path, file.text[:closing] + code)
    end = file.text.find("<<", closing)  # what follows is for old tools
    end = end if end >= 0 else len(file.text)
    final = _FINAL.search(file.text, closing, end)
    code_end = final.start() if final else end
    return Layout(
        file=file,
        architecture=match.group("architecture"),
        name=match.group("name").removesuffix(".litmus"),
        initial=(opening + 1, closing),
        columns=_columns(file, closing + 1, code_end),
        final=(code_end, end),
    )


def _initial_state(file: File, start: int) -> int:
    """Where the initial state opens, behind documentation, comments and `Key=Value` lines."""
    text, at = file.text, start
    while at < len(text) and text[at] != "{":
        if text.startswith("(*", at):
            at = _comment_end(file, at)
        elif text[at] == '"':
            at = max(text.find('"', at + 1), at) + 1
        elif text[at - 1] == "\n" and (match := _INFORMATION.match(text, at)):
            at = match.end()
        else:
            at += 1
    if at == len(text):
        file.refuse(start, "the test has no initial state: it stands in braces, { } if everything is 0")
    return at


def _comment_end(file: File, start: int) -> int:
    """The end of a comment; there can be comments in it."""
    return _balanced(file, start, _COMMENT, "(*", "this comment has no end: it ends with *)")


def _balanced(file: File, start: int, signs: re.Pattern[str], opening: str, message: str) -> int:
    """Behind the sign that closes what opens at `start`."""
    depth = 0
    for match in signs.finditer(file.text, start):
        depth += 1 if match.group() == opening else -1
        if depth == 0:
            return match.end()
    return file.refuse(start, message)


def _blank_comments(file: File, start: int) -> str:
    """The text from `start` with blanks for comments."""
    parts, at = [], start
    while (opening := file.text.find("(*", at)) >= 0:
        end = _comment_end(file, opening)
        parts += [file.text[at:opening], re.sub(r"[^\n]", " ", file.text[opening:end])]
        at = end
    return "".join((*parts, file.text[at:]))


def _columns(file: File, start: int, end: int) -> tuple[tuple[Piece, ...], ...]:
    """The code of each thread; what a file that was cut off has lost is missed."""
    *rows, rest = _rows(file, start, end)
    if len(rest) > 1 or rest[0][1].strip():
        file.refuse(_begin(rest), "this row has no end: a row of cells ends with ;")
    rows = [row for row in rows if len(row) > 1 or row[0][1].strip()]
    if not rows:
        file.refuse(start, "the test has no code: it begins with a row of threads, P0 | P1 ;")
    _check_threads(file, rows[0])
    columns: list[list[Piece]] = [[] for _ in rows[0]]
    for row in rows[1:]:
        if len(row) < len(columns):
            file.refuse(
                _begin(row),
                f"this row has {len(row)} of {len(columns)} cells: | parts them, and a thread with nothing to do has a blank one",
            )
        for number, (offset, text) in enumerate(row):
            pieces = list(_pieces(offset, text))
            if pieces and number >= len(columns):
                file.refuse(
                    pieces[0].offset, f"{text.strip()!r} stands in column {number + 1}, but there are {len(columns)} threads"
                )
            if pieces:
                columns[number] += pieces
    if not any(columns):
        file.refuse(
            _begin(rows[0]),
            "no thread has an instruction: below the row of threads stand rows of cells, MOV [x],$1 | MOV EAX,[x] ;",
        )
    return tuple(map(tuple, columns))


def _begin(row: list[tuple[int, str]]) -> int:
    """Where the text of a row begins."""
    offset, text = next((cell for cell in row if cell[1].strip()), row[0])
    return offset + len(text) - len(text.lstrip())


def _rows(file: File, start: int, end: int) -> Iterator[list[tuple[int, str]]]:
    """Rows of cells, each with its offset; a `;` behind a prefix, as in `lock; incl (x)`, ends none."""
    row: list[tuple[int, str]] = []
    at = start
    for match in re.compile(r"[|;]").finditer(file.text, start, end):
        text = file.text[at : match.start()]
        if match.group() == ";" and _LABEL.sub("", text).strip().lower() in PREFIXES:
            continue
        row.append((at, text))
        at = match.end()
        if match.group() == ";":
            yield row
            row = []
    yield [*row, (at, file.text[at:end])]


def _check_threads(file: File, row: list[tuple[int, str]]) -> None:
    numbers = []
    for offset, text in row:
        match = _THREAD.fullmatch(text)
        if match is None:
            file.refuse(
                offset + len(text) - len(text.lstrip()), f"wanted a row of threads, P0 | P1 ;, got {' '.join(text.split())!r}"
            )
        numbers.append(int(match.group(1)))
    if numbers != list(range(len(numbers))):
        got = ", ".join(f"P{number}" for number in numbers)
        file.refuse(row[0][0] + len(row[0][1]), f"threads must be P0, P1 and so on from left to right, got {got}")


def _pieces(offset: int, text: str) -> Iterator[Piece]:
    """The labels of a cell, then its instruction."""
    at = 0
    while match := _LABEL.match(text, at):
        yield Piece(offset + match.start(1), match.group(1), is_label=True)
        at = match.end()
    if rest := text[at:].strip():
        begin = offset + len(text) - len(text[at:].lstrip())
        yield Piece(begin, " ".join(rest.split()), is_label=False)
