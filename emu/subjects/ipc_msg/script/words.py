"""The words of a script: which may follow which operation, how each is read and written, which fields an outcome has."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields

from emu.subjects.ipc_msg.script import script as s

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
ID_INDICES = 256  # the guest's ids have one layer
NAMED_COMMANDS = (0, 1, 2, 3, 11, 12)  # of msgctl: IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, MSG_STAT, MSG_INFO
_DIGITS_MAX = 40  # of a number that is read at all: it is too large for anything long before
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)")


class OutOfRange(ValueError):
    """Occurs when a number is a number, and larger or smaller than it may be."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may follow an operation: `name=value`, or the bare name of a flag."""

    name: str
    attribute: str
    read: Callable[[str], object]
    write: Callable[[object], str]
    wanted: str


def whole(text: str, low: int, high: int) -> int:
    """A number, decimal or 0x…; raises `OutOfRange` with what is wrong, or `ValueError` for what is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(text)
    minus, digits = match.groups()
    value = int(minus + digits[:_DIGITS_MAX], 0)
    if not low <= value <= high or len(digits) > _DIGITS_MAX:
        raise OutOfRange("too small" if value < low else "too large")
    return value


def _octal(text: str, high: int) -> int:
    if not re.fullmatch(r"[0-7]+", text):
        raise ValueError(text)
    if len(text) > _DIGITS_MAX or int(text, 8) > high:
        raise OutOfRange("too large")
    return int(text, 8)


def named(letter: str, text: str, highest: int) -> int:
    """Read the number of `t3` or `q1`, 1 to `highest`, or raise `ValueError`."""
    match = re.fullmatch(rf"{letter}([1-9][0-9]*)", text)
    if not match or len(match[1]) > _DIGITS_MAX or int(match[1]) > highest:
        raise ValueError(text)
    return int(match[1])


def _number(name: str, low: int, high: int, *, attribute: str = "") -> Word:
    return Word(name, attribute or name, lambda text: whole(text, low, high), str, f"a number, {low} to {high}")


def _flag(name: str, attribute: str = "") -> Word:
    return Word(name, attribute or name, lambda _: True, lambda _: "", "no value")


def _choice(name: str, *choices: str) -> Word:
    return Word(name, name, lambda text: choices[choices.index(text)], str, " or ".join(choices))


def _bytes(text: str) -> bytes:
    if not text.startswith("0x") or not text.isascii() or len(text) > 2 + 2 * s.MESSAGE_MAX:
        raise ValueError(text)
    return bytes.fromhex(text[2:])


def _key(text: str) -> int:
    return 0 if text == "private" else whole(text, 1, 2**15)


def _command(text: str) -> int:
    value = whole(text, INT_MIN, INT_MAX)
    if value in NAMED_COMMANDS:
        raise ValueError(text)
    return value


def _id(text: str) -> int:
    value = whole(text, 0, INT_MAX)
    if value % s.INDICES >= ID_INDICES:
        raise ValueError(text)
    return value


_QUEUE = Word(
    "queue",
    "queue",
    lambda text: s.NO_QUEUE if text == "none" else named("q", text, s.QUEUES_MAX),
    lambda value: f"q{value}" if value else "none",
    f"q1 to q{s.QUEUES_MAX}, or none",
)
_TEXT = Word("text", "text", _bytes, lambda value: f"0x{value.hex()}", f"0x and two hex digits a byte, up to {s.MESSAGE_MAX} bytes")  # type: ignore[attr-defined]
_KEY = Word("key", "key", _key, lambda value: str(value or "private"), f"private, or a number 1 to {2**15}")
_MODE = Word("mode", "mode", lambda text: _octal(text, 0o777), lambda value: f"0{value:o}", "an octal number, 0 to 0777")
_TYPE = _number("type", LONG_MIN, LONG_MAX)
_SIZE = _number("size", LONG_MIN, LONG_MAX)
_UID, _GID = (_number(name, -1, s.USER_MAX) for name in ("uid", "gid"))
_NOWAIT = _flag("nowait")
_BAD = _choice("bad", "pointer", "text")
_BAD_BUFFER = _flag("bad")
_COMMAND = Word("command", "command", _command, str, f"a number that is no command with a word of its own, {INT_MIN} to {INT_MAX}")
_ID = Word("id", "id", _id, str, f"a number 0 to {INT_MAX} with an index (id % {s.INDICES}) below {ID_INDICES}")

OPERATIONS: dict[str, tuple[type[s.Operation], tuple[Word, ...]]] = {
    "msgget": (s.Msgget, (_KEY, _flag("create"), _flag("excl"), _MODE)),
    "send": (s.Send, (_TYPE, _SIZE, _number("fill", 0, 255), _TEXT, _NOWAIT, _BAD, _QUEUE)),
    "recv": (s.Recv, (_TYPE, _SIZE, _NOWAIT, _flag("noerror"), _flag("except", "other"), _flag("copy"), _BAD, _QUEUE)),
    "stat": (s.Stat, (_BAD_BUFFER, _QUEUE)),
    "msg_stat": (s.MsgStat, (_number("index", 0, INT_MAX), _BAD_BUFFER, _QUEUE)),
    "set": (s.Set, (_number("qbytes", 0, 2**32 - 1), _MODE, _UID, _GID, _BAD_BUFFER, _QUEUE)),
    "rmid": (s.Rmid, (_QUEUE,)),
    "ipc_info": (s.IpcInfo, (_BAD_BUFFER,)),
    "msg_info": (s.MsgInfo, (_BAD_BUFFER,)),
    "msgctl": (s.Msgctl, (_COMMAND, _QUEUE)),
    "next_id": (s.NextId, (_ID,)),
    "sleep": (s.Sleep, ()),
    "signal": (s.Signal, (_flag("ignored"),)),
    "kill": (s.Kill, ()),
    "exit": (s.Exit, ()),
}
WITH_TARGET = ("signal", "kill")
NEEDED = {"msgctl": "command", "next_id": "id"}  # words that have no value if they are left out
_ALWAYS_WRITTEN = ("type", "qbytes", "command", "id")
_VERBS = {kind: verb for verb, (kind, _) in OPERATIONS.items()}


def _task(text: str) -> str:
    return text if text == "none" else s.task_name(named("t", text, s.TASKS_MAX))


def _time(text: str) -> str:
    if text != "never" and not re.fullmatch(r"\+(0|[1-9][0-9]{0,5})s", text):
        raise ValueError(text)
    return text


Field = tuple[Callable[[str], str], str]
_WHOLE: Field = (lambda text: str(whole(text, LONG_MIN, 2**64 - 1)), "a number")
_TASK: Field = (_task, "a task, or none")
_TIME: Field = (_time, "+Ns, N the seconds slept before, or never")

FIELDS: dict[str, Field] = {
    "type": _WHOLE,
    "text": (lambda text: f"0x{_bytes(text).hex()}", _TEXT.wanted),
    "crc": (lambda text: f"0x{_crc(text):08x}", "a hexadecimal number of 32 bits"),
    "qnum": _WHOLE,
    "cbytes": _WHOLE,
    "qbytes": _WHOLE,
    "mode": (lambda text: f"0{_octal(text, 0o777777):o}", "an octal number"),
    "lspid": _TASK,
    "lrpid": _TASK,
    "stime": _TIME,
    "rtime": _TIME,
    "ctime": _TIME,
    "uid": _WHOLE,
    "gid": _WHOLE,
    "cuid": _WHOLE,
    "cgid": _WHOLE,
    "id": _WHOLE,
    **dict.fromkeys(s.INFO_FIELDS, _WHOLE),
}


def _crc(text: str) -> int:
    digits = text.removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{1,8}", digits):
        raise ValueError(text)
    return int(digits, 16)


def operation_text(operation: s.Operation) -> str:
    """One operation, only with what differs from its defaults."""
    verb = _VERBS[type(operation)]
    parts = [verb]
    if isinstance(operation, s.Signal | s.Kill):
        parts.append(s.task_name(operation.target))
    defaults = {f.name: f.default for f in fields(operation)}
    for word in OPERATIONS[verb][1]:
        value = getattr(operation, word.attribute)
        if value != defaults[word.attribute] or word.name in _ALWAYS_WRITTEN:
            written = word.write(value)
            parts.append(f"{word.name}={written}" if written else word.name)
    return " ".join(parts)


def call_text(step: s.Step) -> str:
    """Who makes which operation, and while what."""
    moment = f" while t{step.during.task} at {step.during.point}" if step.during else ""
    return f"t{step.task}: {operation_text(step.operation)}{moment}"


def outcome_text(outcome: s.Outcome) -> str:
    """An outcome with its fields."""
    return " ".join([outcome.word, *(f"{name}={value}" for name, value in outcome.fields)])


def return_text(outcome: s.Outcome) -> str:
    """What stands behind the task's name when it comes back later."""
    return "dies" if outcome == s.DIES else f"returns {outcome_text(outcome)}"
