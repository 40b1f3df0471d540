"""Schedules as text: what is encoded is decoded, and every damage is said in a sentence."""

import base64
import hashlib
import zlib

import pytest

from emu.errors import UserError
from emu.explore.replay_string import CHECK_BYTES, CONTENT_MAX, decode, encode, tokens_of

HEADER = {"program": "d1", "args": ["-n", 3, None], "options": {"seed": 7}}
TOKENS = [(0, 1), (63, 127), (1, 128), (2, 2**40)]
TEXT = encode("kernel", HEADER, TOKENS)


def forged(packed: bytes, kind: str = "kernel", version: str = "emu1") -> str:
    check = hashlib.sha256(f"{version}:{kind}:".encode() + packed).digest()[:CHECK_BYTES]
    return f"{version}:{kind}:{base64.urlsafe_b64encode(check + packed).decode().rstrip('=')}"


@pytest.mark.parametrize(("header", "tokens"), [(HEADER, TOKENS), ({}, []), ({"é": "ü"}, [(0, 0)])])
def test_what_is_encoded_is_decoded(header: dict[str, object], tokens: list[tuple[int, int]]) -> None:
    replay = decode(encode("guest", header, tokens))  # type: ignore[arg-type]
    assert (replay.kind, replay.header, list(replay.tokens)) == ("guest", header, tokens)


def test_a_text_is_one_word_of_a_line_and_says_what_it_is_of() -> None:
    assert TEXT.startswith("emu1:kernel:")
    assert not set(TEXT) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:")
    assert encode("kernel", dict(reversed(HEADER.items())), TOKENS) == TEXT
    assert decode(f"  {TEXT}\n") == decode(TEXT)


def test_a_thousand_switches_take_a_few_thousand_letters() -> None:
    assert len(encode("kernel", HEADER, [(each % 4, each % 100) for each in range(1000)])) < 3000


def test_every_changed_letter_and_every_cut_is_said() -> None:
    begin = len("emu1:kernel:")
    for at in range(begin, len(TEXT)):
        for text in (TEXT[:at], TEXT[:at] + ("A" if TEXT[at] != "A" else "B") + TEXT[at + 1 :], TEXT[:at] + "ä" + TEXT[at:]):
            with pytest.raises(UserError, match="cut off or damaged"):
                decode(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a replay string"),
        ("12345", "not a replay string"),
        ("emu1:", "not a replay string"),
        ("emu1:kernel", "not a replay string"),
        ("emux:kernel:AAAA", "not a replay string"),
        (TEXT.replace("emu1", "emu2"), "of version 2, and this emu reads version 1"),
        (TEXT.replace("kernel", "guest"), "cut off or damaged"),
        (forged(b"no zlib"), "cut off or damaged"),
        (forged(zlib.compress(b"")), "cut off or damaged"),
        (forged(zlib.compress(b"\x02[]")), "cut off or damaged"),
        (forged(zlib.compress(b"\x02{}\x01")), "cut off or damaged"),
        (forged(zlib.compress(b"\x02{}\x80")), "cut off or damaged"),
        (forged(zlib.compress(b"\x02{}" + b"\xff" * 40)), "cut off or damaged"),
        (forged(zlib.compress(b"\x02{}" + bytes(2 * CONTENT_MAX))), "cut off or damaged"),
    ],
)
def test_damage_is_a_users_mistake_and_said(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        decode(text)


def test_choices_of_one_agent_in_a_row_are_one_token() -> None:
    assert tokens_of([0, 0, 2, 2, 2, 0]) == [(0, 2), (2, 3), (0, 1)]
    assert tokens_of([]) == []
