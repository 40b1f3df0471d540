"""Words and signs of an initial state or a condition, each with its place in the file."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NoReturn

from emu.errors import UserError

DIGITS_MAX = 40
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>-?0[xX][0-9a-fA-F]+|-?[0-9]+)
    | (?P<thread>P[0-9]+(?![\w./$-]))
    | (?P<name>[A-Za-z_.$](?:[A-Za-z0-9_.$-]|/(?!\\))*)
    | (?P<sign>/\\|\\/|=>|==|!=|<>|[=~()\[\]{};:,*&%])
    """,
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, thread, name, sign or end."""

    kind: str
    text: str
    offset: int


class File:
    """A test's path and text: they turn an offset into a place for people."""

    def __init__(self, path: str, text: str) -> None:
        """`text` is the whole file."""
        self.path, self.text = path, text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, offset: int) -> int:
        """Number of the line that holds an offset."""
        return bisect_right(self._starts, offset)

    def refuse(self, offset: int, message: str) -> NoReturn:
        """Raise a `UserError` with file and line."""
        raise UserError(f"{self.path}:{self.line(offset)}: {message}")


class Tokens:
    """The tokens between two offsets, read from left to right."""

    def __init__(self, file: File, start: int, end: int) -> None:
        """Cut the text into tokens; a sign of no meaning is a `UserError`."""
        self.file, self.end = file, end
        self._all: list[Token] = []
        at = start
        while at < end:
            match = _TOKEN.match(file.text, at, end)
            if match is None:
                file.refuse(at, f"{file.text[at]!r} has no meaning here")
            kind = match.lastgroup or ""
            if kind != "space":
                self._all.append(Token(kind, match.group(), at))
            at = match.end()
        self._all.append(Token("end", "", max(start, end - 1)))
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that comes next; it stays."""
        return self._all[self._at]

    def after(self, distance: int = 1) -> Token:
        """The token behind the next one, or one further behind."""
        return self._all[min(self._at + distance, len(self._all) - 1)]

    def take(self) -> Token:
        """Take the next token."""
        token = self.next
        self._at = min(self._at + 1, len(self._all) - 1)
        return token

    def accept(self, *texts: str) -> bool:
        """Take the next token if it is one of these signs or words."""
        if self.next.kind in ("sign", "name") and self.next.text in texts:
            self.take()
            return True
        return False

    def expect(self, text: str, where: str) -> None:
        """Take this sign, or refuse the text."""
        if not self.accept(text):
            self.fail(f"{text!r} {where}")

    def name(self, what: str) -> Token:
        """Take a name, or refuse the text."""
        if self.next.kind != "name":
            self.fail(what)
        return self.take()

    def number(self, what: str) -> int:
        """Take a number, or refuse the text."""
        if self.next.kind != "number":
            self.fail(what)
        text = self.next.text
        if len(text) > DIGITS_MAX:
            self.refuse(f"a number has at most {DIGITS_MAX} digits, this one {len(text)}")
        self.take()
        return int(text, 16 if "x" in text.lower() else 10)

    def fail(self, wanted: str) -> NoReturn:
        """Say what was wanted in place of the next token."""
        got = repr(self.next.text) if self.next.kind != "end" else "the end"
        self.refuse(f"wanted {wanted}, got {got}")

    def refuse(self, message: str) -> NoReturn:
        """Raise a `UserError` at the next token."""
        self.file.refuse(self.next.offset, message)
