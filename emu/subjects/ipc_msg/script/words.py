"""The words of a script: which may follow which operation, how each is read and written, which fields an outcome has."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields

from emu.subjects.ipc_msg.script import script as s

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may follow an operation: `name=value`, or the bare name of a flag."""

    name: str
    attribute: str
    read: Callable[[str], object]
    write: Callable[[object], str]
    wanted: str


def _number(name: str, low: int, high: int, *, octal: bool = False) -> Word:
    def read(text: str) -> int:
        value = int(text, 8) if octal else int(text, 0)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    spell: Callable[[object], str] = (lambda value: f"0{value:o}") if octal else str
    return Word(name, name, read, spell, f"an octal number, 0 to 0{high:o}" if octal else f"a number, {low} to {high}")


def _flag(name: str, attribute: str = "") -> Word:
    return Word(name, attribute or name, lambda _: True, lambda _: "", "no value")


def _choice(name: str, *choices: str) -> Word:
    return Word(name, name, lambda text: choices[choices.index(text)], str, " or ".join(choices))


def named(letter: str, text: str, highest: int) -> int:
    """Read the number of `t3`, `q1` or plain `3`, 1 to `highest`, or raise `ValueError`."""
    match = re.fullmatch(rf"{letter}([1-9]\d*)", text)
    if not match or int(match[1]) > highest:
        raise ValueError(text)
    return int(match[1])


def _bytes(text: str) -> bytes:
    if not text.startswith("0x") or not text.isascii() or len(text) > 2 + 2 * s.MESSAGE_MAX:
        raise ValueError(text)
    return bytes.fromhex(text[2:])


def _key(text: str) -> int:
    return 0 if text == "private" else named("", text, 2**15)


_QUEUE = Word(
    "queue",
    "queue",
    lambda text: s.NO_QUEUE if text == "none" else named("q", text, s.QUEUES_MAX),
    lambda value: f"q{value}" if value else "none",
    f"q1 to q{s.QUEUES_MAX}, or none",
)
_TEXT = Word("text", "text", _bytes, lambda value: f"0x{value.hex()}", f"0x and two hex digits a byte, up to {s.MESSAGE_MAX} bytes")  # type: ignore[attr-defined]
_KEY = Word("key", "key", _key, lambda value: str(value or "private"), f"private, or a number 1 to {2**15}")
_MODE = _number("mode", 0, 0o777, octal=True)
_TYPE = _number("type", _LONG_MIN, _LONG_MAX)
_NOWAIT = _flag("nowait")
_BAD = _choice("bad", "pointer", "text")
_BAD_BUFFER = _flag("bad")

OPERATIONS: dict[str, tuple[type[s.Operation], tuple[Word, ...]]] = {
    "msgget": (s.Msgget, (_KEY, _flag("create"), _flag("excl"), _MODE)),
    "send": (s.Send, (_TYPE, _number("size", -1, 2**31 - 1), _number("fill", 0, 255), _TEXT, _NOWAIT, _BAD, _QUEUE)),
    "recv": (
        s.Recv,
        (_TYPE, _number("size", -1, 2**31 - 1), _NOWAIT, _flag("noerror"), _flag("except", "other"), _flag("copy"), _BAD, _QUEUE),
    ),
    "stat": (s.Stat, (_BAD_BUFFER, _QUEUE)),
    "set": (s.Set, (_number("qbytes", 0, 2**32 - 1), _MODE, _BAD_BUFFER, _QUEUE)),
    "rmid": (s.Rmid, (_QUEUE,)),
    "signal": (s.Signal, (_flag("ignored"),)),
    "kill": (s.Kill, ()),
    "exit": (s.Exit, ()),
}
WITH_TARGET = ("signal", "kill")
_VERBS = {kind: verb for verb, (kind, _) in OPERATIONS.items()}


def _task(text: str) -> str:
    return text if text == "none" else s.task_name(named("t", text, s.TASKS_MAX))


FIELDS: dict[str, tuple[Callable[[str], str], str]] = {
    "type": (lambda text: str(int(text, 0)), "a number"),
    "text": (lambda text: f"0x{_bytes(text).hex()}", _TEXT.wanted),
    "crc": (lambda text: f"0x{int(text, 16):08x}", "a hexadecimal number"),
    "qnum": (lambda text: str(int(text, 0)), "a number"),
    "cbytes": (lambda text: str(int(text, 0)), "a number"),
    "qbytes": (lambda text: str(int(text, 0)), "a number"),
    "mode": (lambda text: f"0{int(text, 8):o}", "an octal number"),
    "lspid": (_task, "a task, or none"),
    "lrpid": (_task, "a task, or none"),
}


def operation_text(operation: s.Operation) -> str:
    """One operation, only with what differs from its defaults."""
    verb = _VERBS[type(operation)]
    parts = [verb]
    if isinstance(operation, s.Signal | s.Kill):
        parts.append(s.task_name(operation.target))
    defaults = {f.name: f.default for f in fields(operation)}
    for word in OPERATIONS[verb][1]:
        value = getattr(operation, word.attribute)
        if value != defaults[word.attribute] or word.name in ("type", "qbytes"):
            written = word.write(value)
            parts.append(f"{word.name}={written}" if written else word.name)
    return " ".join(parts)


def outcome_text(outcome: s.Outcome) -> str:
    """An outcome with its fields."""
    return " ".join([outcome.word, *(f"{name}={value}" for name, value in outcome.fields)])


def return_text(outcome: s.Outcome) -> str:
    """What stands behind the task's name when it comes back later."""
    return "dies" if outcome == s.DIES else f"returns {outcome_text(outcome)}"
