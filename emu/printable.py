"""Text for a terminal: characters that would move its cursor, change its state or the order of letters are spelt out."""

import re

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")


def printable(text: str) -> str:
    """The text with control characters and marks of direction as JSON spells them: a backslash, u and four digits."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def printable_in_colour(text: str) -> str:
    """The same, but sequences that set a colour stay: only for text whose other parts have been through `printable`."""
    return "".join(part if _COLOUR.fullmatch(part) else printable(part) for part in _COLOUR.split(text))
