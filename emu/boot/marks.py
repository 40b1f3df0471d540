"""Marks: the moments of a run that `--until` and `--at` name, and what a guest tells emu: gem5's m5ops.

An m5op is the two bytes 0f 04 and a 16-bit function number; its arguments are in RDI and RSI (gem5,
include/gem5/asm/generic/m5ops.h).
No processor carries the bytes out: they raise #UD, and emu looks at them before the kernel does.

How the machine ends, so that emu ends with the status of the program: our init waits for the program and carries out
`m5_fail`, RDI = 0 and RSI = the exit status (128 + the signal's number for one that a signal ended). A program that is
/init itself has no parent: its status is in the kernel's panic, "exitcode=0x00000700".
"""

from dataclasses import dataclass
from enum import Enum

from emu.errors import UserError
from emu.whole import whole

M5OP, M5OP_BYTES = b"\x0f\x04", 4
M5_EXIT, M5_FAIL = 0x21, 0x22
M5_RESET_STATISTICS, M5_DUMP_STATISTICS, M5_DUMP_RESET_STATISTICS = 0x40, 0x41, 0x42
M5_CHECKPOINT = 0x43
M5_WORK_BEGIN, M5_WORK_END = 0x5A, 0x5B


class Kind(Enum):
    """What a mark waits for."""

    USER = "user"  # the first instruction in ring 3
    TEXT = "text"  # on the console
    SYMBOL = "symbol"  # the N-th execution of a function
    INSTRUCTIONS = "instructions"  # as many retired by all cores
    M5OP = "m5op"  # the program says it: gem5's instruction


M5OPS = {"work_begin": M5_WORK_BEGIN, "work_end": M5_WORK_END, "checkpoint": M5_CHECKPOINT, "exit": M5_EXIT}
FORMS = f"user, text:STRING, symbol:NAME[:N], instructions:N or one of {', '.join(M5OPS)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """One of them: `text` is the string or the symbol's name, `number` the count or the m5op's function."""

    kind: Kind
    text: str = ""
    number: int = 1

    def __str__(self) -> str:
        """As it is typed."""
        match self.kind:
            case Kind.USER:
                return "user"
            case Kind.TEXT:
                return f"text:{self.text}"
            case Kind.SYMBOL:
                return f"symbol:{self.text}:{self.number}"
            case Kind.INSTRUCTIONS:
                return f"instructions:{self.number}"
            case Kind.M5OP:
                return self.text


def parse_mark(option: str, typed: str) -> Mark:
    """A mark as it was typed behind an option."""
    word, colon, rest = typed.partition(":")
    if typed == "user":
        return Mark(Kind.USER)
    if typed in M5OPS:
        return Mark(Kind.M5OP, typed, M5OPS[typed])
    if word == "text" and rest:
        return Mark(Kind.TEXT, rest)
    if word == "instructions" and colon:
        return Mark(Kind.INSTRUCTIONS, number=_positive(option, rest))
    if word == "symbol" and rest:
        name, _, number = rest.partition(":")
        return Mark(Kind.SYMBOL, name, _positive(option, number) if number else 1)
    raise UserError(f"{option} must be {FORMS}, not {typed!r}")


def _positive(option: str, text: str) -> int:
    number = whole(option, text)
    if number < 1:
        raise UserError(f"{option}: a count must be at least 1, not {number}")
    return number
