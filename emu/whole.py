"""Whole numbers as people type them: what is none, too large for a figure or out of range is refused by name in a line."""

import re

from emu.errors import UserError

DIGITS_MAX = 20  # of the largest number of 64 bits
SHOWN_MAX = 40  # characters of what was typed
_FORM = re.compile(r"-?(?:0[xX](?P<hex>[0-9a-fA-F]+)|(?P<decimal>[0-9]+))")


def whole(what: str, text: str, *, hexadecimal: bool = False) -> int:
    """The number in a text, which may also be 0x…, or a `UserError`; ranges are checked where they are known."""
    text = text.strip()
    match = _FORM.fullmatch(text)
    if match is None or (match["hex"] and not hexadecimal):
        raise UserError(f"{what} must be a whole number, not {text[:SHOWN_MAX]!r}")
    digits = (match["hex"] or match["decimal"]).lstrip("0")
    if len(digits) > DIGITS_MAX:
        raise UserError(f"{what} is too large: a number of {len(digits)} digits")
    return int(text, 16 if match["hex"] else 10)


def within(what: str, value: int, least: int, most: int) -> int:
    """The number, or a `UserError` if it is out of range."""
    if not least <= value <= most:
        raise UserError(f"{what} must be {least} to {_bound(most)}, not {value:,}")
    return value


def _bound(most: int) -> str:
    bits = most.bit_length()
    return f"2**{bits} - 1" if bits > 32 and most == 2**bits - 1 else f"{most:,}"
