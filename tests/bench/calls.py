"""Calls for runners, as small as calls can be; here by name, so that any process finds them."""

import os
from pathlib import Path

from emu.errors import CheckFailed
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop


class TwoWords(CheckFailed):
    """An error that is not made of its message alone."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def answer(call: str, should_stop: ShouldStop) -> str:
    """The call in capitals; `raise` and `fail` do so, `end` ends its process, `end once FILE` only if there is no such file."""
    word, *more = call.split()
    if word == "raise":
        raise ZeroDivisionError("by nought")
    if word == "fail":
        raise TwoWords("a", "failure")
    if word == "end":
        path = Path(more[1]) if more else None
        if path is None or not path.exists():
            if path is not None:
                path.touch()
            os._exit(3)
    if word == "process":
        return str(os.getpid())
    return call.upper()


def name(call: str) -> str:
    return f"the call {call.split()[0]}"


ANSWER = Kind("answer", answer, name)


def asks_where(call: str) -> list[str]:
    return [call, str(Path.cwd())]


HERE = Kind("here", answer, name, asks_where)
KEPT = Kind(
    "answer", answer, name, str, Keeping(lambda value: {"said": value, "took": 1}, lambda plain: plain["said"], frozenset({"took"}))
)
